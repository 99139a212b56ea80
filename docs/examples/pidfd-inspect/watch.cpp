// SPDX-License-Identifier: MIT
#include "watch.hpp"

#include "output.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <string>

using steady = std::chrono::steady_clock;

namespace {

/// Returns the tables of all processes, also of those that have ended.
std::string screen(const std::vector<subject>& subjects) {
    std::string text = "\x1b[H\x1b[2J"; // to the upper left corner, and all erased
    for (const subject& s : subjects)
        (text += &s == &subjects.front() ? "" : "\n") += s.text();
    return text;
}

/// Waits until the time, or until one of the processes ends. Returns 0 or an errno.
int wait_for_change(std::vector<subject>& subjects, steady::time_point until) {
    std::vector<pollfd> polled;
    polled.reserve(subjects.size());
    for (const subject& s : subjects)
        polled.push_back({s.is_done() ? -1 : s.fd(), POLLIN, 0});
    constexpr std::chrono::milliseconds day =
        std::chrono::hours(24); // more than 24 days are no int
    int changed = 0;
    for (auto left = until - steady::now(); changed == 0 && left > steady::duration::zero();
         left = until - steady::now()) {
        const auto limit = std::min(std::chrono::ceil<std::chrono::milliseconds>(left), day);
        changed = poll(polled.data(), polled.size(), static_cast<int>(limit.count()));
        if (changed < 0 && errno == EINTR) // after a stop and SIGCONT
            changed = 0;
    }
    if (changed < 0)
        return errno;
    for (std::size_t i = 0; i < polled.size(); ++i)
        if (polled[i].revents != 0)
            subjects[i].set_ended();
    return 0;
}

} // namespace

status watch(std::vector<subject>& subjects, const arguments& how, bool colour) {
    const bool tables = !how.json && how.fields.empty();
    const bool redraw = tables && on_capable_terminal();
    output out(tables);
    status worst = shown;
    for (;;) {
        const auto next = steady::now() + *how.interval;
        bool done = true;
        for (subject& s : subjects) {
            if (s.is_done())
                continue;
            s.look(how, colour);
            done = done && s.is_done();
            if (!redraw && !out.add(s.text()))
                return failed;
        }
        if (redraw && !out.add(screen(subjects)))
            return failed;
        for (subject& s : subjects)
            worst = std::max(worst, s.complain_once());
        if (done)
            return close_output(worst);
        if (const int error = wait_for_change(subjects, next); error != 0)
            return complain({failed, std::string("cannot wait: ") + std::strerror(error)});
    }
}
