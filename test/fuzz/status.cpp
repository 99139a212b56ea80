// SPDX-License-Identifier: MIT
// status::read returns the same for a whole file as the parser does for its single lines, wherever
// the buffer ends.
#include "paths/status.hpp"

#include "input.hpp"

#include <cerrno>

using namespace pidfd_util;

namespace {

constexpr std::size_t buffer_size = 1024; // of status::read

int read_line_by_line(std::string_view text, status::record& result) {
    status::parser parser;
    for (const std::string& line : fuzz::lines_of(text, buffer_size)) {
        if (parser.finished())
            break;
        if (!parser.take(line, result))
            return EBADMSG;
    }
    return parser.complete() ? 0 : EBADMSG;
}

bool same(const text::pid_list& a, const text::pid_list& b) {
    bool equal = a.count == b.count;
    for (std::size_t i = 0; equal && i < a.count; ++i)
        equal = a.pids[i] == b.pids[i];
    return equal;
}

bool same(const status::record& a, const status::record& b) {
    return a.tgid == b.tgid && a.ppid == b.ppid && a.creds == b.creds && same(a.nstgid, b.nstgid) &&
           same(a.nspid, b.nspid);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    status::record expected{};
    status::record got{};
    const int error = status::read(fuzz::file_of(text), got);
    fuzz::require(error == read_line_by_line(text, expected), "the file is as good as its lines");
    fuzz::require(error != 0 || same(got, expected), "the file gives the same as its lines");
    return 0;
}
