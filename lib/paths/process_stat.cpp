// SPDX-License-Identifier: MIT
#include "process_stat.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"
#include "proc_file.hpp"
#include "proc_root.hpp"
#include "task_path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace pidfd_util::process_stat {

namespace {

/// The fields behind the name of the process, one after the other.
class field_reader {
public:
    explicit field_reader(std::string_view text) noexcept : rest_(text) {}

    std::string_view word() noexcept {
        const std::string_view taken = text::take_word(rest_);
        good_ = good_ && !taken.empty();
        return taken;
    }
    void skip(int count) noexcept {
        for (; count > 0; --count)
            word();
    }
    pid_t pid() noexcept { // -1 for a process that is being reaped
        pid_t value = 0;
        good_ = text::parse_pid(word(), value) && good_;
        return value;
    }
    std::uint64_t number() noexcept {
        std::int64_t value = 0;
        good_ = text::parse_number(word(), value) && value >= 0 && good_;
        return static_cast<std::uint64_t>(value);
    }
    /// If nothing follows, the last field itself may be cut.
    [[nodiscard]] bool good() const noexcept { return good_ && !rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

// 52 fields of up to 20 digits, and a name of up to 64 characters.
constexpr std::size_t longest = 1280;

int read_named(const procfs::process& process, const char* name, record& result) noexcept {
    char text[longest];
    std::size_t size = 0;
    if (const int error = proc_file::read_once(process, name, text, sizeof text, size); error != 0)
        return error;
    return parse({text, size}, result) ? 0 : EBADMSG;
}

} // namespace

bool parse(std::string_view text, record& result) noexcept {
    // The name of the process, the second field, is in brackets and can have any character.
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string_view::npos)
        return false;
    field_reader fields(text.substr(name_end + 1));
    record r{};
    const std::string_view state = fields.word(); // the third field
    r.parent = fields.pid();
    r.group = fields.pid();
    r.session = fields.pid();
    r.has_terminal = fields.word() != "0";
    fields.skip(1); // the terminal's group
    r.flags = fields.number();
    r.minor_faults = fields.number();
    fields.skip(1); // of children
    r.major_faults = fields.number();
    fields.skip(1);
    r.user_time = fields.number();
    r.system_time = fields.number();
    fields.skip(4); // times of children, priority, nice value
    r.threads = fields.number();
    fields.skip(1);
    r.start = fields.number(); // the 22nd field
    if (!fields.good() || state.size() != 1)
        return false;
    r.state = state.front();
    result = r;
    return true;
}

int read(const procfs::process& process, record& result) noexcept {
    return read_named(process, "stat", result);
}

int read_thread(const procfs::process& process, pid_t tid, record& result) noexcept {
    text::numbered_path path;
    const int error = set_task_path(path, tid, "stat");
    return error == 0 ? read_named(process, path.text, result) : error;
}

int read_unverified(int root, pid_t number, record& result) noexcept {
    unique_fd file;
    if (const int error = proc_root::open_file(root, number, "stat", O_RDONLY, file); error != 0)
        return error;
    char text[longest];
    std::size_t size = 0;
    if (const int error = sys::read(file.get(), text, sizeof text, size); error != 0)
        return error;
    return parse({text, size}, result) ? 0 : EBADMSG;
}

int has_flag(const procfs::process& process, std::uint64_t flags, bool& has) noexcept {
    record stat{};
    const int error = read(process, stat);
    has = (stat.flags & flags) != 0;
    return error;
}

std::int64_t nanoseconds_per_tick() noexcept {
    const int saved = errno;
    const long found = ::sysconf(_SC_CLK_TCK); // from the auxiliary vector: never fails
    errno = saved;
    constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;
    constexpr std::int64_t usual = 100;
    return nanoseconds_per_second / (found > 0 ? found : usual);
}

} // namespace pidfd_util::process_stat
