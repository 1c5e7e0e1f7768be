#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "file/tree.hpp"
#include "session/copy_receiver.hpp"
#include "session/copy_run.hpp"
#include "session/receive_rules.hpp"
#include "session/share_wishes.hpp"

namespace netcopy {

/// The client's side of a "get" after the opening: asks for what is wished, and takes it as any
/// receiver does. What is not settled when it goes is given back to the wishes.
class ShareGetter final : public CopyTalk {
public:
    /// `alone`: no other connection shares the wishes.
    ShareGetter(ShareWishes& wishes, Tree tree, Overwrite overwrite, std::string peer,
                std::size_t window, std::size_t window_bytes, bool alone);
    ~ShareGetter() override;

    Result<std::size_t> consume(Bytes bytes) override;
    Result<std::size_t> produce(MutableBytes buffer) override;
    bool busy() const override { return receiver_.busy(); }
    Result<> work() override { return receiver_.work(); }
    Clock::time_point due() const override { return receiver_.due(); }
    bool awaits_peer() const override { return true; }
    std::uint64_t messages() const override { return receiver_.messages(); }
    bool finished() const override { return receiver_.finished(); }
    void stop() override {}
    std::string_view sign_of_life() const override { return receiver_.sign_of_life(); }

    bool fruitful() const override { return settled_ > 0 || heard_ >= resumable_size; }
    void commit() override { receiver_.commit(); }

private:
    using Asked = std::unordered_map<std::string, ShareWish>;

    ReceiveRules rules(Overwrite overwrite);
    void ask();
    bool may_ask() const;
    void show_progress();
    Result<> offered(const wire::CopyPut& put);
    Result<> lacks(const wire::CopyLack& lack);
    void arrived(const ReceivedFile& file);
    void settle(Asked::iterator asked, CopyOutcome outcome);

    ShareWishes& wishes_;
    const std::string peer_;
    const std::size_t window_;
    const std::size_t window_bytes_;
    const std::uint64_t most_open_bytes_;
    const ReceiveRules rules_;
    Asked asked_;                   // by name
    std::uint64_t open_bytes_ = 0;  // of those files
    std::size_t open_lines_ = 0;    // bytes of their GETs
    std::optional<ShareWish> held_;
    std::string text_;      // our own lines to be sent; the receiver has its own
    std::size_t sent_ = 0;  // bytes of text_
    bool said_last_ = false;
    std::uint64_t settled_ = 0;  // files
    std::uint64_t heard_ = 0;    // bytes
    CopyReceiver receiver_;
};

}  // namespace netcopy
