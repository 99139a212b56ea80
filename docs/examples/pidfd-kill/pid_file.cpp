// SPDX-License-Identifier: MIT
#include "pid_file.hpp"

#include "../tool-parts/target.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

using std::chrono::system_clock;

namespace {

std::string_view first_line(std::string_view text) {
    constexpr char blanks[] = " \t\r";
    text = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

} // namespace

std::optional<pid_file> read_pid_file(const std::string& path, std::string& mistake) {
    // The open of a FIFO would wait for its writer.
    const pidfd_util::unique_fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat facts {};
    std::array<char, 256> text;
    ssize_t length = -1;
    if (file && fstat(file.get(), &facts) == 0)
        length = read(file.get(), text.data(), text.size());
    if (length < 0) {
        mistake = std::string("cannot read the pid file: ") + std::strerror(errno);
        return std::nullopt;
    }
    const auto pid = parse_pid(first_line({text.data(), static_cast<std::size_t>(length)}));
    if (!pid || !S_ISREG(facts.st_mode)) {
        mistake = "this is not a pid file";
        return std::nullopt;
    }
    const auto since_1970 = std::chrono::seconds(facts.st_mtim.tv_sec) +
                            std::chrono::nanoseconds(facts.st_mtim.tv_nsec);
    return pid_file{*pid, system_clock::time_point(
                              std::chrono::duration_cast<system_clock::duration>(since_1970))};
}
