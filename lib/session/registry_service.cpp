#include "session/registry_service.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>

#include "base/bytes.hpp"
#include "base/log.hpp"
#include "net/together.hpp"
#include "session/copy_serving.hpp"
#include "wire/registry.hpp"

namespace netcopy {
namespace {

constexpr std::size_t page_entries = 512;
constexpr std::size_t piece = 64 * 1024;  // bytes of an answer

/// A file server's connection from behind its first line on: takes what it says, and says that we
/// live. One task reads, another one writes.
class Registration {
public:
    Registration(Stream& stream, RegistryPlace& place, const RegistryRules& rules)
        : stream_(stream),
          place_(place),
          rules_(rules),
          beat_(stream.socket().get_executor(), Clock::time_point::max()) {}

    Task<> run() {
        co_await run_together(2,
                              [this](std::size_t number) { return number == 0 ? read() : say(); });
    }
    /// What the peer did wrong, if it did.
    const std::optional<Error>& problem() const { return problem_; }

private:
    Task<> read() {
        const Ending ending{*this};
        const MessageLimits limits{wire::copy_line_limit, rules_.silence, rules_.silence, {}};
        for (;;) {
            const auto news = co_await stream_.read_message(wire::parse_registry_news, limits);
            if (!news) {
                problem_ = news.error();
                co_return;
            }
            if (!*news) co_return;
            if (std::holds_alternative<wire::RegistryWhole>(**news)) {
                co_await place_.finish_anew();
                NETCOPY_LOG(info) << stream_.peer() << ": listed " << place_.files() << " files";
            } else if (std::holds_alternative<wire::RegistryAnew>(**news)) {
                const bool begun = co_await place_.begin_anew();
                if (!begun) tell_full();
            } else {
                std::visit([this](const auto& line) { take(line); }, **news);
            }
            if (problem_) co_return;
        }
    }

    void take(const wire::CopyFile& file) {
        if (!place_.put(file)) tell_full();
    }
    void take(const wire::RegistryGone& gone) { place_.remove(gone.name); }
    void take(const wire::RegistryAnew&) {}
    void take(const wire::RegistryBeat&) {}
    void take(const wire::RegistryWhole&) {}
    void take(const wire::RegistryServer&) {
        problem_ = make_error(Errc::protocol, "a second SERVER");
    }

    void tell_full() {
        if (std::exchange(full_, true)) return;
        NETCOPY_LOG(warning) << stream_.peer()
                             << ": no more of its files are listed: --max-files-per-server or "
                                "--max-files is reached";
        append(words_, wire::RegistryNo{"full", "the master keeps no more files of this server"});
        beat_.cancel();
    }

    /// The only one who writes.
    Task<> say() {
        const std::string beat = wire::line_of(wire::RegistryBeat{});
        auto next = Clock::now();
        while (!ended_) {
            if (Clock::now() >= next) {
                words_ += beat;
                next += rules_.beat;
            }
            const std::string words = std::exchange(words_, {});
            co_await stream_.write(as_bytes(words));
            if (ended_ || !words_.empty()) continue;
            beat_.expires_at(next);
            co_await beat_.async_wait(asio::as_tuple(UseTask()));
        }
    }

    /// say() ends with read(), however that ends.
    struct Ending {
        Registration& of;
        ~Ending() {
            of.ended_ = true;
            of.beat_.cancel();
        }
    };

