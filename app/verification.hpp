#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.hpp"
#include "file/manifest.hpp"

namespace netcopy::app {

/// The files of a manifest, checked by several threads at a time while one reads the list.
class Verification {
public:
    explicit Verification(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// What is wrong with a file.
    struct Outcome {
        std::string_view word;       ///< "FAILED", "missing", "unreadable"
        std::string_view json_word;  ///< "corrupted", ...
        std::uint64_t bytes = 0;     ///< its size
        std::string sha256;          ///< what it has; empty: none
        std::string reason;          ///< of "unreadable"
    };
    struct Counts {
        std::uint64_t files = 0, differ = 0, missing = 0, unreadable = 0;
    };
    using Say = std::function<void(const ManifestEntry&, const Outcome&)>;

    /// Takes some more of the list; waits while enough of it is ahead of the checks. False: that
    /// was all. Errors as of ManifestReader::read_some(). In one thread.
    Result<bool> add_some(ManifestReader& list);
    void end_of_list();
    /// Checks files until the list has ended and none is left, or stop(). `say` is called for those
    /// that are not as listed. In as many threads as there are. Always true.
    bool check_files(const Say& say);
    /// Ends all of the above soon. Thread-safe.
    void stop();

    const TreeProgress& progress() const { return progress_; }
    const Counts& counts() const { return counts_; }  ///< when all threads are done

    /// Calls stop() at the end of its life: declare it behind the pool that checks.
    class Closer {
    public:
        explicit Closer(Verification& work) : work_(work) {}
        ~Closer() { work_.stop(); }
        Closer(const Closer&) = delete;
        Closer& operator=(const Closer&) = delete;

    private:
        Verification& work_;
    };

private:
    std::vector<ManifestEntry> take();
    void check(const ManifestEntry& entry, std::vector<std::byte>& buffer, const Say& say);
    /// No value: stopped.
    std::optional<Result<std::string>> digest(FileSource& source, std::vector<std::byte>& buffer);
    void report(const ManifestEntry& entry, Outcome outcome, std::uint64_t Counts::*count,
                const Say& say);

    const std::filesystem::path folder_;
    TreeProgress progress_;
    std::atomic<bool> stopped_{false};

    std::mutex mutex_;  ///< of all below
    std::condition_variable changed_;
    struct Listed {
        ManifestEntry entry;
        std::uint64_t size = 0;  ///< bytes, as it was when the list was read
    };
    std::deque<Listed> waiting_;
    bool ended_ = false;
    Counts counts_;
};

}  // namespace netcopy::app
