// SPDX-License-Identifier: MIT
// process_stat::parse finds the fields of any text that has them, and process_start::parse_offset finds
// the offset of the clock of boot.
#include "paths/process_start.hpp"
#include "paths/process_stat.hpp"

#include "input.hpp"

#include <algorithm>

using namespace pidfd_util;

namespace {

/// The words of a text, found by the simplest code.
std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words(1);
    for (const char c : text) {
        if (c == ' ' || c == '\t')
            words.emplace_back();
        else
            words.back() += c;
    }
    words.erase(std::remove(words.begin(), words.end(), std::string()), words.end());
    return words;
}

/// Whether the text is what `value` is written as, or that with zeros before it.
bool is_written(std::string text, std::int64_t value) {
    const bool negative = !text.empty() && text.front() == '-';
    if (negative)
        text.erase(0, 1);
    text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
    const bool zero = text == "0";
    return (negative && !zero ? "-" + text : text) == std::to_string(value);
}

void check_stat(std::string_view text) {
    process_stat::record stat{};
    if (!process_stat::parse(text, stat))
        return;
    const std::size_t end = text.rfind(')');
    fuzz::require(end != text.npos, "a name has an end");
    const auto words = words_of(text.substr(end + 1));
    fuzz::require(words.size() >= 20, "there are 22 fields");
    fuzz::require(words[0] == std::string(1, stat.state), "the state");
    const struct {
        std::size_t word; // behind the name
        std::uint64_t value;
    } numbers[] = {{6, stat.flags},      {7, stat.minor_faults}, {9, stat.major_faults},
                   {11, stat.user_time}, {12, stat.system_time}, {17, stat.threads},
                   {19, stat.start}};
    for (const auto& number : numbers)
        fuzz::require(is_written(words[number.word], static_cast<std::int64_t>(number.value)),
                      "a number is in its field");
}

void check_offset(std::string_view line) {
    constexpr std::int64_t untouched = 4711;
    std::int64_t seconds = untouched;
    std::int64_t nanoseconds = untouched;
    const bool good = process_start::parse_offset(line, seconds, nanoseconds);
    const auto words = words_of(line);
    if (words.empty() || words[0] != "boottime") {
        fuzz::require(good && seconds == untouched && nanoseconds == untouched,
                      "another line changes nothing");
        return;
    }
    if (!good)
        return;
    fuzz::require(words.size() >= 3, "an offset has two numbers");
    fuzz::require(is_written(words[1], seconds), "the seconds");
    fuzz::require(is_written(words[2], nanoseconds), "the nanoseconds");
}

/// The name of a process can be any text: it does not change the start.
void check_name(std::string_view name) {
    std::string text = "4711 (" + std::string(name) + ") S";
    for (int field = 4; field <= 52; ++field)
        text += " " + std::to_string(1000 + field);
    process_stat::record stat{};
    fuzz::require(process_stat::parse(text, stat) && stat.start == 1022 && stat.state == 'S',
                  "the name does not change the fields");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_stat(text);
    for (const std::string& line : fuzz::lines_of(text, size))
        check_offset(line);
    check_name(text);
    return 0;
}
