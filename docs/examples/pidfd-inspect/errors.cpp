// SPDX-License-Identifier: MIT
#include "errors.hpp"

#include <pidfd_util/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>

using namespace pidfd_util;

bool is_refusal(const std::error_code& error) {
    return error == std::errc::permission_denied || error == std::errc::operation_not_permitted ||
           error == pidfd_errc::forbidden_by_sandbox;
}

status status_of(const std::error_code& error) {
    return is_refusal(error)                                                     ? refused
           : error == pidfd_errc::unsupported                                    ? unsupported
           : error == pidfd_errc::not_found || error == pidfd_errc::foreign_boot ? gone
                                                                                 : failed;
}

const char* error_name(const std::error_code& error) {
    for (const auto& condition : names::pidfd_errcs)
        if (error == condition.value)
            return condition.name;
    // strerrorname_np(3) is not in every C library.
    constexpr struct {
        int number;
        const char* name;
    } errnos[] = {
        {EACCES, "EACCES"}, {EAGAIN, "EAGAIN"}, {EBADF, "EBADF"},
        {EINVAL, "EINVAL"}, {EIO, "EIO"},       {ELOOP, "ELOOP"},
        {EMFILE, "EMFILE"}, {ENFILE, "ENFILE"}, {ENAMETOOLONG, "ENAMETOOLONG"},
        {ENOENT, "ENOENT"}, {ENOMEM, "ENOMEM"}, {ENOTDIR, "ENOTDIR"},
        {ENXIO, "ENXIO"},   {EPERM, "EPERM"},   {ERANGE, "ERANGE"},
    };
    const auto* const found =
        std::find_if(std::begin(errnos), std::end(errnos),
                     [&](const auto& e) { return e.number == error.value(); });
    return found != std::end(errnos) ? found->name : "other";
}

status complain(const complaint& about) {
    std::fprintf(stderr, "pidfd-inspect: %s\n", about.text.c_str());
    return about.leads_to;
}
