// SPDX-License-Identifier: MIT
// The output of several processes.
#ifndef PIDFD_INSPECT_OUTPUT_HPP
#define PIDFD_INSPECT_OUTPUT_HPP

#include "errors.hpp"

#include <string>

class output {
public:
    /// With `apart`, an empty line is written between two texts.
    explicit output(bool apart = false) : apart_(apart) {}

    /// Writes the text at once. Complains and returns false if it cannot be written.
    [[nodiscard]] bool add(const std::string& text);

private:
    bool apart_;
    bool empty_ = true;
};

/// Closes standard output. Returns the status; on failure, complains and returns `failed`.
status close_output(status so_far);

#endif
