#include "session/registry_client.hpp"

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "file/safe_name.hpp"
#include "session/copy_connection.hpp"
#include "session/registry_question.hpp"
#include "wire/registry.hpp"
#include "wire/registry_seed.hpp"

namespace netcopy {
namespace {

using boost::system::system_error;
using OnEntry = std::function<void(const CatalogueEntry&)>;

/// Of one entry, in an answer.
constexpr std::size_t most_sources = 100'000;
/// Of an answer, between two pauses.
constexpr std::size_t lines_between = 512;
/// What ends a seed's list that no end of the connection ends.
constexpr std::chrono::milliseconds list_pause{300};

std::string lines_of(const CatalogueQuestion& question) {
    std::string text;
    if (question.all ||
        question.names.size() + question.prefixes.size() > wire::catalogue_question_limit) {
        append(text, wire::CatalogueAll{});  // what is not wanted is left out here
    } else {
        for (const std::string& name : question.names) append(text, wire::CatalogueFind{name});
        for (const std::string& prefix : question.prefixes) {
            append(text, wire::CatalogueBegin{prefix});
        }
    }
    append(text, wire::CatalogueLast{});
    return text;
}

/// What can be said, and need be: a name that is too long is nobody's.
CatalogueQuestion sayable(CatalogueQuestion question) {
    const auto is_too_long = [](const std::string& name) {
        return name.empty() || name.size() > wire::registry_name_limit;
    };
    for (const std::string& prefix : question.prefixes) question.all |= prefix.empty();
    if (question.all) return CatalogueQuestion{.names = {}, .prefixes = {}, .all = true};
    std::erase_if(question.names, is_too_long);
    std::erase_if(question.prefixes, is_too_long);
    return question;
}

/// Hands those entries on that are wanted, but not with a name that could do harm.
class Entries {
public:
    Entries(const NameRanges& wanted, const std::string& peer, const OnEntry& on_entry)
        : wanted_(wanted), peer_(peer), on_entry_(on_entry) {}

    void give(const CatalogueEntry& entry) {
        if (!wanted_.contains(entry.name)) return;
        if (const auto safe = safe_name(entry.name); !safe) {
            if (std::exchange(told_, true)) return;
            NETCOPY_LOG(warning) << peer_ << ": left out of the list: " << safe.error().context;
        } else if (!entry.sources.empty()) {
            on_entry_(entry);
        }
    }

private:
    const NameRanges& wanted_;
    const std::string& peer_;
    const OnEntry& on_entry_;
    bool told_ = false;  // of a name that is left out: once is enough for a log
};

/// The lines of a catalogue, put together to entries.
class Answer {
public:
    explicit Answer(Entries entries) : entries_(entries) {}

    bool ended() const { return ended_; }

    Result<> take(wire::CopyFile& file) {
        begin(std::move(file.name));
        entry_->size = file.size;
        entry_->mtime = file.mtime;
        entry_->sha256 = std::move(file.sha256);
        entry_->md5 = std::move(file.md5);
        return {};
    }
    Result<> take(wire::CatalogueName& name) {
        begin(std::move(name.name));
        return {};
    }
    Result<> take(wire::CatalogueFrom& from) {
        if (!entry_ || entry_->sources.size() == most_sources) {
            return make_error(Errc::protocol,
                              "a source belongs to no entry, or to one of too many");
        }
        CatalogueSource source;
        source.udp = {std::move(from.host), from.port};
        source.seed = !entry_->size;
        entry_->sources.push_back(std::move(source));
        return {};
    }
    Result<> take(const wire::CopyListed& listed) {
        finish();
        ended_ = true;
        if (listed.files == count_) return {};
        return make_error(Errc::protocol, "the list has another number of entries than it says");
    }
    Result<> take(const wire::RegistryNo& no) {
        return make_error(Errc::refused, "the master refuses: " + escape(no.text));
    }

private:
    void begin(std::string name) {
        finish();
        ++count_;
        entry_.emplace().name = std::move(name);
    }
    void finish() {
        if (entry_) entries_.give(*entry_);
        entry_.reset();
    }

    Entries entries_;
    std::optional<CatalogueEntry> entry_;  // whose sources are being told
    std::uint64_t count_ = 0;
    bool ended_ = false;
};

Task<Result<>> read_answer(Stream& stream, Answer& answer, const RegistryClientPlan& plan) {
    const MessageLimits limits{wire::copy_line_limit, plan.timeout, plan.timeout, {}};
    for (std::size_t lines = 1; !answer.ended(); ++lines) {
        if (plan.between && lines % lines_between == 0) {
            stream.no_deadline();
            co_await plan.between();
        }
        auto line = co_await stream.read_message(wire::parse_catalogue_line, limits);
        if (!line) co_return line.error();
        if (!*line) co_return make_error(Errc::connection_lost, "the list has no end");
        const auto taken = std::visit([&](auto& said) { return answer.take(said); }, **line);
        if (!taken) co_return taken.error();
    }
    co_return Result<>();
}

/// What a master of another make says of itself: nothing but names and where they are.
class SeedAnswer {
public:
    explicit SeedAnswer(Entries entries) : entries_(entries) {}

