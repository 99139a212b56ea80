# SPDX-License-Identifier: MIT
# Uses of views that would dangle and that only a compiler can refuse: test/dangling.cpp has the
# others. Each is one statement; beside it stands the statement that is right.

mkdir "$work/dangling"

# statement COMPILER TEXT: compiles a function with it.
statement() {
  cat >"$work/dangling/source.cpp" <<END
#include <pidfd_util/pidfd_util.hpp>
#include <string>
#include <vector>
using namespace pidfd_util;
std::vector<fd_mapping> make() { return {}; }
const std::vector<fd_mapping> make_const() { return {}; }
std::vector<gid_t> make_groups() { return {}; }
std::string text() { return {}; }
const char* const argv[] = {"true", nullptr};
void function(spawn_options& options, pidfd& owner, child& process, array_view<fd_mapping> fds) {
  (void)options, (void)owner, (void)process, (void)fds;
  $2
}
END
  "$1" -std=c++17 -fsyntax-only -I "$root/include" "$work/dangling/source.cpp"
}

# The text that refuses is the compiler's own: "error" keeps a missing compiler from counting.
while IFS='|' read -r right wrong; do
  for compiler in "$g" "$clang"; do
    check "dangling: $right, $compiler" statement "$compiler" "$right"
    refuse "dangling: refuses $wrong, $compiler" "error: " statement "$compiler" "$wrong"
  done
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
(void)pidfd::from_self()->kill();|(void)wait_any({*pidfd::from_self()});
END
