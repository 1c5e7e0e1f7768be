#include "app/render.hpp"

#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "app/options.hpp"
#include "app/render_state.hpp"
#include "app/utf8.hpp"
#include "app/view.hpp"

namespace netcopy::app {
namespace {

namespace json = boost::json;

bool is_set(const char* variable) {
    const char* const value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

/// A terminal that understands no control sequences, as TERM says.
bool dumb_terminal() {
    const char* const term = std::getenv("TERM");
    return term == nullptr || *term == '\0' || std::string_view(term) == "dumb";
}

Shows choose_display(const CommonOptions& options, bool terminal) {
    if (options.quiet || options.progress == "none") return Shows::nothing;
    if (options.json) return Shows::json;
    const bool bar = options.progress == "bar" || (options.progress == "auto" && terminal);
    return bar && !dumb_terminal() ? Shows::bar : Shows::plain;
}

/// NO_COLOR: https://no-color.org
bool choose_color(const CommonOptions& options, bool terminal) {
    if (options.color != "auto") return options.color == "always";
    return terminal && !dumb_terminal() && !is_set("NO_COLOR");
}

/// One line of JSON. Boost.JSON writes 0.014 as 1.4E-2; people and simple scripts expect the
/// former.
std::string to_line(const json::object& object) {
    std::string line;
    for (const auto& member : object) {
        line += (line.empty() ? "{" : ",") + json::serialize(member.key()) + ":";
        if (const double* const number = member.value().if_double()) {
            char text[64];
            line.append(
                text,
                std::to_chars(text, text + sizeof text, *number, std::chars_format::fixed, 6).ptr);
        } else {
            line += json::serialize(member.value());
        }
    }
    return line + "}\n";
}

json::object object_of(const std::map<std::string, std::string>& digests) {
    json::object object;
    for (const auto& [kind, hex] : digests) object[kind] = hex;
    return object;
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(valid_utf8(text));
}

json::object report_object(std::string_view event, const std::string& command,
                           const Report& report) {
    json::object object;
    object["event"] = event;
    object["command"] = command;
    if (!report.peer.empty()) object["peer"] = valid_utf8(report.peer);
    object["bytes"] = report.bytes;
    object["seconds"] = std::round(report.took.count() * 1e6) / 1e6;
    for (const auto& [name, count] : report.counts) object[name] = count;
    if (report.counts.empty()) object["digests"] = object_of(report.digests);
    object["verdict"] = report.verdict;
    object["exit_status"] = report.exit_status;
    object["error"] = text_or_null(report.error);
    return object;
}

}  // namespace

Result<> Renderer::State::out(std::string_view text) {
    if (terminal.write(stdout, text)) return {};
    return make_error(Errc::failed, "cannot write to stdout", errno);
}

void Renderer::State::out_or_say(std::string_view text) {
    const auto written = out(text);
    if (written || std::exchange(stdout_lost, true)) return;
    err("netcopy " + command + ": " + written.error().context + "\n");
}

Renderer::Renderer(std::string command, const CommonOptions& options, asio::io_context& io)
    : state_(std::make_shared<State>(std::move(command), io)) {
    const bool terminal = isatty(STDERR_FILENO) == 1;
    state_->json = options.json;
    state_->quiet = options.quiet;
    state_->shows = choose_display(options, terminal);
    state_->color = choose_color(options, terminal);
    if (state_->shows == Shows::bar) send_log_through_screen();
}

Renderer::~Renderer() = default;

bool Renderer::json() const { return state_->json; }

void Renderer::listening(const Endpoint& endpoint) {
    state_->err("netcopy " + state_->command + ": listening on " + to_string(endpoint) + "\n");
    if (!state_->json) return;
    state_->out_or_say(to_line({{"event", "listening"},
                                {"command", state_->command},
                                {"address", valid_utf8(endpoint.host)},
                                {"port", endpoint.port}}));
}

void Renderer::event(std::string_view name, const std::string& peer) {
    if (!state_->json) return;
    state_->out_or_say(to_line({{"event", name}, {"peer", valid_utf8(peer)}}));
}

void Renderer::error(const Error& error) {
    const std::string reason = error.context.empty() ? error.code.message() : error.context;
    const std::string who = "netcopy " + state_->command + ":";
    state_->err((state_->color ? "\x1b[1;31m" + who + "\x1b[0m" : who) + " " + reason + "\n");
}

Result<> Renderer::print(std::string_view text) {
    state_->ended = true;
    return state_->out(text);
}

Result<> Renderer::result(std::string_view event, std::initializer_list<Field> fields,
                          std::string_view line) {
    if (!state_->json) return state_->out(std::string(line) + "\n");
    json::object object{{"event", event}};
    for (const auto& [name, text] : fields) object[name] = valid_utf8(text);
    return state_->out(to_line(object));
}

// When stdout takes nothing, the outcome of the transfer stays what it is.
void Renderer::verdict(std::string_view line, const Report& report) {
    state_->out_or_say(state_->json ? to_line(report_object("verdict", state_->command, report))
                                    : std::string(line) + "\n");
}

void Renderer::file(const FileReport& file, std::string_view line) {
    const std::string text = text_of(file, line);
    if (!text.empty()) state_->out_or_say(text);
}

std::string Renderer::text_of(const FileReport& file, std::string_view line) const {
    if (!state_->json) return line.empty() ? std::string() : std::string(line) + "\n";
    json::object object{{"event", "file"}};
    if (!file.peer.empty()) object["peer"] = valid_utf8(file.peer);
    object["name"] = valid_utf8(file.name);
    object["outcome"] = file.outcome;
    if (file.bytes == FileReport::unknown) {
        object["bytes"] = nullptr;
    } else {
        object["bytes"] = file.bytes;
    }
    if (file.sources) object["sources"] = *file.sources;
    if (!file.mtime.empty()) object["mtime"] = file.mtime;
    object["digests"] = object_of(file.digests);
    object["error"] = text_or_null(file.error);
    return to_line(object);
}

Result<> Renderer::write(std::string_view piece) { return state_->out(piece); }

void Renderer::remark(std::string_view text) {
    if (state_->quiet || state_->json) return;
    state_->err("netcopy " + state_->command + ": " + std::string(text) + "\n");
}

void Renderer::end(const Report& report) {
    if (!state_->json || std::exchange(state_->ended, true)) return;
    state_->out_or_say(to_line(report_object("end", state_->command, report)));
}

std::shared_ptr<Renderer::Display> Renderer::show(std::string label, const Progress& progress) {
    return begin(view_file(std::move(label), progress));
}

std::shared_ptr<Renderer::Display> Renderer::show(const TreeProgress& progress) {
    return begin(view_tree(progress));
}

std::shared_ptr<Renderer::Display> Renderer::begin(std::unique_ptr<View> view) {
    auto display = std::make_shared<Display>(state_, std::move(view));
    display->start();
    return display;
}

}  // namespace netcopy::app
