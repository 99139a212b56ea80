# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Two builds, from two copies of the sources in two directories, install the same bytes.
#
# By default there is debug information, which names the directory of the build, so that a debugger
# finds the sources. Most distributions map this directory to another name by their compiler flags,
# or make no debug information.

# build_copy NAME OPTION...: builds a copy of the sources in $work/NAME, and installs it there.
build_copy() {
  local place=$work/$1
  mkdir -p "$place" && pack "$place" sources && tar -C "$place" -xzf "$place/sources.tar.gz" &&
    meson setup "$place/build-$(basename "$place")" "$place/sources" --prefix=/usr --libdir=lib \
      -Dtests=disabled -Ddefault_library=both "${@:2}" &&
    DESTDIR=$place/root meson install -C "$place/build-$(basename "$place")"
}

same_bytes() { # NAME NAME
  diff -r --no-dereference "$work/$1/root" "$work/$2/root"
}

names_no_place() { # NAME
  [ -f "$work/$1/root/usr/lib/libpidfd-util.so.0" ] && ! grep -rF "$work" "$work/$1/root"
}

check "reproducible: a build without debug information" build_copy release/first -Dbuildtype=release
check "reproducible: a second build in another directory" build_copy release/a-second-one -Dbuildtype=release
check "reproducible: both are the same" same_bytes release/first release/a-second-one
check "reproducible: neither contains its directory" names_no_place release/first

debug() { # NAME
  build_copy "$1" -Ddebug=true -Doptimization=0 -Dexamples=disabled \
    "-Dcpp_args=-ffile-prefix-map=$work/$1/build-$(basename "$1")=/build -ffile-prefix-map=$work/$1/sources=/sources"
}
check "reproducible: a build with debug information, mapped" debug debug/first
check "reproducible: a second build in another directory, mapped" debug debug/a-second-one
check "reproducible: both are the same, mapped" same_bytes debug/first debug/a-second-one
check "reproducible: neither contains its directory, mapped" names_no_place debug/first
