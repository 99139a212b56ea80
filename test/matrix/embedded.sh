# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Compiles the sources in another project's tree, without Meson: include/ and lib/ as they are. With
# PIDFD_UTIL_LONG=1, Clang also compiles each by itself.

sources=("$root"/lib/*/*.cpp "$root/lib/error.cpp")

embed() { # COMPILER ARGUMENT...
  rm -rf "$work/embedded" && mkdir "$work/embedded" &&
    printf '%s\0' "${sources[@]}" "$here/consumer.cpp" |
    (cd "$work/embedded" && xargs -0 -n 1 -P "$(nproc)" "$@" "${strict[@]}" -I "$root/include" -c) &&
    "$1" "$work"/embedded/*.o -o "$work/embedded/consumer" &&
    "$work/embedded/consumer"
}
check "embedded: $g c++23, with exceptions" embed "$g" -std=c++23
if [ -n "${PIDFD_UTIL_LONG:-}" ]; then
  check "embedded: $clang c++2b, with exceptions" embed "$clang" -std=c++2b
fi

# The commands of install.md for a tree without RTTI, with the warnings of a strict parent, and programs with
# RTTI, of which one uses dynamic_cast.
as_in_install() {
  local tree=$work/embedded-lean commands
  commands=$("$here/../docs/extract.py" "$root/docs/install.md" sh 2) || return
  [[ $commands == *error.cpp* ]] || { echo "not the block for sources: $commands"; return 1; }
  mkdir "$tree" && cp -r "$root/include" "$root/lib" "$tree" &&
    (cd "$tree" && bash -ec "${commands//c++ -std/$g ${strict[*]} -Wuseless-cast -std}") || return
  local program
  for program in consumer categories; do
    "$g" -std=c++17 -I "$tree/include" "$here/$program.cpp" "$tree"/*.o -o "$tree/$program" && "$tree/$program" || return
  done
}
check "embedded: the commands of install.md for -fno-rtti, -Wuseless-cast, then dynamic_cast" as_in_install

# The same with another compiler. Only error.cpp has RTTI.
dynamic_cast_of_clang() {
  "$clang" -std=c++17 -fno-exceptions -frtti -I "$root/include" -c "$root/lib/error.cpp" -o "$work/error.o" &&
    "$clang" -std=c++17 -I "$root/include" "$here/categories.cpp" "$work/error.o" -o "$work/categories" &&
    "$work/categories"
}
check "embedded: dynamic_cast of a category, $clang" dynamic_cast_of_clang
for compiler in "$g" "$clang"; do
  refuse "embedded: error.cpp without RTTI names the flag that it needs, $compiler" "compile lib/error.cpp with -frtti" \
    "$compiler" -std=c++17 -fno-rtti -fsyntax-only -I "$root/include" "$root/lib/error.cpp"
done

# All sources in one translation unit: by Meson, and by hand in the order of their names and in reverse.
check "unity: -Dunity=on, and a parent with -Werror -Wuseless-cast" configure_and_compile "$work/unity" \
  "${quickly[@]}" -Dcpp_args='-Werror -Wuseless-cast'
# The compiler reads standard input, so it needs each folder for the includes relative to a source.
folders=(-I "$root/lib")
for folder in "$root"/lib/*/; do
  folders+=(-I "$folder")
done
one_source() { # ARGUMENT... -- FILE...
  local arguments=()
  while [ "$1" != -- ]; do
    arguments+=("$1")
    shift
  done
  cat "${@:2}" | "${arguments[0]}" "${strict[@]}" -I "$root/include" "${folders[@]}" "${arguments[@]:1}" -x c++ -
}
reversed=()
for source in "${sources[@]}"; do
  reversed=("$source" "${reversed[@]}")
done
for compiler in "$g" "$clang"; do
  check "unity: cat of all sources, $compiler" one_source "$compiler" -std=c++17 -fsyntax-only -- "${sources[@]}"
  check "unity: the same in reverse, $compiler" one_source "$compiler" -std=c++17 -fsyntax-only -- "${reversed[@]}"
done
clang_program() {
  one_source "$clang" -std=c++2b -c -o "$work/unity.o" -- "${sources[@]}" &&
    "$clang" -std=c++2b -I "$root/include" "$here/consumer.cpp" "$work/unity.o" -o "$work/consumer" && "$work/consumer"
}
check "unity: a program of $clang c++2b, with exceptions" clang_program

# In an empty root directory, without /dev, /proc and libraries.
empty_root() {
  mkdir -p "$work/empty-root" && one_source "$g" -std=c++17 -O2 -c -o "$work/static.o" -- "${sources[@]}" &&
    "$g" -std=c++17 -static -I "$root/include" "$here/rootless.cpp" "$work/static.o" -o "$work/empty-root/rootless" &&
    unshare --user --map-root-user chroot "$work/empty-root" /rootless
}
if ! reason=$(unshare --user --map-root-user chroot / true 2>&1); then
  skip "an empty root without /dev" "$reason"
elif ! reason=$("$g" -static -x c++ - -o "$work/static-program" <<<'int main() {}' 2>&1); then
  skip "an empty root without /dev" "no static C library"
else
  check "a static program in an empty root without /dev and /proc" empty_root
fi
