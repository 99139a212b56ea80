# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Uses of views that would dangle, and that no static_assert can test; the others are in
# test/interface/dangling.cpp. Each is one statement, next to the correct statement.

mkdir "$work/dangling"

# source_of STATEMENT...: prints a source with a function for each statement, in a line of its own.
source_of() {
  cat <<'END'
#include <pidfd_util/pidfd_util.hpp>
#include <pidfd_util/run.hpp>
#include <string>
#include <string_view>
#include <vector>
using namespace pidfd_util;
std::vector<fd_mapping> make() { return {}; }
const std::vector<fd_mapping> make_const() { return {}; }
std::vector<gid_t> make_groups() { return {}; }
std::vector<int> make_cpus() { return {}; }
std::vector<stop_step> make_steps() { return {}; }
std::vector<char> make_memory() { return std::vector<char>(10); }
std::string text() { return {}; }
const char* const argv[] = {"true", nullptr};
template <int> void function(spawn_options&, run_options&, pidfd&, child&, const process_id&, array_view<fd_mapping>);
#line 1 "statements"
END
  local number=0
  local parameters='spawn_options& options, run_options& job, pidfd& owner, child& process, const process_id& id,
    array_view<fd_mapping> fds'
  parameters=${parameters//$'\n'/ }
  for statement in "$@"; do
    number=$((number + 1))
    echo "template <> void function<$number>($parameters) { (void)options, (void)job, (void)owner, (void)id, (void)process, (void)fds; $statement }"
  done
}

compile_statements() { # COMPILER STATEMENT...
  source_of "${@:2}" >"$work/dangling/source.cpp"
  LC_ALL=C "$1" -std=c++17 -fsyntax-only "${no_limit[$1]}" -I "$root/include" "$work/dangling/source.cpp"
}

right=() wrong=()
while IFS='|' read -r good bad; do
  right+=("$good")
  wrong+=("$bad")
done <<'END'
pidfd_view v(process); (void)v;|auto v = spawn("", argv)->view(); (void)v;
pidfd_view v(process); (void)v;|pidfd_view v(*spawn("", argv)); (void)v;
pidfd_view v(process); (void)v;|pidfd_view v = process; (void)v;
pidfd_view v(process); (void)v;|pidfd_view v(std::move(process)); (void)v;
pidfd_view v = owner; (void)v;|pidfd_view v = *pidfd::from_self(); (void)v;
pidfd_view v = owner; (void)v;|pidfd_view v = pidfd::from_self().value(); (void)v;
pidfd_view v = owner; (void)v;|pidfd_view v{std::move(owner)}; (void)v;
pidfd_view v[] = {owner, pidfd_view(process)}; (void)v;|pidfd_view v[] = {pidfd()}; (void)v;
auto list = make(); options.fds = list;|options.fds = make();
auto list = make_const(); options.fds = list;|options.fds = make_const();
const fd_mapping list[] = {{0, 1}}; options.fds = list;|options.fds = {{0, 1}};
const fd_mapping list[] = {{0, 1}}; options.fds = list;|options.fds = {{{0, 1}}};
const fd_mapping list[] = {{0, 1}, {0, 2}}; options.fds = list;|options.fds = {{0, 1}, {0, 2}};
options.fds = {};|options.fds = std::initializer_list<fd_mapping>{{0, 1}};
options.fds = array_view<fd_mapping>(fds.begin(), 1);|options.fds = {fds.begin(), 1};
auto list = make_groups(); options.groups = list;|options.groups = make_groups();
const gid_t list[] = {0, 1}; options.groups = list;|options.groups = {0, 1};
auto list = make_groups(); options.groups = group_choice(list);|options.groups = group_choice(make_groups());
auto name = text(); options.directory = name.c_str();|options.directory = text();
(void)wait_any({owner, owner});|(void)wait_any({pidfd_view(pidfd()), pidfd_view()});
auto list = make_cpus(); options.cpus = list;|options.cpus = make_cpus();
const int list[] = {0, 1}; options.cpus = list;|options.cpus = {0, 1};
auto list = make_steps(); job.stop = list;|job.stop = make_steps();
auto bytes = text(); job.input = bytes;|job.input = text();
auto memory = make_memory(); storage<char> s = memory; (void)s;|storage<char> s = make_memory(); (void)s;
char memory[9]; storage<char> s(memory); (void)s;|storage<char> s(text()); (void)s;
auto memory = make_memory(); sink s(memory); (void)s;|sink s(make_memory()); (void)s;
char memory[9]; sink s(memory); (void)s;|sink s{text()}; (void)s;
const auto held = to_text(id); std::string_view v = held; (void)v;|std::string_view v = to_text(id); (void)v;
const auto held = to_text(id.boot); std::string_view v(held); (void)v;|std::string_view v(to_text(id.boot)); (void)v;
const auto held = to_text(id); auto c = held.c_str(); (void)c;|auto c = to_text(id).c_str(); (void)c;
const auto held = to_text(id); job.input = held;|job.input = to_text(id);
const auto held = announce(owner, 3); std::string_view v = *held; (void)v;|auto v = announce(owner, 3)->view(); (void)v;
const auto held = announce(owner, 3); std::string_view v = *held; (void)v;|std::string_view v = *announce(owner, 3); (void)v;
std::string s(to_text(id)); s += to_text(id); (void)s;|auto v = to_text(id).view(); (void)v;
const auto key = identified_pidfd::make(std::move(owner)); pidfd_view v = key->process(); (void)v;|pidfd_view v = (*identified_pidfd::make(std::move(owner))).process(); (void)v;
(void)pidfd::from_self()->kill();|(void)wait_any({*pidfd::from_self()});
END

# Both compilers stop after some errors, without these options.
declare -A no_limit=(["$g"]=-fmax-errors=0 ["$clang"]=-ferror-limit=0)

for compiler in "$g" "$clang"; do
  check "dangling: the correct statements compile, $compiler" compile_statements "$compiler" "${right[@]}"
  compile_statements "$compiler" "${wrong[@]}" >"$work/dangling/errors" 2>&1
  for index in "${!wrong[@]}"; do
    check "dangling: refuses ${wrong[index]}, $compiler" \
      grep "^statements:$((index + 1)):.* error: " "$work/dangling/errors"
  done
done
