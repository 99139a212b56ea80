// SPDX-License-Identifier: MIT
#include "status.hpp"

#include <cerrno>

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
    if (text::take_key(line, "Tgid:"))
        return seen_ |= tgid, text::parse_pid(text::take_word(line), r.tgid);
    if (text::take_key(line, "PPid:"))
        return seen_ |= ppid, text::parse_pid(text::take_word(line), r.ppid);
    if (text::take_key(line, "Uid:"))
        return seen_ |= uid, parse_ids(line, c.ruid, c.euid, c.suid, c.fsuid);
    if (text::take_key(line, "Gid:"))
        return seen_ |= gid, parse_ids(line, c.rgid, c.egid, c.sgid, c.fsgid);
    if (text::take_key(line, "NStgid:"))
        return text::parse_pids(line, r.nstgid);
    if (text::take_key(line, "NSpid:"))
        return seen_ |= nspid, text::parse_pids(line, r.nspid);
    return true;
}

int read(int fd, record& result) noexcept {
    // Room for everything up to NSpid in one reading, but for a long list of groups, which comes
    // cut. The name of the process cannot fake a line: its newlines are escaped.
    char buffer[1024];
    text::line_reader lines(fd, buffer, sizeof buffer);
    result = {};
    parser progress;
    std::string_view line;
    while (!progress.finished()) {
        const int got = lines.next(line);
        if (got < 0)
            return -got;
        if (got == 0)
            break;
        if (!progress.take(line, result))
            return EBADMSG;
    }
    return progress.complete() ? 0 : EBADMSG;
}

} // namespace pidfd_util::status
