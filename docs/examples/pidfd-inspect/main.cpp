// SPDX-License-Identifier: MIT
// pidfd-inspect: shows everything that the library knows about processes.
#include "../tool-parts/standard_fds.hpp"
#include "../tool-parts/text.hpp"
#include "arguments.hpp"
#include "output.hpp"
#include "render.hpp"
#include "subject.hpp"
#include "watch.hpp"

#include <algorithm>
#include <vector>

namespace {

status print(const std::string& text) {
    return output().add(text) ? close_output(shown) : failed;
}

/// Shows each process once. Opens one at a time: there may be more than the limit of file descriptors.
status show_once(const arguments& a, const std::vector<process_name>& processes, bool colour) {
    output out(!a.json && a.fields.empty());
    status worst = shown;
    for (std::size_t i = 0; i < processes.size(); ++i) {
        subject s(a.processes[i], processes[i]);
        s.look(a, colour);
        if (!out.add(s.text()))
            return failed;
        worst = std::max(worst, s.complain_once());
    }
    return close_output(worst);
}

status show_processes(const arguments& a, bool colour) {
    std::vector<process_name> processes;
    for (const std::string& text : a.processes) {
        const auto name = parse_process_name(text);
        if (!name)
            return complain({bad_usage, shell_word(text) + ": neither a pid nor an id"});
        processes.push_back(*name);
    }
    if (!a.interval)
        return show_once(a, processes, colour);
    allow_many_files();
    std::vector<subject> subjects;
    subjects.reserve(processes.size());
    for (std::size_t i = 0; i < processes.size(); ++i)
        subjects.emplace_back(a.processes[i], processes[i]);
    return watch(subjects, a, colour);
}

} // namespace

int main(int argc, char** argv) {
    fill_standard_fds();
    const auto a = parse_arguments(argc, argv);
    if (!a)
        return bad_usage;
    const bool colour = use_colour(a->colour);
    switch (a->what) {
    case action::show_processes:
        return show_processes(*a, colour);
    case action::show_features:
        return print(a->json ? features_as_json() : features_as_table(colour));
    case action::list_fields:
        return print(list_of_fields(colour));
    case action::help:
        return print(help);
    case action::version:
        return print("pidfd-inspect " PIDFD_INSPECT_VERSION "\n");
    }
    return failed;
}
