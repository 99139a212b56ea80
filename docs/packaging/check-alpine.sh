# SPDX-License-Identifier: MIT
# The APKBUILD, as far as Debian can tell: it has neither abuild, for whose functions others stand in
# here, nor a standard library of C++ for musl. What it has of the two, the headers of libc++ and
# musl, shows whether the sources compile on Alpine.

apkbuild=$here/alpine/APKBUILD
check "alpine: the APKBUILD is of a POSIX shell" dash -n "$apkbuild"
check "alpine: the version is the project's" \
  dash -c '. "$0" && [ "$pkgver" = "$1" ]' "$apkbuild" "$version"
# Without any of these abuild refuses.
check "alpine: it has what abuild insists on" dash -c '. "$0" && [ -n "$pkgname" ] &&
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

# Where abuild looks for what goes into the packages of libraries, headers and pages.
in_their_places() {
  cd "$work/apk/usr" && ls bin/pidfd-inspect bin/pidfd-run lib/libpidfd-util.so.0 \
    lib/libpidfd-util.so lib/pkgconfig/pidfd-util.pc lib/cmake/pidfd-util \
    include/pidfd_util/pidfd_util.hpp share/man/man1/pidfd-run.1 share/man/man7/pidfd-util.7
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
check "alpine: headers of musl and the kernel, apart from glibc's" prepare_musl

compile_for_musl() { # SOURCE
  local cpu clang
  cpu=$(dpkg-architecture -qDEB_HOST_GNU_CPU)
  clang=$(clang++ -print-resource-dir)
  clang++ --target="$cpu-linux-musl" -fsyntax-only -std=c++17 -Wall -Wextra -Wpedantic -Werror \
    -nostdinc -nostdinc++ -D_LIBCPP_HAS_MUSL_LIBC -isystem "$clang/../../../include/c++/v1" \
    -isystem "$clang/include" -isystem "/usr/include/$cpu-linux-musl" -isystem "$musl/include" \
    -I "$root/include" -I "$musl/build/include" -I "$root/lib" -DPIDFD_INSPECT_VERSION='""' \
    -DPIDFD_RUN_VERSION='""' -DPIDFD_RUN='""' "$1"
}
compile_all_for_musl() {
  printf '%s\0' "$root"/lib/*.cpp "$root"/docs/examples/{quickstart,wait-epoll}.cpp \
    "$root"/docs/examples/pidfd-*/*.cpp "$root"/test/*.cpp "$root"/test/support/*.cpp |
    xargs -0 -n 1 -P "$(nproc)" bash -c 'compile_for_musl "$0"'
}
export root musl
export -f compile_for_musl
check "alpine: the sources and the tests compile with musl's headers" compile_all_for_musl
