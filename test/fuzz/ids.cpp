// SPDX-License-Identifier: MIT
// The parsers of ids and of announcements accept a text if and only if it is the one that is written
// for the value, and no text is one of two types.
#include <pidfd_util/inheritance.hpp>
#include <pidfd_util/process_id.hpp>
#include <pidfd_util/process_reference.hpp>
#include <pidfd_util/process_stamp.hpp>

#include "input.hpp"

#include <cctype>
#include <cstring>
#include <string>

using namespace pidfd_util;

namespace {

/// The text without dashes and in lower case.
std::string normal(std::string_view text) {
    std::string result;
    for (const char c : text)
        if (c != '-')
            result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

std::string written(const detail::announcement& announced) {
    const std::string number = "pidfd=" + std::to_string(announced.number);
    return announced.inode == 0 ? number : number + ",inode=" + std::to_string(announced.inode);
}

void check_text(std::string_view text) {
    const auto boot = parse_boot_id(text);
    const auto id = parse_process_id(text);
    const auto stamp = parse_process_stamp(text);
    const boot_id some{{1}};
    const auto reference = parse_util_linux_text(text, some);
    const auto announced = detail::parse_announcement(text);
    fuzz::require((boot ? 1 : 0) + (id ? 1 : 0) + (stamp ? 1 : 0) + (reference ? 1 : 0) +
                          (announced ? 1 : 0) <=
                      1,
                  "a text is that of one type");
    fuzz::require(!announced || written(*announced) == text,
                  "an announcement is written as it was read");
    fuzz::require(!boot || to_text(*boot) == normal(text), "a boot id has these digits");
    fuzz::require(!id || to_text(*id) == text, "a process id is written as it was read");
    fuzz::require(!id || id->inode != 0, "an id is not 0");
    fuzz::require(!stamp || to_text(*stamp) == text, "a stamp is written as it was read");
    fuzz::require(!stamp || (stamp->pid > 0 && stamp->pid_namespace != 0), "a stamp has a pid");
    fuzz::require(!reference || to_util_linux_text(*reference) == text,
                  "a reference is written as it was read");
    fuzz::require(!reference || (reference->pid > 0 && reference->id.inode != 0 &&
                                 reference->id.boot == some),
                  "a reference has a pid and an id of the given boot");
}

void check_value(const process_stamp& raw) {
    process_stamp stamp = raw;
    if (stamp.pid <= 0)
        fuzz::require(to_text(stamp).size() == 0, "no text has a pid that no process has");
    stamp.pid &= 0x7fffffff;
    if (stamp.pid == 0 || stamp.pid_namespace == 0 || stamp.boot == boot_id{})
        return;
    fuzz::require(parse_boot_id(std::string(to_text(stamp.boot))) == stamp.boot,
                  "a boot id survives");
    fuzz::require(parse_process_stamp(std::string(to_text(stamp))) == stamp, "a stamp survives");
    const process_reference reference{stamp.pid, {stamp.pid_namespace, stamp.boot}};
    fuzz::require(parse_process_id(std::string(to_text(reference.id))) == reference.id,
                  "a process id survives");
    fuzz::require(parse_util_linux_text(std::string(to_util_linux_text(reference)), stamp.boot) ==
                      reference,
                  "a reference survives");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    check_text({reinterpret_cast<const char*>(data), size});
    // The bytes of a value.
    process_stamp stamp{};
    std::memcpy(&stamp, data, size < sizeof stamp ? size : sizeof stamp);
    check_value(stamp);
    return 0;
}
