#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "file/block_journal.hpp"
#include "file/descriptor.hpp"
#include "file/folder.hpp"
#include "file/incoming.hpp"
#include "file/journal.hpp"
#include "file/out_stream.hpp"

namespace netcopy {

/// What Tree, IncomingFile and CommitBatch know of a file in the making. For file/ only.
struct IncomingFile::State {
    State(std::shared_ptr<Folder> in, std::shared_ptr<DirtyFolders> to_sync, std::string_view name,
          const IncomingPlan& wanted)
        : folder(std::move(in)), dirty(std::move(to_sync)), component(name), plan(wanted) {}
    /// One that goes out and is not stored: it has no folder, and no name to be given.
    State(std::shared_ptr<OutStream> to, std::string_view name)
        : component(name), stream(std::move(to)) {
        stream->begin();
    }
    ~State();
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    bool resumable() const { return plan.size && *plan.size >= resumable_size; }
    bool scattered() const { return !plan.content.empty(); }
    Error failed(std::string_view what, int reason) const;
    Error refused(std::string_view why) const;

    /// Small: opened without a name, if `unnamed` says that the file system has such files, or else
    /// with a temporary one; `unnamed` is then set to false.
    Result<> open_small(bool& unnamed);
    /// Large (incoming_partial.cpp): finds or makes the partial file, locks it, reads the journal.
    Result<> open_partial();
    Result<bool> check_some();
    Result<> start_over();
    /// Reserves the disk space for what is to come, unless the file is sparse.
    Result<> reserve();

    /// Gives the final name. CommitBatch has synced the file. Returns the component.
    Result<std::string> publish();

    void keep() noexcept;
    void discard() noexcept;

    std::shared_ptr<Folder> folder;
    std::shared_ptr<DirtyFolders> dirty;
    std::string component;
    IncomingPlan plan;
    std::shared_ptr<OutStream> stream;  // none: a file
    mutable std::string shown;          // of the component, for people; made when asked for

    Descriptor file;
    std::string temporary;       // within the folder; empty: it has no name
    Journal journal;             // of a large file
    BlockJournal blocks;         // of a large one that is scattered, in its place
    std::uint64_t position = 0;  // where the next byte may be written; before: kept() and written
    bool was_there = false;      // publish() found this very file under its name
    bool checking = false;       // what was kept is to be read back
    std::uint64_t checked = 0;   // so far, of `position`
    std::uint64_t checked_crc = 0;

private:
    Result<bool> lock_partial();
    Result<std::string> publish_numbered();
    void leave_to_the_other();
    int place(const std::string& name) const;
    bool is_there_already(const std::string& name) const;
    Result<> replace(const std::string& name);
};

/// What an attempt at the file `component` has left, unless another is under way.
void remove_partial(int folder, const std::string& component);

}  // namespace netcopy
