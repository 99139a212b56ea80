// SPDX-License-Identifier: MIT
// fdinfo::parse returns a complete record or an error for any text.
#include "paths/fdinfo.hpp"

#include "input.hpp"

#include <cerrno>

using namespace pidfd_util;

namespace {

std::string written(const fdinfo::record& r) {
    std::string text = "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nPid:\t" + std::to_string(r.pid);
    for (std::size_t i = 0; i < r.nspid.count; ++i)
        text += (i == 0 ? "\nNSpid:\t" : "\t") + std::to_string(r.nspid.pids[i]);
    return text + "\n";
}

bool same(const fdinfo::record& a, const fdinfo::record& b) {
    bool equal = a.pid == b.pid && a.nspid.count == b.nspid.count;
    for (std::size_t i = 0; equal && i < a.nspid.count; ++i)
        equal = a.nspid.pids[i] == b.nspid.pids[i];
    return equal;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    fdinfo::record r{};
    const int error = fdinfo::parse(text, r);
    fuzz::require(error == 0 || error == EBADFD || error == EBADMSG, "a documented answer");
    if (error != 0)
        return 0;
    fuzz::require(r.pid >= -1, "a pid, or reaped, or not visible");
    fuzz::require(r.nspid.count <= text::pid_list::capacity, "no more pids than fit");
    fuzz::require(r.nspid.count == 0 || r.nspid.pids[0] == r.pid, "both lines tell the same pid");
    fdinfo::record again{};
    fuzz::require(fdinfo::parse(written(r), again) == 0 && same(r, again),
                  "what was understood is understood as the kernel writes it");
    return 0;
}
