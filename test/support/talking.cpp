// SPDX-License-Identifier: MIT
#include "talking.hpp"

#include "catch.hpp"
#include "lifecycle.hpp"
#include "processes.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace support {

using namespace pidfd_util;

talking_child::talking_child(std::initializer_list<const char*> commands)
    : talking_child(commands, {}) {
    REQUIRE(error_ == 0);
}

talking_child::talking_child(std::initializer_list<const char*> commands, spawn_options options) {
    int in[2];
    int out[2];
    REQUIRE(pipe2(in, O_CLOEXEC) == 0);
    REQUIRE(pipe2(out, O_CLOEXEC) == 0);
    input_.reset(in[1]);
    output_.reset(out[0]);
    const fd_mapping map[] = {{in[0], 0}, {out[1], 1}};
    options.fds = map;
    auto started = spawn(spawnee(), arguments(commands), options, &step_);
    close(in[0]);
    close(out[1]);
    if (!started) {
        error_ = started.error().value();
        return;
    }
    process_ = std::move(*started);
    pid_ = process_.get_pid().value_or(-1);
}

talking_child::~talking_child() {
    if (error_ == 0 && process_) {
        (void)process_.kill();
        (void)process_.wait();
    }
}

std::string talking_child::line() {
    std::string text;
    char byte = 0;
    for (;;) {
        const ssize_t size = read(output_.get(), &byte, 1);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0 || byte == '\n')
            return text;
        text += byte;
    }
}

int talking_child::number(const std::string& word) {
    const std::string text = line();
    if (text.compare(0, word.size() + 1, word + " ") != 0)
        return -1;
    return std::atoi(text.c_str() + word.size() + 1);
}

void talking_child::go() const {
    REQUIRE(write(input_.get(), "g", 1) == 1);
}

void talking_child::wait_for_end_of_first_thread() const {
    while (state_of(pid_) != 'Z')
        usleep(1000);
}

} // namespace support
