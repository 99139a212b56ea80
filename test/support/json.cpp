// SPDX-License-Identifier: MIT
#include "json.hpp"

#include "catch.hpp"
#include "program.hpp"

#include <sstream>

namespace support {

json parse_json(const std::string& text) {
    CAPTURE(text);
    // An argument of a program ends at the first NUL.
    REQUIRE(text.find('\0') == text.npos);
    const finished python = support::run({}, JSON_VALUES, {text});
    constexpr int no_python = 127; // from env, which the first line of the script names
    if (!python.missing.empty() || python.status == no_python)
        skip_at_once("there is no python3, which reads the JSON");
    CAPTURE(python.err);
    REQUIRE(python.status == 0);
    json all;
    std::istringstream cells(python.out);
    std::string pointer;
    json_value value;
    while (std::getline(cells, pointer, '\0') && std::getline(cells, value.type, '\0') &&
           std::getline(cells, value.text, '\0'))
        all.add(pointer, value);
    REQUIRE(all[""].type == "object");
    return all;
}

} // namespace support