    Stream& stream_;
    RegistryPlace& place_;
    const RegistryRules& rules_;
    Timer beat_;
    std::string words_;  // to be said
    std::optional<Error> problem_;
    bool ended_ = false;
    bool full_ = false;
};

void append_entry(std::string& text, CatalogueEntry entry) {
    if (entry.size) {
        append(text,
               wire::CopyFile{*entry.size, entry.mtime.value_or(FileTime{}), std::move(entry.name),
                              std::move(entry.md5), std::move(entry.sha256)});
    } else {
        append(text, wire::CatalogueName{std::move(entry.name)});
    }
    for (CatalogueSource& source : entry.sources) {
        append(text, wire::CatalogueFrom{source.udp.port, std::move(source.udp.host)});
    }
}

Task<> refuse(Stream& stream, std::string code, const Error& error) {
    NETCOPY_LOG(warning) << stream.peer() << ": " << error.context;
    stream.queue(wire::line_of(wire::RegistryNo{std::move(code), error.context}));
    stream.deadline_in(limits::message);
    co_await stream.close_after_last_words();
}

}  // namespace

Task<> RegistryService::serve(Stream& stream) {
    const ReceiveTimes times{rules_.idle, rules_.message};
    const ReceiveRules no_files;
    const auto netcopy = [this](Stream& peer) { return serve_netcopy(peer); };
    const auto seed = [this](Stream& peer) {
        return serve_registry_seed(peer, catalogue_, rules_);
    };
    co_await serve_by_first_bytes(stream, rules_.dialects, times, no_files, netcopy, seed);
}

Task<> RegistryService::serve_netcopy(Stream& stream) {
    const auto opening = co_await read_copy_opening(stream, rules_.idle, rules_.message);
    if (!opening) co_return;
    if (opening->purpose == wire::registry_register) {
        co_await serve_server(stream);
    } else if (opening->purpose == wire::registry_catalogue) {
        co_await serve_question(stream);
    } else {
        auto unknown = make_error(Errc::refused,
                                  "this is a master: it knows where files are, and "
                                  "has none; its file servers are to be asked");
        co_await decline_copy(stream, "purpose", std::move(unknown));
    }
}

Task<> RegistryService::serve_server(Stream& stream) {
    co_await say_accepted(stream, wire::registry_register);
    const MessageLimits limits{wire::copy_line_limit, rules_.silence, rules_.silence, {}};
    auto first = co_await stream.read_message(wire::parse_registry_news, limits);
    if (!first) co_return co_await refuse(stream, "protocol", first.error());
    if (!*first) co_return;
    auto* const server = std::get_if<wire::RegistryServer>(&**first);
    if (!server) {
        const auto early = make_error(Errc::protocol, "the first line is no SERVER");
        co_return co_await refuse(stream, "protocol", early);
    }
    CatalogueSource source;
    source.udp = {std::move(server->host), server->port};
    RegistryPlace place(catalogue_, stream, std::move(source));
    if (!place.taken()) {
        const auto full = make_error(Errc::refused, "as many file servers are there as may be");
        co_return co_await refuse(stream, "full", full);
    }
    Registration registration(stream, place, rules_);
    std::exception_ptr lost;
    try {
        co_await registration.run();
    } catch (...) {
        lost = std::current_exception();
    }
    co_await place.leave();
    if (lost) std::rethrow_exception(lost);
    if (registration.problem()) co_await refuse(stream, "protocol", *registration.problem());
}

Task<> RegistryService::serve_question(Stream& stream) {
    wire::CopyAccepted accepted;
    accepted.purpose = wire::registry_catalogue;
    stream.queue(wire::line_of(accepted));
    CatalogueQuestion question;
    const MessageLimits limits{wire::copy_line_limit, rules_.message, rules_.message, {}};
    const auto began = Clock::now();
    for (std::size_t lines = 0;; ++lines) {
        auto asked = co_await stream.read_message(wire::parse_catalogue_asked, limits);
        if (!asked) co_return co_await refuse(stream, "protocol", asked.error());
        if (!*asked) co_return;
        if (std::holds_alternative<wire::CatalogueLast>(**asked)) break;
        const bool slow = rules_.idle != rules_.idle.zero() && Clock::now() - began > rules_.idle;
        if (slow || lines == wire::catalogue_question_limit) {
            const auto bad = make_error(Errc::refused, slow ? "a question that does not end"
                                                            : "a question of too many lines");
            co_return co_await refuse(stream, "question", bad);
        }
        if (auto* const find = std::get_if<wire::CatalogueFind>(&**asked)) {
            question.names.push_back(std::move(find->name));
        } else if (auto* const begin = std::get_if<wire::CatalogueBegin>(&**asked)) {
            question.prefixes.push_back(std::move(begin->prefix));
        } else {
            question.all = true;
        }
    }
    co_await answer(stream, question);
}

/// Page by page, as the client takes it.
Task<> RegistryService::answer(Stream& stream, const CatalogueQuestion& question) {
    tune_for_neighbour(stream.socket());
    RegistryCatalogue::Reader reader(catalogue_, question);
    std::string text;
    std::uint64_t entries = 0;
    for (bool last = false; !last;) {
        auto page = reader.page(page_entries);
        last = page.last;
        for (CatalogueEntry& entry : page.entries) {
            append_entry(text, std::move(entry));
            ++entries;
        }
        if (last) append(text, wire::CopyListed{entries});
        if (!last && text.size() < piece) continue;
        stream.limit_to(rules_.idle);
        co_await stream.flush();
        co_await stream.write(as_bytes(text));
        text.clear();
        // Others want the thread, too.
        co_await asio::post(stream.socket().get_executor(), UseTask());
    }
    NETCOPY_LOG(info) << stream.peer() << ": listed " << entries << " entries";
    co_await stream.close_after_last_words();
}

Task<> RegistryService::say_accepted(Stream& stream, std::string_view purpose) {
    wire::CopyAccepted accepted;
    accepted.purpose = purpose;
    const std::string line = wire::line_of(accepted);
    co_await stream.write(as_bytes(line));
}

}  // namespace netcopy
