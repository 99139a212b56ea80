// SPDX-License-Identifier: MIT
#include "limits.hpp"

#include "../kernel/text.hpp"
#include "proc_file.hpp"

#include <pidfd_util/detail/fixed_text.hpp>

#include <cerrno>
#include <sys/resource.h>

namespace pidfd_util::limits {

namespace {

// The numbers differ between machines, the names do not.
constexpr struct {
    int resource;
    std::string_view name;
} resources[] = {
    {RLIMIT_CPU, "Max cpu time"},
    {RLIMIT_FSIZE, "Max file size"},
    {RLIMIT_DATA, "Max data size"},
    {RLIMIT_STACK, "Max stack size"},
    {RLIMIT_CORE, "Max core file size"},
    {RLIMIT_RSS, "Max resident set"},
    {RLIMIT_NPROC, "Max processes"},
    {RLIMIT_NOFILE, "Max open files"},
    {RLIMIT_MEMLOCK, "Max locked memory"},
    {RLIMIT_AS, "Max address space"},
    {RLIMIT_LOCKS, "Max file locks"},
    {RLIMIT_SIGPENDING, "Max pending signals"},
    {RLIMIT_MSGQUEUE, "Max msgqueue size"},
    {RLIMIT_NICE, "Max nice priority"},
    {RLIMIT_RTPRIO, "Max realtime priority"},
    {RLIMIT_RTTIME, "Max realtime timeout"},
};

bool parse_limit(std::string_view word, std::uint64_t& limit) noexcept {
    if (word == "unlimited") {
        limit = unlimited;
        return true;
    }
    return texts::parse_decimal(word, UINT64_MAX, limit);
}

} // namespace

std::string_view name_of(int resource) noexcept {
    for (const auto& row : resources)
        if (row.resource == resource)
            return row.name;
    return {};
}

bool parse(std::string_view values, std::uint64_t& soft, std::uint64_t& hard) noexcept {
    return parse_limit(text::take_word(values), soft) && parse_limit(text::take_word(values), hard);
}

int read(const procfs::process& process, int resource, std::uint64_t& soft,
         std::uint64_t& hard) noexcept {
    const std::string_view name = name_of(resource);
    if (name.empty())
        return EINVAL;
    // A headline and 16 lines of up to 80 characters.
    char buffer[2048];
    std::size_t size = 0;
    if (const int error = proc_file::read_once(process, "limits", buffer, sizeof buffer, size);
        error != 0)
        return error;
    std::string_view rest(buffer, size);
    while (!rest.empty()) {
        std::string_view line = texts::split(rest, '\n');
        if (text::take_key(line, name))
            return parse(line, soft, hard) ? 0 : EBADMSG;
    }
    return EBADMSG;
}

} // namespace pidfd_util::limits
