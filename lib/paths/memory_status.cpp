// SPDX-License-Identifier: MIT
#include "memory_status.hpp"

#include "../kernel/text.hpp"
#include "task_path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <limits>
#include <optional>

namespace pidfd_util::memory_status {

bool parser::take(std::string_view line, record& r) noexcept {
    const struct {
        std::string_view key;
        std::uint64_t& value;
    } rows[] = {{"VmSize:", r.virtual_size}, {"VmHWM:", r.peak_resident}, {"VmRSS:", r.resident}};
    for (std::size_t i = 0; i < std::size(rows); ++i) {
        if (!text::take_key(line, rows[i].key))
            continue;
        constexpr std::int64_t unit = 1024;
        std::int64_t number = 0;
        if (!text::parse_number(text::take_word(line), number) || number < 0 ||
            number > std::numeric_limits<std::int64_t>::max() / unit ||
            text::take_word(line) != "kB" || !text::take_word(line).empty())
            return false;
        rows[i].value = static_cast<std::uint64_t>(number * unit);
        seen_ |= 1U << i;
        return true;
    }
    return true;
}

namespace {

int read_named(const procfs::process& process, const char* name, record& result,
               bool& found) noexcept {
    unique_fd file;
    if (const int error = process.open_file(name, O_RDONLY, file); error != 0)
        return error;
    // Holds the whole text, except for a long list of groups, which is cut. The kernel generates it
    // at the first read: the figures are of one moment.
    char buffer[4096];
    text::line_reader lines(file.get(), buffer, sizeof buffer);
    std::optional<std::string_view> line;
    parser progress;
    result = {};
    while (!progress.complete()) {
        if (const int error = lines.next(line); error != 0)
            return error;
        if (!line)
            break;
        if (!progress.take(*line, result))
            return EBADMSG;
    }
    found = progress.complete();
    return progress.complete() || progress.empty() ? 0 : EBADMSG;
}

} // namespace

int read(const procfs::process& process, record& result, bool& found) noexcept {
    return read_named(process, "status", result, found);
}

int read_thread(const procfs::process& process, pid_t tid, record& result, bool& found) noexcept {
    text::numbered_path path;
    const int error = set_task_path(path, tid, "status");
    return error == 0 ? read_named(process, path.text, result, found) : error;
}

} // namespace pidfd_util::memory_status