    void take(const wire::RegistryItem& item, const std::string& peer) {
        if (item.kind == wire::RegistryItem::Kind::words && !std::exchange(told_, true)) {
            NETCOPY_LOG(warning) << peer << ": '" << escape(item.words)
                                 << "' in its list is no name:host:port";
        }
        if (item.kind != wire::RegistryItem::Kind::file) return;
        CatalogueEntry entry;
        entry.name = item.name;
        entry.sources.push_back({{std::string(item.host), item.port}, true});
        entries_.give(entry);
    }

private:
    Entries entries_;
    bool told_ = false;  // of words between the entries
};

/// Until the connection ends, or nothing follows for a while.
Task<Result<>> read_seed_answer(Stream& stream, SeedAnswer& answer, Clock::duration timeout) {
    MessageLimits limits{wire::registry_message_limit, timeout, timeout, list_pause};
    for (bool first = true;; first = false) {
        Result<std::optional<wire::RegistryItem>> item = std::optional<wire::RegistryItem>();
        bool quiet = false;
        try {
            item = co_await stream.read_message(wire::parse_registry_item, limits);
        } catch (const system_error& error) {
            quiet = !first && error.code() == make_error_code(Errc::timed_out) &&
                    stream.buffered().empty();
            if (!quiet) throw;
        }
        if (quiet) co_return Result<>();
        if (!item) co_return item.error();
        if (!*item && first) {
            co_return make_error(Errc::connection_lost, "it closed the connection without a list");
        }
        if (!*item) co_return Result<>();
        answer.take(**item, stream.peer());
        if ((*item)->kind == wire::RegistryItem::Kind::empty) co_return Result<>();
        limits.idle = list_pause;
    }
}

}  // namespace

RegistryClient::RegistryClient(RegistryClientPlan plan) : plan_(std::move(plan)) {}

Task<Result<>> RegistryClient::find(CatalogueQuestion question, OnEntry on_entry) {
    const CatalogueQuestion asked = sayable(std::move(question));
    if (plan_.dialects != Dialects::seed) {
        const auto found = co_await find_by_netcopy(asked, on_entry);
        if (!found) co_return found.error();
        if (*found) co_return Result<>();
        if (plan_.dialects == Dialects::netcopy) {
            co_return make_error(Errc::protocol,
                                 to_string(plan_.master) + " speaks no netcopy/1, or is no master");
        }
    }
    co_return co_await find_by_seed(asked, on_entry);
}

/// False: the peer is of another make.
Task<Result<bool>> RegistryClient::find_by_netcopy(const CatalogueQuestion& question,
                                                   const OnEntry& on_entry) {
    auto dialled = co_await dial(plan_.master, plan_.dialing);
    if (!dialled) co_return dialled.error();
    auto connection = std::make_shared<CopyConnection>(std::move(*dialled));
    Stream& stream = connection->stream;
    peer_ = stream.peer();
    wire::CopyOpening opening;
    opening.purpose = wire::registry_catalogue;
    const auto opened = co_await open_copy(connection, std::move(opening), patience_with(stream),
                                           lines_of(question));
    if (!opened) co_return opened.error();
    if (!*opened) co_return false;
    const NameRanges wanted(question);
    Answer answer(Entries(wanted, peer_, on_entry));
    Result<> read;
    try {
        read = co_await read_answer(stream, answer, plan_);
    } catch (const system_error& error) {
        read = stream_error(error, "the list broke off");
    }
    if (!read) co_return from_peer(read.error());
    co_return true;
}

/// How long a peer that may be of another make is given. On a long way an answer needs some round
/// trips, when a segment was lost; taking our own kind for another would cost the digests.
Clock::duration RegistryClient::patience_with(Stream& stream) const {
    if (plan_.dialects == Dialects::netcopy) {
        return plan_.timeout == Clock::duration::zero() ? limits::message : plan_.timeout;
    }
    constexpr int round_trips = 4;
    const auto measured = round_trip(stream.socket()).value_or(std::chrono::microseconds(0));
    return std::max<Clock::duration>(netcopy_patience, round_trips * measured);
}

Error RegistryClient::from_peer(Error error) const {
    error.context = peer_ + ": " + error.context;
    return error;
}

Task<Result<>> RegistryClient::find_by_seed(const CatalogueQuestion& question,
                                            const OnEntry& on_entry) {
    auto dialled = co_await dial(plan_.master, plan_.dialing);
    if (!dialled) co_return dialled.error();
    Stream stream(std::move(dialled->socket), dialled->peer);
    peer_ = stream.peer();
    by_seed_ = true;
    const NameRanges wanted(question);
    SeedAnswer answer(Entries(wanted, peer_, on_entry));
    Result<> read;
    try {
        stream.limit_to(plan_.timeout);
        co_await stream.write(as_bytes(wire::registry_client));
        stream.shutdown_send();  // so that a master that closes behind its answer ends it
        read = co_await read_seed_answer(stream, answer, plan_.timeout);
    } catch (const system_error& error) {
        read = stream_error(error, "no list");
    }
    if (!read) co_return from_peer(read.error());
    co_return Result<>();
}

}  // namespace netcopy
