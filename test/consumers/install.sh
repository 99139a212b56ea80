# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What is installed, where, and by which tag.

# Configured like a distribution that installs the libraries of several machines side by side.
multiarch=lib/$(g++ -print-multiarch)
[ "$multiarch" != lib/ ] || multiarch=lib/of-this-machine
whole=$work/whole

# Builds only what is installed: of the examples, the tools.
install_whole() {
  local targets
  meson setup "$whole" "$root" --prefix=/usr --libdir="$multiarch" -Dtests=disabled \
    -Ddefault_library=both -Dwerror=true "${quickly[@]}" &&
    mapfile -t targets < <(cd "$whole" && meson introspect --targets | python3 -c 'import json, os, sys
for target in json.load(sys.stdin):
    if target["installed"]:
        print(os.path.relpath(target["filename"][0]))') && ninja -C "$whole" "${targets[@]:?}" &&
    DESTDIR=$whole/root meson install -C "$whole" --no-rebuild
}
check "install: with the tools, for a libdir of several machines" install_whole

version=$(PKG_CONFIG_LIBDIR=$whole/root/usr/$multiarch/pkgconfig pkg-config --modversion pidfd-util)
headers=$(cd "$root/include" && find pidfd_util -name '*.hpp'; echo pidfd_util/config.hpp)
runtime="usr/$multiarch/libpidfd-util.so.0
usr/$multiarch/libpidfd-util.so.$version"
devel="$(sed 's,^,usr/include/,' <<<"$headers")
usr/$multiarch/cmake/pidfd-util/pidfd-util-config-version.cmake
usr/$multiarch/cmake/pidfd-util/pidfd-util-config.cmake
usr/$multiarch/libpidfd-util.a
usr/$multiarch/libpidfd-util.so
usr/$multiarch/pkgconfig/pidfd-util.pc"
tools="usr/bin/pidfd-inspect
usr/bin/pidfd-kill
usr/bin/pidfd-run
usr/bin/pidfd-wait"
completions="$(sed 's,^usr/bin,usr/share/bash-completion/completions,' <<<"$tools")
$(sed 's,^usr/bin/\(.*\),usr/share/fish/vendor_completions.d/\1.fish,' <<<"$tools")
$(sed 's,^usr/bin/,usr/share/zsh/site-functions/_,' <<<"$tools")"
license=usr/share/licenses/pidfd-util/LICENSE
pages="usr/share/man/man1/pidfd-inspect.1
usr/share/man/man1/pidfd-kill.1
usr/share/man/man1/pidfd-run.1
usr/share/man/man1/pidfd-wait.1
usr/share/man/man7/pidfd-util.7"

# holds DIRECTORY LIST...: checks that the directory has these files, and no others.
holds() {
  diff <(printf '%s\n' "${@:2}" | sort) <(cd "$1" && find . ! -type d -printf '%P\n' | sort)
}
check "install: the library, headers, package files, tools, completions, pages, the licence, and nothing else" \
  holds "$whole/root" "$runtime" "$devel" "$tools" "$completions" "$pages" "$license"

by_tag() { # TAG LIST
  rm -rf "$work/tagged" && mkdir "$work/tagged" &&
    DESTDIR=$work/tagged meson install -C "$whole" --no-rebuild --tags "$1" && holds "$work/tagged" "$2"
}
check "install: --tags runtime" by_tag runtime "$runtime"
check "install: --tags devel" by_tag devel "$devel"
check "install: --tags bin" by_tag bin "$tools"
check "install: --tags completions" by_tag completions "$completions"
check "install: --tags man" by_tag man "$pages"
check "install: --tags license" by_tag license "$license"

library=$whole/root/usr/$multiarch/libpidfd-util.so
soname() {
  [ "$(objdump -p "$library" | awk '$1 == "SONAME" { print $2 }')" = libpidfd-util.so.0 ] &&
    [ "$(readlink -f "$library")" = "$(readlink -f "$library.0")" ] &&
    [ "$(readlink -f "$library")" = "$library.$version" ]
}
check "install: a versioned soname" soname

needs_little() {
  objdump -p "$library" | grep -q SONAME && ! objdump -p "$library" | grep -e RPATH -e RUNPATH &&
    ! objdump -p "$library" | awk '$1 == "NEEDED" { print $2 }' |
    grep -v -x -e 'libstdc++\.so\.6' -e 'libgcc_s\.so\.1' -e 'libm\.so\.6' -e 'libc\.so\.6'
}
check "install: the library needs only the C and C++ libraries, and has no run path" needs_little

tool_runs() {
  ! objdump -p "$whole/root/usr/bin/pidfd-run" | grep -e RPATH -e RUNPATH &&
    LD_LIBRARY_PATH=$whole/root/usr/$multiarch "$whole/root/usr/bin/pidfd-run" true &&
    LD_LIBRARY_PATH=$whole/root/usr/$multiarch "$whole/root/usr/bin/pidfd-inspect" $$
}
check "install: the tools run, with the installed library" tool_runs

found_by_cmake() {
  local directory
  directory=$(fresh cmake-package multiarch) &&
    cmake -S "$directory" -B "$directory/build" -DCMAKE_PREFIX_PATH="$whole/root/usr" &&
    cmake --build "$directory/build" && "$directory/build/stop-politely"
}
check "install: CMake finds the package in the libdir of several machines" found_by_cmake

# Neither does Catch2, if it is a subproject of the parent.
plan() { # DIRECTORY OPTION...
  meson setup "$1" "$root" --prefix=/usr "${@:2}" >/dev/null &&
    meson introspect --installed "$1" | tr ',' '\n' | sed 's,.*": ",,' | sort
}
tests_install_nothing() {
  plan "$work/without-tests" -Dtests=disabled >"$work/without-tests.plan" &&
    plan "$work/with-tests" -Dtests=enabled >"$work/with-tests.plan" &&
    grep -q 'lib.*libpidfd-util.so' "$work/with-tests.plan" &&
    diff "$work/without-tests.plan" "$work/with-tests.plan"
}
check "install: tests install nothing" tests_install_nothing
