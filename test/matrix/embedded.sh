# SPDX-License-Identifier: MIT
# The sources in somebody's tree, without Meson: include/ and lib/ as they are.

embed() { # COMPILER ARGUMENT...
  rm -rf "$work/embedded" && mkdir "$work/embedded" &&
    printf '%s\0' "$root"/lib/*.cpp "$here/consumer.cpp" |
    (cd "$work/embedded" && xargs -0 -n 1 -P "$(nproc)" "$@" "${strict[@]}" -I "$root/include" -c) &&
    "$1" "$work"/embedded/*.o -o "$work/embedded/consumer" &&
    "$work/embedded/consumer"
}
check "embedded: $g c++23, with exceptions" embed "$g" -std=c++23
check "embedded: $g c++17, without exceptions, -Wuseless-cast" embed "$g" -std=c++17 -fno-exceptions -Wuseless-cast
check "embedded: $clang c++2b" embed "$clang" -std=c++2b

# The README's commands for a tree without RTTI, and a program with RTTI that asks for the types.
as_in_readme() { # COMPILER
  local tree=$work/embedded-lean commands
  commands=$("$here/../docs/extract.py" "$root/README.md" sh 4) || return
  [[ $commands == *error.cpp* ]] || { echo "not the README's block for sources: $commands"; return 1; }
  rm -rf "$tree" && mkdir "$tree" && cp -r "$root/include" "$root/lib" "$tree" &&
    (cd "$tree" && bash -ec "${commands//c++ -std/$1 -std}") &&
    "$1" -std=c++17 -I "$tree/include" "$here/categories.cpp" "$tree"/*.o -o "$tree/categories" &&
    "$tree/categories"
}
for compiler in "$g" "$clang"; do
  check "embedded: the README's commands for -fno-rtti, then dynamic_cast, $compiler" as_in_readme "$compiler"
  refuse "embedded: error.cpp without RTTI is told what to do, $compiler" "compile lib/error.cpp with -frtti" \
    "$compiler" -std=c++17 -fno-rtti -fsyntax-only -I "$root/include" "$root/lib/error.cpp"
done

# All in one translation unit: with Meson, and by hand, in the order of names and in the other.
unity() {
  configure_and_compile "$work/unity" -Dunity=on -Dunity_size=100 -Dwerror=true
}
check "unity: -Dunity=on -Dunity_size=100" unity
one_source() { # COMPILER FILE...
  cat "${@:2}" | "$1" -std=c++17 "${strict[@]}" -I "$root/include" -I "$root/lib" -fsyntax-only -x c++ -
}
reversed=()
for source in "$root"/lib/*.cpp; do
  reversed=("$source" "${reversed[@]}")
done
for compiler in "$g" "$clang"; do
  check "unity: cat lib/*.cpp, $compiler" one_source "$compiler" "$root"/lib/*.cpp
  check "unity: the same in reverse, $compiler" one_source "$compiler" "${reversed[@]}"
done

# Under a parent's own warnings.
check "a parent with -Werror -Wuseless-cast" configure_and_compile "$work/useless-cast" \
  -Dcpp_args='-Werror -Wuseless-cast'

# In a root that has nothing: no /dev, no /proc, no libraries.
empty_root() {
  mkdir -p "$work/empty-root" && "$g" -std=c++17 -O2 -static -I "$root/include" -I "$root/lib" \
    "$here/rootless.cpp" "$root"/lib/*.cpp -o "$work/empty-root/rootless" &&
    unshare --user --map-root-user chroot "$work/empty-root" /rootless
}
if ! reason=$(unshare --user --map-root-user chroot / true 2>&1); then
  skip "an empty root without /dev" "$reason"
elif ! reason=$("$g" -static -x c++ - -o "$work/static-program" <<<'int main() {}' 2>&1); then
  skip "an empty root without /dev" "no static C library"
else
  check "a static program in an empty root without /dev and /proc" empty_root
fi
