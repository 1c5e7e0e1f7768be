#pragma once

#include <string>
#include <string_view>

#include "app/render.hpp"
#include "app/terminal.hpp"

namespace netcopy::app {

enum class Shows { nothing, bar, plain, json };

/// What a Renderer and its Display share; only render.cpp and display.cpp include this.
struct Renderer::State {
    State(std::string command_name, asio::io_context& context)
        : command(std::move(command_name)), io(context) {}

    Result<> out(std::string_view text);
    /// out() for what has nobody to hand the error to: it is said on stderr, once.
    void out_or_say(std::string_view text);
    void err(std::string_view text) { terminal.write(stderr, text); }

    std::string command;
    asio::io_context& io;
    bool json = false;
    bool quiet = false;
    bool color = false;
    Shows shows = Shows::nothing;
    bool showing = false;      ///< a Display has the screen
    bool stdout_lost = false;  ///< it has been said that stdout cannot be written
    bool ended = false;        ///< no {"event":"end"} is to come any more
    Terminal& terminal = screen();
};

}  // namespace netcopy::app
