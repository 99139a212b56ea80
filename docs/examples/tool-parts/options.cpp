// SPDX-License-Identifier: MIT
#include "options.hpp"

#include "text.hpp"

#include <getopt.h>

std::string explain_option(int found, char* const* argv, std::string_view letters) {
    if (found == ':')
        return shell_word(argv[optind - 1]) + " needs a value";
    // The index may still be before the word that has the unknown letter. After a long option with a
    // value that it does not take, `optopt` is a known letter.
    const bool is_unknown_letter =
        optopt > 0 && optopt < 256 &&
        letters.find(static_cast<char>(optopt)) == std::string_view::npos;
    return "there is no option " + shell_word(is_unknown_letter
                                                  ? std::string{'-', static_cast<char>(optopt)}
                                                  : std::string(argv[optind - 1]));
}
