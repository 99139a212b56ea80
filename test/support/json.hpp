// SPDX-License-Identifier: MIT
// Parses the JSON that a tool printed.
#ifndef PIDFD_UTIL_TEST_JSON_HPP
#define PIDFD_UTIL_TEST_JSON_HPP

#include <map>
#include <string>
#include <utility>

namespace support {

/// A value of the JSON that a tool printed. Both members are empty if there is no such value.
struct json_value {
    std::string type; // as in JSON: "object", "array", "string", "number", "boolean", "null"
    std::string text; // of an object or array, the number of its elements
};

/// The values by their JSON Pointers: "/credentials/value/real/uid".
class json {
public:
    void add(const std::string& pointer, json_value value) { values_[pointer] = std::move(value); }
    [[nodiscard]] bool has(const std::string& pointer) const { return values_.count(pointer) != 0; }
    json_value operator[](const std::string& pointer) const {
        return has(pointer) ? values_.at(pointer) : json_value();
    }

private:
    std::map<std::string, json_value> values_;
};

/// Fails unless Python parses the text as one object on one line. Skips the test if there is no Python,
/// as in the small systems that boot other kernels. It skips by an exception, so do not call it within
/// CHECK.
json parse_json(const std::string& text);

} // namespace support

#endif
