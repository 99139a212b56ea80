// SPDX-License-Identifier: MIT
// Starts programs by pidfd-util, as its users would.
#include "starts.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <sys/epoll.h>
#include <system_error>
#include <utility>

namespace bench {

namespace {

using pidfd_util::child;
using pidfd_util::spawn;

constexpr auto room = static_cast<std::size_t>(most_in_flight);

std::string failure_of(const pidfd_util::exit_status& status) {
    return status.success() ? std::string() : "the program failed";
}

std::string one() {
    auto started = spawn(program, arguments);
    if (!started)
        return started.error().message();
    const auto status = started->wait();
    return status ? failure_of(*status) : status.error().message();
}

std::string many_by_wait_any(int count) {
    std::vector<child> running;
    running.reserve(room);
    while (count > 0 || !running.empty()) {
        if (count > 0 && running.size() < room) {
            auto started = spawn(program, arguments);
            if (!started)
                return started.error().message();
            running.push_back(std::move(*started));
            --count;
            continue;
        }
        const auto which = wait_any(running);
        if (!which)
            return which.error().message();
        const auto status = running[*which].wait();
        if (!status)
            return status.error().message();
        if (!status->success())
            return failure_of(*status);
        std::swap(running[*which], running.back());
        running.pop_back();
    }
    return {};
}

std::string last_error() {
    return std::generic_category().message(errno);
}

std::string many_by_epoll(int count) {
    const pidfd_util::unique_fd epoll(epoll_create1(EPOLL_CLOEXEC));
    if (epoll.get() < 0)
        return last_error();
    std::vector<child> running(room);
    std::vector<child*> free;
    for (child& place : running)
        free.push_back(&place);
    epoll_event events[most_in_flight];
    while (count > 0 || free.size() < room) {
        if (count > 0 && !free.empty()) {
            auto started = spawn(program, arguments);
            if (!started)
                return started.error().message();
            child& place = *free.back();
            place = std::move(*started);
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.ptr = &place;
            if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, place.fd(), &event) != 0)
                return last_error();
            free.pop_back();
            --count;
            continue;
        }
        const int ready = epoll_wait(epoll.get(), events, most_in_flight, -1);
        if (ready < 0)
            return last_error();
        for (int i = 0; i < ready; ++i) {
            child& place = *static_cast<child*>(events[i].data.ptr);
            const auto status = place.try_wait();
            if (!status)
                return status.error().message();
            if (!*status) // readable is only a hint
                continue;
            if (!(*status)->success())
                return failure_of(**status);
            place = child(); // closes the pidfd, which removes it from the epoll instance
            free.push_back(&place);
        }
    }
    return {};
}

} // namespace

void add_pidfd_util(all_ways& to) {
    to.one.push_back({"pidfd_util::spawn", leftover::nothing, time_one<one>});
    to.many.push_back(
        {"pidfd_util::spawn, wait_any", leftover::nothing, time_many<many_by_wait_any>});
    to.many.push_back({"pidfd_util::spawn, epoll", leftover::nothing, time_many<many_by_epoll>});
}

} // namespace bench
