// SPDX-License-Identifier: MIT
// The traps of a compositor that ends what it has started: see kill_children.hpp.
#include "kill_children.hpp"

#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/process_tree.hpp"

#include <chrono>
#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

struct outcome_of_kill {
    int error;
    std::size_t reaped;
    bool deserted;
    int kept_code;
    bool kept_lives;
};

/// Runs `grow` in a child of a subreaper until `count` processes have written, and kills the children,
/// except one that has ended with the code 5 and one that runs.
template <class Grow>
outcome<outcome_of_kill> kill_tree_of(Grow grow, int count) {
    return isolated({}, [=] {
        outcome_of_kill o{};
        if (!adopted::adopt_descendants())
            o.error = -1;
        test_child ended = test_child::zombie(5);
        const test_child runs = test_child::running();
        life_line line;
        if (fork() == 0)
            grow(line);
        line.wait_for(count);
        const pidfd_view keep[] = {ended.fd(), runs.fd()};
        const auto killed = adopted::kill_children(keep, 60s);
        o.error = error_of(killed);
        o.reaped = killed.value_or(0);
        o.deserted = line.is_deserted();
        int status = 0;
        waitpid(ended.pid(), &status, 0);
        ended.disown();
        o.kept_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        o.kept_lives = runs.fd().is_alive() == true;
        return o;
    });
}

void check(const outcome<outcome_of_kill>& o, std::size_t least) {
    REQUIRE(o);
    CHECK(o->error == 0);
    CHECK(o->reaped >= least);
    CHECK(o->deserted);
    CHECK(o->kept_code == 5);
    CHECK(o->kept_lives);
}

} // namespace

TEST_CASE(
    "a process whose name looks like the fields of its stat file is ended with its children") {
    check(kill_tree_of(
              [](const life_line& line) {
                  prctl(PR_SET_NAME, "x) R 1 (", 0, 0, 0);
                  grow(line, 2, 2, false);
              },
              size_of_tree(2, 2)),
          static_cast<std::size_t>(size_of_tree(2, 2)));
}

TEST_CASE("daemons in sessions of their own, whose parents have ended, are ended") {
    check(kill_tree_of(
              [](const life_line& line) {
                  if (fork() == 0) {
                      setsid();
                      if (fork() != 0)
                          _exit(0);
                      line.write("d");
                      live_on();
                  }
                  line.write("p");
                  live_on();
              },
              2),
          3);
}

TEST_CASE("a chain of processes that fork during the search is ended") {
    check(kill_tree_of(
              [](const life_line& line) {
                  line.write("c");
                  for (;;)
                      if (fork() != 0)
                          _exit(0);
              },
              1),
          1);
}
