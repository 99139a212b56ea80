// SPDX-License-Identifier: MIT
// Watching with epoll by hand, with wait_any, and, as a floor, with a wait for the right process.
#include "scale_ways.hpp"

#include "scale_nursery.hpp"

#include <pidfd_util/unique_fd.hpp>
#include <pidfd_util/wait_any.hpp>

#include <cerrno>
#include <sys/epoll.h>
#include <utility>
#include <vector>

namespace bench {

namespace {

using pidfd_util::pidfd;

bool reap(const pidfd& process) {
    const auto status = process.try_wait();
    return status && *status;
}

/// One epoll instance for all pidfds, as in a program that has an event loop of its own.
class by_epoll : public way {
public:
    explicit by_epoll(std::uint32_t count)
        : processes_(count), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

    bool add(std::uint32_t slot, pidfd process) override {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u32 = slot;
        processes_[slot] = std::move(process);
        return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, processes_[slot].fd(), &event) == 0;
    }

    std::optional<ending> next(std::uint32_t) override {
        epoll_event event{};
        int ready = 0;
        do {
            ready = epoll_wait(epoll_.get(), &event, 1, -1);
        } while (ready < 0 && errno == EINTR);
        if (ready != 1 || !reap(processes_[event.data.u32]))
            return std::nullopt;
        const ending result{event.data.u32, now()};
        processes_[event.data.u32].reset(); // the last close also ends the watch
        return result;
    }

private:
    std::vector<pidfd> processes_;
    pidfd_util::unique_fd epoll_;
};

/// An array of pidfds, and a call of wait_any for each exit.
class by_wait_any : public way {
public:
    explicit by_wait_any(std::uint32_t count) {
        processes_.reserve(count);
        slots_.reserve(count);
    }

    bool add(std::uint32_t slot, pidfd process) override {
        processes_.push_back(std::move(process));
        slots_.push_back(slot);
        return true;
    }

    std::optional<ending> next(std::uint32_t) override {
        const auto which = pidfd_util::wait_any(processes_);
        if (!which || !reap(processes_[*which]))
            return std::nullopt;
        const ending result{slots_[*which], now()};
        processes_[*which] = std::move(processes_.back());
        processes_.pop_back();
        slots_[*which] = slots_.back();
        slots_.pop_back();
        return result;
    }

private:
    std::vector<pidfd> processes_;
    std::vector<std::uint32_t> slots_; // of the processes, in the same order
};

/// A blocking wait for the one process that will end. A watcher cannot know that: this is the part
/// of the latency and of the CPU time that watching adds nothing to.
class by_wait : public way {
public:
    explicit by_wait(std::uint32_t count) : processes_(count) {}

    bool add(std::uint32_t slot, pidfd process) override {
        processes_[slot] = std::move(process);
        return true;
    }

    std::optional<ending> next(std::uint32_t known) override {
        if (!processes_[known].wait())
            return std::nullopt;
        const ending result{known, now()};
        processes_[known].reset();
        return result;
    }

private:
    std::vector<pidfd> processes_;
};

template <class Way>
std::unique_ptr<way> make(std::uint32_t count) {
    return std::make_unique<Way>(count);
}

} // namespace

const way_kind ways[way_count] = {
    {"epoll", 1, 1, make<by_epoll>, nullptr},
    {"wait_any", 1, 1, make<by_wait_any>, nullptr},
    {"asio", 3, 2, make_asio, asio_missing},
    {"wait", 1, 0, make<by_wait>, nullptr},
};

} // namespace bench
