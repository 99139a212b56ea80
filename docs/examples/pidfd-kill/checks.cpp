// SPDX-License-Identifier: MIT
#include "checks.hpp"

#include "../tool-parts/names.hpp"
#include "../tool-parts/text.hpp"
#include "../tool-parts/utc_time.hpp"

#include <array>
#include <sys/stat.h>
#include <unistd.h>

using namespace pidfd_util;
using std::chrono::floor;
using std::chrono::seconds;
using std::chrono::system_clock;

namespace {

/// The system clock is adjusted, and the kernel stores the start of a process and the time of a file
/// with different precisions.
constexpr seconds tolerance(1);

std::string cannot_check(const char* fact, const std::error_code& error) {
    if (error == pidfd_errc::not_found)
        return "it has ended";
    return std::string("cannot check its ") + fact + ": " + error.message();
}

std::string name_of_file(int fd) {
    std::array<char, 4096> name;
    const auto length =
        readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), name.data(), name.size());
    return length <= 0 ? "another file"
                       : shell_word({name.data(), static_cast<std::size_t>(length)});
}

std::string check_executable(pidfd_view process, const checks::file& wanted) {
    const auto file = process.get_executable();
    if (!file && file.error() == std::errc::no_such_file_or_directory)
        return "it has no executable: it is a kernel thread";
    if (!file)
        return cannot_check("executable", file.error());
    struct stat found {};
    if (fstat(file->get(), &found) != 0)
        return "cannot check its executable";
    if (found.st_dev == wanted.device && found.st_ino == wanted.inode)
        return {};
    const std::string name = name_of_file(file->get());
    if (found.st_nlink == 0)
        return "its executable was removed or replaced since it started: " + name;
    return "the executable is " + name + ", not " + shell_word(wanted.path);
}

std::string name_of_user(uid_t uid) {
    const auto name = user_name(uid);
    return name ? shell_word(*name) : std::to_string(uid);
}

std::string check_user(pidfd_view process, uid_t wanted) {
    const auto creds = process.get_creds();
    if (!creds)
        return cannot_check("user", creds.error());
    if (creds->euid == wanted)
        return {};
    return "the user is " + name_of_user(creds->euid) + ", not " + name_of_user(wanted);
}

std::string check_start(pidfd_view process, system_clock::time_point wanted) {
    const auto start = process.get_start_time();
    if (!start)
        return cannot_check("start", start.error());
    const auto difference = floor<seconds>(start->wall) - floor<seconds>(wanted);
    if (difference <= tolerance && difference >= -tolerance)
        return {};
    return "it started at " + utc_time(start->wall) + ", not at " + utc_time(wanted);
}

std::string check_cgroup(pidfd_view process, const std::string& wanted) {
    std::array<char, 4096> buffer;
    const auto group = process.get_cgroup_path(buffer);
    if (!group)
        return cannot_check("cgroup", group.error());
    const bool is_below =
        group->path.substr(0, wanted.size()) == wanted &&
        (wanted == "/" || group->path.size() == wanted.size() || group->path[wanted.size()] == '/');
    return is_below ? std::string()
                    : "the cgroup is " + shell_word(group->path) + ", not " + shell_word(wanted);
}

} // namespace

std::string find_later_start(pidfd_view process, system_clock::time_point noted) {
    const auto start = process.get_start_time();
    if (!start)
        return cannot_check("start", start.error());
    if (start->wall <= noted + tolerance)
        return {};
    return "it started at " + utc_time(start->wall) + ", after " + utc_time(noted);
}

std::string find_difference(pidfd_view process, const checks& wanted) {
    std::string found;
    if (wanted.executable)
        found = check_executable(process, *wanted.executable);
    if (found.empty() && wanted.user)
        found = check_user(process, *wanted.user);
    if (found.empty() && wanted.started)
        found = check_start(process, *wanted.started);
    if (found.empty() && wanted.started_before)
        found = find_later_start(process, *wanted.started_before);
    if (found.empty() && !wanted.cgroup.empty())
        found = check_cgroup(process, wanted.cgroup);
    return found;
}
