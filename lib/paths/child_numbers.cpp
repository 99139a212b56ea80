// SPDX-License-Identifier: MIT
#include "child_numbers.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"
#include "task_path.hpp"

#include <cstring>
#include <string_view>

namespace pidfd_util::child_numbers {

namespace {

/// Returns whether the kernel has the file at all. The calling thread exists.
bool kernel_has_lists(int root) noexcept {
    unique_fd own;
    return proc_root::open_entry(root, "thread-self/children", O_PATH, own) == 0;
}

/// Explains the errno of reading the list, which the kernel reads for every caller.
int explain_list_error(int error) noexcept {
    switch (error) {
    case ERFKILL:
    case EPERM:
    case EACCES:
        return explain_denial(error);
    case ENOSYS:
        return error;
    default:
        return explain_unexpected(error);
    }
}

} // namespace

int list::open(const procfs::process& parent, pid_t tid) noexcept {
    begin_ = end_ = 0;
    was_read_ = false;
    text::numbered_path path;
    if (const int error = set_task_path(path, tid, "children"); error != 0)
        return error;
    const int error = parent.open_file(path.text, O_RDONLY, file_);
    return error == ENOENT && !kernel_has_lists(parent.root()) ? EOPNOTSUPP : error;
}

int list::next(pid_t& number) noexcept {
    for (bool at_end = false;;) {
        std::string_view rest(text_ + begin_, end_ - begin_);
        const std::size_t before = rest.size();
        const std::string_view word = text::take_word(rest);
        // A blank follows every number: without one, the rest of the number has not been read yet.
        if (!word.empty() && (!rest.empty() || at_end)) {
            begin_ += before - rest.size();
            return text::parse_pid(word, number) && number > 0 ? 0 : EBADMSG;
        }
        if (at_end) {
            number = 0;
            if (was_read_)
                return 0;
            // There is no child, unless a filter answered.
            std::size_t none = 0;
            return explain_success([&] { return sys::read_any(-1, text_, sizeof text_, none); });
        }
        std::memmove(text_, text_ + begin_, before);
        begin_ = 0;
        end_ = before;
        std::size_t count = 0;
        if (end_ == sizeof text_)
            return EBADMSG;
        if (const int error = sys::read_any(file_.get(), text_ + end_, sizeof text_ - end_, count);
            error != 0)
            return explain_list_error(error);
        end_ += count;
        at_end = count == 0;
        was_read_ = was_read_ || count != 0;
    }
}

} // namespace pidfd_util::child_numbers
