// SPDX-License-Identifier: MIT
// Options in combination: every pair of options of spawn, and seeded choices of many, have the
// effects of each, or are refused with EINVAL.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/option_cast.hpp"
#include "support/pseudo_terminal.hpp"
#include "support/rounds.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

struct pair_of_names {
    const char* a;
    const char* b;
};

/// Contradictions, which spawn refuses, as documented.
constexpr pair_of_names contradictions[] = {
    {"program", "search_path"},
    {"die_with_parent", "parent_death_signal"},
    {"new_session", "process_group"},
    {"new_session", "foreground"},
    {"terminal", "process_group"},
    {"terminal", "foreground"},
    {"enter_namespaces", "new uts"},
    {"new user", "uid"},
    {"new user", "gid"},
    {"new user", "groups"},
};
/// Options that set the same member to different values.
constexpr pair_of_names alternatives[] = {{"scheduling_policy", "scheduling_priority"}};
/// What the kernel refuses: the new user namespace gives no right to the host's namespace, nor to
/// realtime.
constexpr pair_of_names refused[] = {{"new user", "enter_namespaces"},
                                     {"new user", "scheduling_priority"}};

template <std::size_t n>
bool among(const pair_of_names (&pairs)[n], const named_option& a, const named_option& b) {
    return std::any_of(pairs, pairs + n, [&](const pair_of_names& p) {
        return (a.name == p.a && b.name == p.b) || (a.name == p.b && b.name == p.a);
    });
}

/// What the test found.
struct findings {
    bool began;
    int cases;
    char missing[1000]; // options that this kernel or user does not have
    char text[8000];

    void note(const std::string& line) {
        const std::size_t used = std::strlen(text);
        std::snprintf(text + used, sizeof text - used, "%s\n", line.c_str());
    }
};

void judge(option_cast& c, const std::vector<const named_option*>& chosen, findings& f) {
    ++f.cases;
    const run_result r = c.run(chosen);
    std::string names;
    for (const named_option* each : chosen)
        names += each->name + ", ";
    if (r.error != 0) {
        f.note(names + std::strerror(r.error) + " at " + to_string(r.step));
        return;
    }
    const option_proof p{r};
    for (const named_option* each : chosen)
        if (!each->shows(p))
            f.note(names + "no effect of " + each->name);
    if (!r.status || !r.status->success())
        f.note(names + "the program failed");
    const bool open = p.is_open(unmarked);
    const bool may_be_open =
        std::any_of(chosen.begin(), chosen.end(),
                    [](const named_option* each) { return each->name == "close_other_fds"; });
    if (open != may_be_open)
        f.note(names + "a file descriptor is open or closed");
}

/// The options that work here alone. Notes the others.
std::vector<const named_option*> usable(option_cast& c, findings& f) {
    std::vector<const named_option*> all;
    for (const named_option& each : c.all()) {
        const run_result r = c.run({&each});
        if (r.error == 0 && each.shows({r})) {
            all.push_back(&each);
        } else if (r.error == EPERM || r.error == EOPNOTSUPP || r.error == EACCES ||
                   r.error == EINVAL || each.name.compare(0, 4, "new ") == 0) {
            const std::size_t used = std::strlen(f.missing);
            std::snprintf(f.missing + used, sizeof f.missing - used, "%s (%s) ", each.name.c_str(),
                          r.error != 0 ? std::strerror(r.error) : "no effect");
        } else {
            f.note(each.name + " alone: " + std::strerror(r.error) + ", output: " + r.output);
        }
    }
    return all;
}

findings check_pairs(const pseudo_terminal& terminal) {
    findings f{};
    f.began = true;
    option_cast c(terminal);
    const std::vector<const named_option*> all = usable(c, f);
    std::size_t number = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) {
            if (number++ % stride() != 0)
                continue;
            if (among(contradictions, *all[i], *all[j])) {
                const run_result r = c.run({all[i], all[j]});
                if (r.error != EINVAL || r.step != spawn_step::options)
                    f.note(all[i]->name + " contradicts " + all[j]->name);
            } else if (among(refused, *all[i], *all[j])) {
                if (c.run({all[i], all[j]}).error != EPERM)
                    f.note(all[i]->name + " was not refused");
            } else if (!among(alternatives, *all[i], *all[j])) {
                judge(c, {all[i], all[j]}, f);
            }
        }
    return f;
}

/// Whether the options may be combined.
bool fit(const std::vector<const named_option*>& chosen, const named_option& more) {
    return std::none_of(chosen.begin(), chosen.end(), [&](const named_option* each) {
        return among(contradictions, *each, more) || among(refused, *each, more) ||
               among(alternatives, *each, more);
    });
}

findings check_choices(const pseudo_terminal& terminal) {
    findings f{};
    f.began = true;
    option_cast c(terminal);
    std::vector<const named_option*> all = usable(c, f);
    std::mt19937 random(16); // the same choices on every run
    for (int i = 0; i < rounds(100); ++i) {
        for (std::size_t j = all.size(); j > 1; --j) // unlike std::shuffle, alike everywhere
            std::swap(all[j - 1], all[random() % j]);
        std::vector<const named_option*> chosen;
        for (const named_option* each : all)
            if (chosen.size() < static_cast<std::size_t>(3 + i % 20) && fit(chosen, *each))
                chosen.push_back(each);
        judge(c, chosen, f);
    }
    return f;
}

findings in_terminal(findings (*check)(const pseudo_terminal&)) {
    const pseudo_terminal terminal;
    if (!terminal)
        skip_at_once("no pseudo-terminals here");
    const auto got =
        isolated({}, [&] { return in_session_on(terminal, [&] { return check(terminal); }); });
    REQUIRE(got);
    REQUIRE(got->began);
    return *got;
}

} // namespace

TEST_CASE("every pair of options has the effects of both, or is refused with EINVAL") {
    const findings f = in_terminal(check_pairs);
    INFO(f.text);
    CHECK(f.text[0] == 0);
    CHECK(f.cases > 0);
    std::cout << "pairs of options: " << f.cases << ", missing here: " << f.missing << std::endl;
}

TEST_CASE("many options together have the effects of each") {
    const findings f = in_terminal(check_choices);
    INFO(f.text);
    CHECK(f.text[0] == 0);
    CHECK(f.cases > 0);
}
