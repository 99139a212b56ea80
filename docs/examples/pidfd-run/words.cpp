// SPDX-License-Identifier: MIT
#include "words.hpp"

#include "../tool-parts/number.hpp"

#include <sys/resource.h>

using namespace pidfd_util;

namespace {

struct named_resource {
    std::string_view name;
    int resource;
};

constexpr named_resource resources[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},
    {"cpu", RLIMIT_CPU},         {"data", RLIMIT_DATA},
    {"fsize", RLIMIT_FSIZE},     {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE},
    {"nice", RLIMIT_NICE},       {"nofile", RLIMIT_NOFILE},
    {"nproc", RLIMIT_NPROC},     {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},
    {"stack", RLIMIT_STACK},     {"sigpending", RLIMIT_SIGPENDING},
};

struct named_namespace {
    std::string_view name;
    namespace_flags flag;
};

constexpr named_namespace namespaces[] = {
    {"cgroup", namespace_flags::cgroup}, {"ipc", namespace_flags::ipc},
    {"mnt", namespace_flags::mnt},       {"net", namespace_flags::net},
    {"pid", namespace_flags::pid},       {"time", namespace_flags::time},
    {"user", namespace_flags::user},     {"uts", namespace_flags::uts},
};

std::optional<std::uint64_t> parse_amount(std::string_view text) {
    if (text == "unlimited")
        return RLIM_INFINITY;
    return parse_number<std::uint64_t>(text);
}

} // namespace

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts;
    if (text.empty())
        return parts;
    for (;;) {
        const std::size_t comma = text.find(',');
        parts.emplace_back(text.substr(0, comma));
        if (comma == std::string_view::npos)
            return parts;
        text.remove_prefix(comma + 1);
    }
}

std::optional<std::vector<int>> parse_cpus(std::string_view text) {
    constexpr int limit = 8192; // of `spawn_options::cpus`
    std::vector<int> cpus;
    for (const std::string& part : split_list(text)) {
        const std::size_t dash = part.find('-');
        const auto first = parse_number<int>(std::string_view(part).substr(0, dash));
        const auto last = dash == std::string::npos
                              ? first
                              : parse_number<int>(std::string_view(part).substr(dash + 1));
        if (!first || !last || *first < 0 || *last < *first || *last >= limit)
            return std::nullopt;
        for (int cpu = *first; cpu <= *last; ++cpu)
            cpus.push_back(cpu);
    }
    return cpus.empty() ? std::nullopt : std::optional(cpus);
}

std::optional<namespace_flags> parse_namespace(std::string_view name) {
    for (const auto& n : namespaces)
        if (n.name == name)
            return n.flag;
    return std::nullopt;
}

std::optional<resource_limit> parse_limit(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos)
        return std::nullopt;
    const std::string_view amounts = text.substr(equals + 1);
    const std::size_t colon = amounts.find(':');
    const auto soft = parse_amount(amounts.substr(0, colon));
    const auto hard =
        colon == std::string_view::npos ? soft : parse_amount(amounts.substr(colon + 1));
    for (const auto& r : resources)
        if (r.name == text.substr(0, equals) && soft && hard)
            return resource_limit{r.resource, {*soft, *hard}};
    return std::nullopt;
}
