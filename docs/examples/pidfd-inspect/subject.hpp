// SPDX-License-Identifier: MIT
// One of the processes that the command line names, and what is shown of it.
#ifndef PIDFD_INSPECT_SUBJECT_HPP
#define PIDFD_INSPECT_SUBJECT_HPP

#include "../tool-parts/target.hpp"
#include "arguments.hpp"
#include "errors.hpp"

#include <string>
#include <vector>

class subject {
public:
    subject(std::string name, const process_name& process)
        : name_(std::move(name)), process_(open_process(process)) {}

    /// Reads the facts, and makes the output of them. A process that was reaped between two looks
    /// has no facts any more; this is not an error.
    void look(const arguments& how, bool colour);

    /// Returns the output of the last look.
    [[nodiscard]] const std::string& text() const { return text_; }

    /// Prints the complaints of the first look that led to any, and returns the status of all looks.
    status complain_once();

    /// Returns the file descriptor to poll; -1 if there is none.
    [[nodiscard]] int fd() const { return process_ ? process_->fd() : -1; }

    /// Remembers that the pidfd is readable: the process has ended.
    void set_ended() { ended_ = true; }

    /// Returns whether the last look is the last one that shows anything new.
    [[nodiscard]] bool is_done() const { return done_; }

private:
    void blame(complaint about);
    void show_failure(const arguments& how, const std::error_code& error);

    std::string name_;
    pidfd_util::expected<pidfd_util::pidfd> process_;
    std::string text_;
    std::vector<complaint> complaints_;
    status worst_ = shown;
    bool complained_ = false;
    bool seen_ = false;
    bool ended_ = false;
    bool done_ = false;
};

#endif
