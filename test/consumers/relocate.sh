# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The installed files work after they were moved.

# moved INSTALLED: moves the content of the prefix, and prints its new directory.
moved() {
  rm -rf "$work/moved" && mkdir -p "$work/moved" && cp -a "$1/root/usr" "$work/moved/prefix" &&
    echo "$work/moved/prefix"
}

moved_cmake() {
  local directory prefix
  prefix=$(moved "$both") && directory=$(fresh cmake-package moved-cmake) &&
    cmake -S "$directory" -B "$directory/build" -DCMAKE_PREFIX_PATH="$prefix" &&
    cmake --build "$directory/build" && "$directory/build/stop-politely" &&
    grep "$prefix/include" -r "$directory/build" --include=flags.make --include=*.ninja
}
check "relocate: the CMake package" moved_cmake

# moved_pkg_config INSTALLED ARGUMENT...
moved_pkg_config() {
  local prefix flags
  prefix=$(moved "$1") && flags=$(PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig pkg-config "${@:2}" \
    --cflags --libs pidfd-util) || return
  # shellcheck disable=SC2086
  g++ "$here/pkg-config/main.cpp" -o "$work/program" $flags && LD_LIBRARY_PATH=$prefix/lib "$work/program"
}
check "relocate: the .pc file, with --define-prefix" moved_pkg_config "$both" --define-prefix

# Not by default: in /usr it would print -I/usr/lib/pkgconfig/../../include, which pkg-config does
# not recognize as the compiler's own directory.
check "relocate: builds and installs with pkgconfig.relocatable" \
  build_and_install "$work/relocatable" -Dpkgconfig.relocatable=true "${quickly[@]}"
check "relocate: the .pc file, with pkgconfig.relocatable" moved_pkg_config "$work/relocatable"

prefix=/opt/an-odd-prefix
says_prefix() { # PATTERN: of the names of files that do not count
  ! grep -rlF "$prefix" "$work/odd/root" | grep -v "$1"
}
check "relocate: builds and installs for an odd prefix" build_and_install "$work/odd" --prefix=$prefix \
  -Ddefault_library=both "${quickly[@]}"
check "relocate: no file but the .pc file knows the prefix" says_prefix '/pidfd-util\.pc$'
check "relocate: the .pc file contains the prefix once" \
  [ "$(grep -cF $prefix "$work/odd/root$prefix/lib/pkgconfig/pidfd-util.pc")" = 1 ]

# Without a common prefix, as on Nix, the CMake package must contain each directory.
apart() {
  local directory
  configure_and_compile "$work/apart" --prefix="$work/apart-prefix" --libdir="$work/apart-lib" \
    --includedir="$work/apart-include" "${quickly[@]}" && meson install -C "$work/apart" --no-rebuild &&
    mv "$work/apart-lib/cmake" "$work/apart-cmake" && directory=$(fresh cmake-package apart-consumer) &&
    cmake -S "$directory" -B "$directory/build" -Dpidfd-util_DIR="$work/apart-cmake/pidfd-util" &&
    cmake --build "$directory/build" && "$directory/build/stop-politely"
}
check "relocate: directories without a common prefix" apart
