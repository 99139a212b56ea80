// SPDX-License-Identifier: MIT
#include "../paths/directory.hpp"
#include "../paths/proc_root.hpp"
#include "../paths/process_opener.hpp"

#include <pidfd_util/abi_enumeration.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <fcntl.h>

namespace pidfd_util {

namespace {

int list_from(std::int64_t& position, bool& complete, void* where,
              void (*store)(void*, std::size_t, int), std::size_t capacity) noexcept {
    unique_fd root;
    if (const int error = proc_root::open(root); error != 0)
        return error;
    process_opener opener;
    if (const int error = opener.prepare(root.get()); error != 0)
        return error;
    unique_fd list;
    if (const int error = proc_root::open_entry(root.get(), ".", O_RDONLY | O_DIRECTORY, list);
        error != 0)
        return error;
    std::size_t stored = 0;
    bool all = true;
    int outcome = 0;
    std::int64_t reached = position;
    const int error = directory::for_each_number_from(
        list.get(), position, [&](pid_t number, std::int64_t behind) {
            all = stored != capacity;
            if (!all)
                return false;
            unique_fd process;
            outcome = opener.open(number, process);
            if (outcome == 0)
                store(where, stored++, process.release());
            else if (!process_opener::is_passed_over(outcome))
                return false;
            outcome = 0;
            reached = behind;
            return true;
        });
    if (error != 0)
        return error;
    position = reached;
    complete = all;
    return outcome;
}

} // namespace

int abi::list_processes(std::int64_t& position, bool& complete, void* where,
                        void (*store)(void*, std::size_t, int), std::size_t capacity) noexcept {
    return proc_root::explain_entry(list_from(position, complete, where, store, capacity));
}

} // namespace pidfd_util
