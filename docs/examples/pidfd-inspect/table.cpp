// SPDX-License-Identifier: MIT
#include "columns.hpp"
#include "render.hpp"

#include <sys/utsname.h>

using namespace pidfd_util;
using style = columns::style;

std::string kernel_name() {
    utsname name{};
    uname(&name);
    return std::string(name.sysname) + ' ' + name.release + ' ' + name.machine;
}

std::string facts_as_table(const facts& f, bool colour) {
    columns table(colour);
    table.add("FIELD", "PATH", "VALUE", style::heading);
    for (const field& shown : all_fields()) {
        const cell c = shown.show(f);
        table.add(shown.title, c.path, c.text, c.error ? style::absence : style::value);
    }
    return table.text();
}

std::string facts_as_line(const facts& f, const field_list& fields) {
    std::string line;
    for (const field* shown : fields)
        (line += shown == fields.front() ? "" : "\t") += shown->show(f).plain;
    return line + '\n';
}

std::string features_as_table(bool colour) {
    columns features(colour);
    features.add("FEATURE", "SINCE", "HERE", style::heading);
    for (const feature f : all_features) {
        const auto found = availability_of(f);
        const char* since = *first_kernel(f) != '\0' ? first_kernel(f) : "-";
        features.add(to_string(f), since, found ? to_string(*found) : found.error().message(),
                     found == availability::available ? style::value : style::absence);
    }
    columns operations(colour);
    operations.add("OPERATION", "PATH", "", style::heading);
    for (const operation op : all_operations) {
        const auto path = answering_path(op);
        operations.add(to_string(op), path ? to_string(*path) : "-",
                       path ? "" : path.error().message(), path ? style::value : style::absence);
    }
    return kernel_name() + "\n\n" + features.text() + '\n' + operations.text();
}

std::string list_of_fields(bool colour) {
    columns list(colour);
    list.add("FIELD", "JSON", "VALUE", style::heading);
    for (const field& f : all_fields())
        list.add(f.name, f.key, f.meaning);
    return list.text();
}
