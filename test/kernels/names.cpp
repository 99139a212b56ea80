// SPDX-License-Identifier: MIT
// Names a process for good, or tries to open the processes with such names.
//
// usage: kernel-names                  prints the id and the stamp of the first process of this boot
//        kernel-names NAME...          prints the number of the error, or 0, for each of them
//
// "-" stands for a name that this kernel does not have.
#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
#include <string>
#include <string_view>

using namespace pidfd_util;

namespace {

int error_of(std::string_view name) {
    const auto code = [](const expected<pidfd>& opened) {
        return opened ? 0 : opened.error().value();
    };
    if (const auto id = parse_process_id(name))
        return code(pidfd::from_id(*id));
    if (const auto stamp = parse_process_stamp(name))
        return code(pidfd::from_stamp(*stamp));
    return -1;
}

} // namespace

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i)
        if (argv[i] != std::string_view("-"))
            std::printf("opened %d\n", error_of(argv[i]));
    if (argc > 1)
        return 0;
    const auto init = pidfd::from_pid(1);
    if (!init)
        return 1;
    const auto id = init->get_process_id();
    const auto stamp = init->get_stamp();
    const std::string name(id ? std::string(to_text(*id)) : "-");
    const std::string text(stamp ? std::string(to_text(*stamp)) : "-");
    std::printf("names %s %s\n", name.c_str(), text.c_str());
}
