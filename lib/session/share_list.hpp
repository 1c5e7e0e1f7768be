#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "session/copy_run.hpp"
#include "wire/copy.hpp"

namespace netcopy {

class SharedFolder;

/// The server's side of a list after the opening: says what there is, page by page.
class ShareLister final : public Dialogue {
public:
    explicit ShareLister(const SharedFolder& folder);

    Result<std::size_t> consume(Bytes) override { return std::size_t{0}; }
    Result<std::size_t> produce(MutableBytes buffer) override;
    bool busy() const override { return false; }
    Result<> work() override { return {}; }
    Clock::time_point due() const override { return Clock::time_point::max(); }
    bool awaits_peer() const override { return false; }
    std::uint64_t messages() const override { return 0; }
    bool finished() const override { return said_end_ && sent_ == text_.size(); }
    void stop() override {}
    std::string_view sign_of_life() const override { return busy_; }

    std::uint64_t files() const { return files_; }  ///< listed so far

private:
    void next_page();

    const SharedFolder& folder_;
    std::string last_;  // name that was listed
    std::uint64_t files_ = 0;
    bool said_end_ = false;
    const std::string busy_;  // the line
    std::string text_;        // lines to be sent
    std::size_t sent_ = 0;    // bytes of text_
};

/// How far a list has been read, over all connections of a run.
struct ListProgress {
    std::string last;   ///< name; the list goes by name, bytewise
    bool done = false;  ///< the end was said
};

/// The client's side: hears of each file once, also when it has heard part of the list before.
class ShareListing final : public CopyTalk {
public:
    /// Both are kept by reference.
    ShareListing(ListProgress& progress, const std::function<void(const wire::CopyFile&)>& on_file);

    Result<std::size_t> consume(Bytes bytes) override;
    Result<std::size_t> produce(MutableBytes) override { return std::size_t{0}; }
    bool busy() const override { return false; }
    Result<> work() override { return {}; }
    Clock::time_point due() const override { return Clock::time_point::max(); }
    bool awaits_peer() const override { return true; }
    std::uint64_t messages() const override { return messages_; }
    bool finished() const override { return progress_.done; }
    void stop() override {}
    std::string_view sign_of_life() const override { return {}; }
    bool fruitful() const override { return fruitful_; }

private:
    Result<> take(const wire::CopyFile& file);
    Result<> take(const wire::CopyListed& listed);
    Result<> take(const wire::CopyBusy&) { return {}; }

    ListProgress& progress_;
    const std::function<void(const wire::CopyFile&)>& on_file_;
    std::string last_;  // name, on this connection
    std::uint64_t files_ = 0;
    std::uint64_t messages_ = 0;
    bool fruitful_ = false;
};

}  // namespace netcopy
