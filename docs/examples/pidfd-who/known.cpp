// SPDX-License-Identifier: MIT
#include "known.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

// If the kernel cannot open a process by its id, ids of ended processes stay until there are this
// many.
constexpr std::size_t most_ids = 1000;
constexpr std::size_t most_bytes = 65536;

unexpected last_error() {
    return unexpected(std::error_code(errno, pidfd_category()));
}

/// Reads a regular file; empty if there is none.
expected<std::string> read_regular(const char* name) {
    // O_NONBLOCK: opening a FIFO must not wait.
    const unique_fd file(open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file && errno == ENOENT)
        return {};
    struct stat status {};
    if (!file || fstat(file.get(), &status) != 0)
        return last_error();
    if (!S_ISREG(status.st_mode))
        return unexpected(std::make_error_code(std::errc::invalid_argument));
    std::string text(most_bytes + 1, '\0');
    const ssize_t size = read(file.get(), text.data(), text.size());
    if (size < 0)
        return last_error();
    text.resize(static_cast<std::size_t>(size));
    if (text.size() > most_bytes)
        return unexpected(std::make_error_code(std::errc::file_too_large));
    return text;
}

} // namespace

std::string known_callers::load(const char* file) {
    const auto text = read_regular(file);
    if (!text)
        return "cannot read the file of known callers: " + text.error().message();
    for (std::string_view rest = *text; !rest.empty();) {
        const std::size_t end = rest.find('\n');
        const auto id = parse_process_id(rest.substr(0, end));
        // The file may belong to another program: do not replace it.
        if (!id || end == std::string_view::npos)
            return "the file of known callers has a line that is not the id of a process";
        ids_.insert(*id);
        rest.remove_prefix(end + 1);
    }
    forget_ended();
    file_ = file;
    if (const auto saved = save(); !saved)
        return "cannot write the file of known callers: " + saved.error().message();
    return {};
}

expected<void> known_callers::add(const process_id& id) {
    forget_ended();
    while (ids_.size() >= most_ids)
        ids_.erase(ids_.begin()); // the kernel gave it out first
    ids_.insert(id);
    return file_.empty() ? expected<void>() : save();
}

expected<void> known_callers::save() const {
    std::string text;
    for (const process_id& id : ids_)
        (text += to_text(id)) += '\n';
    // In the same directory: rename(2) replaces the file as a whole, or not at all.
    std::string name = file_ + ".XXXXXX";
    const unique_fd file(mkostemp(name.data(), O_CLOEXEC));
    if (!file)
        return last_error();
    // The file need not survive a crash of the machine, because the ids are worthless after it. But
    // a crash must not leave a file that is half written.
    const bool written =
        write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        fsync(file.get()) == 0 && rename(name.c_str(), file_.c_str()) == 0;
    if (written)
        return {};
    const auto error = last_error();
    unlink(name.c_str());
    return error;
}

void known_callers::forget_ended() {
    for (auto id = ids_.begin(); id != ids_.end();) {
        const auto process = pidfd::from_id(*id);
        const bool ended = process ? process->is_alive() == false
                                   : process.error() == pidfd_errc::not_found ||
                                         process.error() == pidfd_errc::foreign_boot;
        id = ended ? ids_.erase(id) : std::next(id);
    }
}
