# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Checks the APKBUILD as far as that is possible on Debian. Debian has no abuild, so replacements for
# its functions are defined here. It has no C++ standard library for musl either, but it has the headers
# of libc++ and of musl. With these the sources are compiled, but not linked.

apkbuild=$here/alpine/APKBUILD
check "alpine: the APKBUILD is a POSIX shell script" dash -n "$apkbuild"
check "alpine: the version is the project's" \
  dash -c '. "$0" && [ "$pkgver" = "$1" ]' "$apkbuild" "$version"
# abuild refuses an APKBUILD that lacks any of these.
check "alpine: it sets every variable that abuild requires" dash -c '. "$0" && [ -n "$pkgname" ] &&
  [ -n "$pkgdesc" ] && [ -n "$url" ] && [ -n "$arch" ] && [ -n "$license" ]' "$apkbuild"

stand_in() { # NAME COMMAND
  printf '#!/bin/sh\n%s\n' "$2" >"$work/abuild/$1" && chmod +x "$work/abuild/$1"
}

build_apk() {
  mkdir "$work/abuild" && stand_in want_check false &&
    stand_in abuild-meson 'exec meson setup --prefix=/usr --libdir=/usr/lib --buildtype=plain "$@"' &&
    archive "$work/apk.tar" && tar -x -f "$work/apk.tar" -C "$work" || return
  (cd "$work/$source_name" && PATH=$work/abuild:$PATH pkgdir=$work/apk \
    dash -e -c '. "$0" && build && package' "$apkbuild")
}
check "alpine: builds and installs, on Debian" build_apk

# abuild looks in these places for the files of the subpackages.
in_their_places() {
  cd "$work/apk/usr" && ls bin/pidfd-{inspect,kill,run,wait} lib/libpidfd-util.so.0 \
    lib/libpidfd-util.so lib/pkgconfig/pidfd-util.pc lib/cmake/pidfd-util \
    include/pidfd_util/pidfd_util.hpp share/man/man1/pidfd-{inspect,kill,run,wait}.1 \
    share/man/man7/pidfd-util.7 \
    share/bash-completion/completions/pidfd-{inspect,kill,run,wait} \
    share/fish/vendor_completions.d/pidfd-{inspect,kill,run,wait}.fish \
    share/zsh/site-functions/_pidfd-{inspect,kill,run,wait}
}
check "alpine: everything is where abuild looks for it" in_their_places

musl=$work/musl
prepare_musl() {
  local gnu
  gnu=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
  mkdir -p "$musl/include" &&
    ln -s /usr/include/{tl,catch2,linux,asm-generic} "/usr/include/$gnu/asm" "$musl/include" &&
    "$root/test/docs/errors.py" --codes "$root/docs/errors.md" >"$musl/include/documented_errors.hpp" &&
    meson setup "$musl/build" "$root" -Dtests=disabled -Dexamples=disabled
}
check "alpine: headers of musl and the kernel, without those of glibc" prepare_musl

compile_for_musl() { # SOURCE
  local cpu clang
  cpu=$(dpkg-architecture -qDEB_HOST_GNU_CPU)
  clang=$(clang++ -print-resource-dir)
  clang++ --target="$cpu-linux-musl" -fsyntax-only -std=c++17 -Wall -Wextra -Wpedantic -Werror \
    -nostdinc -nostdinc++ -D_LIBCPP_HAS_MUSL_LIBC -isystem "$clang/../../../include/c++/v1" \
    -isystem "$clang/include" -isystem "/usr/include/$cpu-linux-musl" -isystem "$musl/include" \
    -I "$root/include" -I "$musl/build/include" -I "$root/lib" -I "$root/test" \
    -DPIDFD_INSPECT_VERSION='""' -DPIDFD_KILL_VERSION='""' -DPIDFD_RUN_VERSION='""' \
    -DPIDFD_WAIT_VERSION='""' -DPIDFD_KILL='""' -DPIDFD_RUN='""' -DPIDFD_WAIT='""' -DPIDFD_WHO='""' \
    -DJSON_VALUES='""' -DLIBRARIES='""' "$1"
}
# The tests too, with PIDFD_UTIL_LONG=1: there are many.
compile_all_for_musl() {
  local files=("$root"/lib/*/*.cpp "$root/lib/error.cpp" "$root"/docs/examples/{quickstart,wait-epoll}.cpp
    "$root"/docs/examples/{pidfd-*,tool-parts}/*.cpp "$root"/test/support/*.cpp)
  if [ -n "${PIDFD_UTIL_LONG:-}" ]; then
    files+=("$root"/test/{operations,paths,choose,spawn,promises,interface,attack,tools}/*.cpp)
  fi
  printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'compile_for_musl "$0"'
}
export root musl
export -f compile_for_musl
check "alpine: the sources compile with musl's headers" compile_all_for_musl
