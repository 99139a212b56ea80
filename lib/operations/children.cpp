// SPDX-License-Identifier: MIT
#include "../kernel/local_array.hpp"
#include "../paths/child_numbers.hpp"
#include "../paths/identify.hpp"
#include "../paths/process_opener.hpp"
#include "../paths/visible_process.hpp"

#include <pidfd_util/abi_enumeration.hpp>

#include <algorithm>
#include <cerrno>

namespace pidfd_util {

namespace {

/// What `list_children` has found so far.
class child_storage {
public:
    child_storage(void* where, void (*store)(void*, std::size_t, int),
                  std::size_t capacity) noexcept
        : where_(where), store_(store), capacity_(capacity) {}
    [[nodiscard]] int make() noexcept { return numbers_.make(capacity_); }

    [[nodiscard]] bool full() const noexcept { return count_ == capacity_; }
    /// A thread that exits hands its children to another one, so that a number can come twice.
    [[nodiscard]] bool has(pid_t number) noexcept {
        const pid_t* const first = numbers_.get();
        return std::find(first, first + count_, number) != first + count_;
    }
    void add(pid_t number, unique_fd& child) noexcept {
        numbers_.get()[count_] = number;
        store_(where_, count_++, child.release());
    }

private:
    void* where_;
    void (*store_)(void*, std::size_t, int);
    std::size_t capacity_;
    std::size_t count_ = 0;
    local_array<pid_t, 64> numbers_;
};

int list_visible_children(const visible_process& parent, child_storage& found,
                          bool& complete) noexcept {
    const procfs::process& files = parent.files();
    status::record status{};
    if (const int error = parent.read_status(status); error != 0)
        return error;
    process_opener opener;
    if (const int error = opener.prepare(files.root()); error != 0)
        return error;
    bool all = true;
    bool hidden = false; // these are left out
    int outcome = 0;
    const int error = child_numbers::for_each(files, status.tgid, hidden, [&](pid_t number, pid_t) {
        if (found.has(number))
            return true;
        all = !found.full();
        if (!all)
            return false;
        unique_fd child;
        process_stat::record stat{};
        outcome = opener.open_child(files, status.tgid, number, child, stat);
        if (outcome == 0)
            found.add(number, child);
        else if (process_opener::is_passed_over(outcome))
            outcome = 0;
        return outcome == 0;
    });
    if (const int failed = files.settle(error); failed != 0)
        return failed;
    complete = all;
    return outcome;
}

} // namespace

int abi::list_children(int fd, bool& complete, void* where, void (*store)(void*, std::size_t, int),
                       std::size_t capacity) noexcept {
    child_storage found(where, store, capacity);
    if (const int error = found.make(); error != 0)
        return error;
    visible_process parent;
    int error = parent.open(fd);
    if (error == 0)
        error = list_visible_children(parent, found, complete);
    if (error == EPERM) // the caller may not read its own fdinfo
        error = EACCES;
    return error != 0 ? identify::explain(fd, error) : 0;
}

} // namespace pidfd_util
