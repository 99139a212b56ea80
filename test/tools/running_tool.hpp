// SPDX-License-Identifier: MIT
// Runs an example tool, and keeps its output and its exit code.
#ifndef PIDFD_UTIL_TEST_RUNNING_TOOL_HPP
#define PIDFD_UTIL_TEST_RUNNING_TOOL_HPP

#include "support/catch.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <array>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace run_tool {

struct result {
    int code = -1;  // of the tool; -1 if a signal killed it
    int signal = 0; // that killed it
    std::string out;
    std::string err;

    bool says(const std::string& text) const { return err.find(text) != std::string::npos; }
};

/// The tool while it runs.
class running_tool {
public:
    running_tool(const char* program, const std::vector<std::string>& arguments,
                 pidfd_util::spawn_options options = {}, int input = STDIN_FILENO) {
        std::vector<const char*> argv{program};
        for (const std::string& a : arguments)
            argv.push_back(a.c_str());
        argv.push_back(nullptr);
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        out_.reset(ends[0]);
        const pidfd_util::unique_fd in(ends[1]);
        err_.reset(memfd_create("stderr", MFD_CLOEXEC));
        const pidfd_util::fd_mapping fds[] = {
            {input, STDIN_FILENO}, {in.get(), STDOUT_FILENO}, {err_.get(), STDERR_FILENO}};
        if (options.fds.size() == 0)
            options.fds = fds;
        auto started = pidfd_util::spawn(program, argv.data(), options);
        REQUIRE(started);
        process_ = std::move(*started);
    }
    running_tool(const running_tool&) = delete;
    running_tool& operator=(const running_tool&) = delete;
    ~running_tool() {
        if (process_ && !process_.status()) {
            (void)process_.kill();
            (void)process_.wait();
        }
    }

    /// Waits until the command has written a line, and returns it without its end.
    std::string wait_for_line() {
        const std::size_t begin = out_text_.size();
        char c = 0;
        while (c != '\n' && read(out_.get(), &c, 1) == 1)
            out_text_ += c;
        REQUIRE(c == '\n');
        return out_text_.substr(begin, out_text_.size() - begin - 1);
    }

    pidfd_util::pidfd_view process() const { return pidfd_util::pidfd_view(process_); }

    result finish() {
        result r;
        r.out = out_text_;
        std::array<char, 4096> buffer;
        ssize_t n = 0;
        while ((n = read(out_.get(), buffer.data(), buffer.size())) > 0)
            r.out.append(buffer.data(), static_cast<std::size_t>(n));
        const auto status = process_.wait();
        REQUIRE(status);
        r.code = status->code().value_or(-1);
        r.signal = status->signal().value_or(0);
        while ((n = pread(err_.get(), buffer.data(), buffer.size(),
                          static_cast<off_t>(r.err.size()))) > 0)
            r.err.append(buffer.data(), static_cast<std::size_t>(n));
        return r;
    }

private:
    pidfd_util::child process_;
    pidfd_util::unique_fd out_;
    pidfd_util::unique_fd err_;
    std::string out_text_;
};

} // namespace run_tool

#endif
