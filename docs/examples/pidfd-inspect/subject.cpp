// SPDX-License-Identifier: MIT
#include "subject.hpp"

#include "render.hpp"

#include <algorithm>
#include <utility>

using namespace pidfd_util;

void subject::blame(complaint about) {
    worst_ = std::max(worst_, about.leads_to);
    if (!complained_)
        complaints_.push_back(std::move(about));
}

void subject::show_failure(const arguments& how, const std::error_code& error) {
    done_ = true;
    text_ = how.json ? failure_as_json(name_, error) : "";
}

void subject::look(const arguments& how, bool colour) {
    if (!process_) {
        const std::error_code error = process_.error();
        const bool is_thread = error == std::errc::no_such_file_or_directory;
        blame({is_thread ? gone : status_of(error), name_ + ": " + why_not_opened(error)});
        show_failure(how, error);
        return;
    }
    const bool first = !std::exchange(seen_, true);
    const facts f = gather(*process_);
    if (!f.pid.value && f.pid.value.error() == pidfd_errc::not_found) {
        show_failure(how, f.pid.value.error());
        if (first)
            blame({gone, "process " + name_ + " ended during the inspection"});
        else if (!how.json && how.fields.empty())
            text_ = "process " + name_ + " has ended\n";
        return;
    }
    done_ = ended_ || !f.alive.value.value_or(true);
    if (how.json)
        text_ = facts_as_json(name_, f, how.fields);
    else
        text_ = how.fields.empty() ? facts_as_table(f, colour) : facts_as_line(f, how.fields);
    if (how.fields.empty() && f.refused)
        blame({refused, "permission denied for some facts about process " + name_});
    for (const field* wanted : how.fields)
        if (const cell c = wanted->show(f); c.error)
            blame({status_of(c.error),
                   "no " + wanted->name + " of process " + name_ + ": " + c.text});
}

status subject::complain_once() {
    for (const complaint& about : complaints_)
        complain(about);
    complained_ = complained_ || !complaints_.empty();
    complaints_.clear();
    return worst_;
}
