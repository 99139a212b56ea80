// SPDX-License-Identifier: MIT
#include "output.hpp"

#include "../tool-parts/output.hpp"

bool output::add(const std::string& text) {
    if (text.empty())
        return true;
    const std::string mistake = write_output(apart_ && !empty_ ? "\n" + text : text);
    empty_ = false;
    if (!mistake.empty())
        complain({failed, mistake});
    return mistake.empty();
}

status close_output(status so_far) {
    const std::string mistake = close_output();
    return mistake.empty() ? so_far : complain({failed, mistake});
}
