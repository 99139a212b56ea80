// SPDX-License-Identifier: MIT
#include "colour.hpp"

#include <cstdlib>
#include <unistd.h>

namespace {

/// Returns the variable, or an empty text if it is not set.
std::string_view variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

} // namespace

std::optional<colour_choice> parse_colour_choice(std::string_view text) {
    if (text == "auto")
        return colour_choice::automatic;
    if (text == "always")
        return colour_choice::always;
    if (text == "never")
        return colour_choice::never;
    return std::nullopt;
}

bool on_capable_terminal() {
    return isatty(STDOUT_FILENO) == 1 && variable("TERM") != "dumb";
}

bool use_colour(colour_choice choice) {
    if (choice != colour_choice::automatic)
        return choice == colour_choice::always;
    if (!variable("NO_COLOR").empty())
        return false;
    const std::string_view force = variable("CLICOLOR_FORCE");
    if (!force.empty() && force != "0")
        return true;
    return variable("CLICOLOR") != "0" && on_capable_terminal();
}
