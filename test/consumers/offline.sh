# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Machines without tl-expected and without a network. A compiler wrapper hides the headers of
# tl-expected from Meson's checks and from the programs. Nothing may be downloaded.

offline=$work/offline
mkdir -p "$offline/include"
find /usr/include -mindepth 1 -maxdepth 1 ! -name tl -exec ln -s -t "$offline/include" {} +
directories=()
while read -r directory; do
  [ "$directory" != /usr/include ] || directory=$offline/include
  directories+=(-isystem "$directory")
done < <(g++ -x c++ -E -v /dev/null 2>&1 >/dev/null | sed -n '/^#include <\.\.\.>/,/^End of/{/^ /s/^ //p}')
printf '#!/bin/sh\nexec g++ -nostdinc %s "$@"\n' "${directories[*]}" >"$offline/c++"
chmod +x "$offline/c++"

# CMake would find the package file that the system has.
printf "[binaries]\ncmake = 'false'\n" >"$offline/native"

# The directory of the wraps contains no archives, as in a fresh clone.
mkdir "$offline/packed" && pack "$offline/packed" pidfd-util-tree

# without_tl PROJECT-OPTIONS MESON-OPTION...: sets up a parent that has only what is installed.
without_tl() {
  local directory
  directory=$(fresh wrap offline-parent) && mkdir "$directory/subprojects" &&
    tar -C "$directory/subprojects" -xzf "$offline/packed/pidfd-util-tree.tar.gz" &&
    mv "$directory/subprojects/pidfd-util-tree" "$directory/subprojects/pidfd-util" &&
    rm -rf "$directory/subprojects/pidfd-util/subprojects/packagecache" &&
    sed -i "s/'cpp_std=c++17'/$1/" "$directory/meson.build" &&
    env CXX="$offline/c++" meson setup "$directory/build" "$directory" --native-file "$offline/native" \
      --wrap-mode=nodownload "${quickly[@]}" "${@:2}" && fetched_nothing "$directory"
}

builds_without_tl() {
  without_tl "$@" && meson test -C "$work/offline-parent/build"
}

fetched_nothing() {
  ! find "$1/subprojects" -path '*expected-[0-9]*' | grep .
}

if cxx_has_std=$(printf '#include <expected>\nstatic_assert(__cpp_lib_expected >= 202202L);' |
  g++ -std=c++23 -fsyntax-only -x c++ - 2>&1); then
  check "offline: a C++23 parent needs no tl-expected, and builds" \
    builds_without_tl "'cpp_std=none', 'cpp_args=-std=c++23'"
  check "offline: a C++23 parent by its options needs no tl-expected" \
    without_tl "'cpp_std=none'" -Dcpp_args=-std=c++23
  said=$(meson setup "$offline/knows" "$here/wrap" -Dcpp_std=c++23 2>&1 || true)
  if grep -q 'Value "*c++23"* .*not one of the choices' <<<"$said"; then
    skip "offline: a C++23 parent by cpp_std needs no tl-expected" "this Meson does not know c++23"
  else
    check "offline: a C++23 parent by cpp_std needs no tl-expected" without_tl "'cpp_std=c++23'"
  fi
  check "offline: -Dpidfd-util:expected=std needs no tl-expected" \
    without_tl "'cpp_std=none', 'cpp_args=-std=c++23'" -Dpidfd-util:expected=std
  check "offline: the library alone with -Dexpected=std needs no tl-expected" \
    env CXX="$offline/c++" meson setup --native-file "$offline/native" "$offline/alone" "$root" --wrap-mode=nodownload -Dexpected=std \
    -Dtests=disabled -Dexamples=disabled
else
  skip "offline: C++23" "$(head -n 1 <<<"$cxx_has_std")"
fi
refuse "offline: a C++17 parent learns which package it needs" "Debian: libexpected-dev" \
  without_tl "'cpp_std=c++17'"
refuse "offline: a C++17 parent learns of std::expected" "expected=std" without_tl "'cpp_std=c++17'"
