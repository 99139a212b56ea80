// SPDX-License-Identifier: MIT
#include "status.hpp"

#include "proc_root.hpp"

#include <cerrno>
#include <fcntl.h>
#include <optional>

namespace pidfd_util::status {

namespace {

bool parse_ids(std::string_view text, uid_t& real, uid_t& effective, uid_t& saved,
               uid_t& filesystem) noexcept {
    for (uid_t* id : {&real, &effective, &saved, &filesystem})
        if (!text::parse_id(text::take_word(text), *id))
            return false;
    return text::take_word(text).empty();
}

} // namespace

bool parser::take(std::string_view line, record& r) noexcept {
    credentials& c = r.creds;
    if (text::take_key(line, "Tgid:")) {
        seen_ |= tgid;
        return text::parse_pid(text::take_word(line), r.tgid);
    }
    if (text::take_key(line, "PPid:")) {
        seen_ |= ppid;
        return text::parse_pid(text::take_word(line), r.ppid);
    }
    if (text::take_key(line, "TracerPid:"))
        return text::parse_pid(text::take_word(line), r.tracer);
    if (text::take_key(line, "Uid:")) {
        seen_ |= uid;
        return parse_ids(line, c.ruid, c.euid, c.suid, c.fsuid);
    }
    if (text::take_key(line, "Gid:")) {
        seen_ |= gid;
        return parse_ids(line, c.rgid, c.egid, c.sgid, c.fsgid);
    }
    if (text::take_key(line, "NStgid:"))
        return text::parse_pids(line, r.nstgid);
    if (text::take_key(line, "NSpid:")) {
        seen_ |= nspid;
        return text::parse_pids(line, r.nspid);
    }
    return true;
}

int read(int fd, record& result) noexcept {
    // Holds everything up to NSpid in one read, except a long list of groups, which is cut. The
    // name of the process cannot fake a line: the kernel escapes newlines in it.
    char buffer[1024];
    text::line_reader lines(fd, buffer, sizeof buffer);
    result = {};
    parser progress;
    std::optional<std::string_view> line;
    while (!progress.finished()) {
        if (const int error = lines.next(line); error != 0)
            return error;
        if (!line)
            break;
        if (!progress.take(*line, result))
            return EBADMSG;
    }
    return progress.complete() ? 0 : EBADMSG;
}

int read_unverified(int root, pid_t number, record& result) noexcept {
    unique_fd file;
    const int error = proc_root::open_file(root, number, "status", O_RDONLY, file);
    return error != 0 ? error : read(file.get(), result);
}

} // namespace pidfd_util::status
