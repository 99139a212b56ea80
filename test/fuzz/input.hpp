// SPDX-License-Identifier: MIT
// What the fuzz targets share: splitting their input, and ending a run that has failed.
#ifndef PIDFD_UTIL_FUZZ_INPUT_HPP
#define PIDFD_UTIL_FUZZ_INPUT_HPP

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace fuzz {

inline void require(bool holds, const char* what) {
    if (holds)
        return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

/// Removes the text up to the separator, with the separator, and returns it; all of the text if
/// there is none.
inline std::string_view take_until(std::string_view& text, char separator) {
    const std::string_view part = text.substr(0, text.find(separator));
    text.remove_prefix(part.size() < text.size() ? part.size() + 1 : part.size());
    return part;
}

/// The lines of a text, found by the simplest code, each cut to the size.
inline std::vector<std::string> lines_of(std::string_view text, std::size_t size) {
    std::vector<std::string> lines;
    while (!text.empty())
        lines.emplace_back(take_until(text, '\n').substr(0, size));
    return lines;
}

/// A file with this text, at its beginning; always the same one.
inline int file_of(std::string_view text) {
    static const int fd = memfd_create("input", MFD_CLOEXEC);
    const auto size = static_cast<ssize_t>(text.size());
    const bool ready = ftruncate(fd, 0) == 0 && pwrite(fd, text.data(), text.size(), 0) == size &&
                       lseek(fd, 0, SEEK_SET) == 0;
    require(ready, "the input is in a file");
    return fd;
}

/// Escaped as the kernel writes paths into mountinfo.
inline std::string escaped(std::string_view path) {
    std::string text;
    for (const char c : path) {
        switch (c) {
        case ' ':
            text += "\\040";
            break;
        case '\t':
            text += "\\011";
            break;
        case '\n':
            text += "\\012";
            break;
        case '\\':
            text += "\\134";
            break;
        default:
            text += c;
        }
    }
    return text;
}

} // namespace fuzz

#endif
