# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# CMake, with the CMake package and with pkg-config.

# cmake_project PROJECT INSTALLED OPTION...: configures, builds and runs the project with the
# library at INSTALLED.
cmake_project() {
  local project=$1 installed=$2 directory
  shift 2
  directory=$(fresh "$project" "$project") || return
  PKG_CONFIG_SYSROOT_DIR=$installed PKG_CONFIG_LIBDIR=$installed/usr/lib/pkgconfig \
    cmake -S "$directory" -B "$directory/build" -DCMAKE_PREFIX_PATH="$installed/usr" "$@" &&
    cmake --build "$directory/build" || return
  local program
  for program in "$directory/build/"stop-politely* "$directory/build/"first-of-many; do
    [ ! -f "$program" ] || LD_LIBRARY_PATH=$installed/usr/lib "$program" || return
  done
}

for standard in 17 20 23; do
  check "cmake: find_package, shared, C++$standard" \
    cmake_project cmake-package "$shared/root" -DCMAKE_CXX_STANDARD=$standard
done
check "cmake: find_package, static" cmake_project cmake-package "$static_only/root"
check "cmake: find_package, both" cmake_project cmake-package "$both/root"
check "cmake: a project with an older standard is compiled as C++17" \
  cmake_project cmake-package "$both/root" -DCMAKE_CXX_STANDARD=14
for compiler in "${compilers[@]:1}"; do
  check "cmake: find_package, $compiler" \
    cmake_project cmake-package "$both/root" -DCMAKE_CXX_COMPILER="$compiler"
done
check "cmake: pkg_check_modules, shared" cmake_project cmake-pkg-config "$shared/root"
check "cmake: pkg_check_modules, static" cmake_project cmake-pkg-config "$static_only/root"

which_libraries() {
  cmake_project cmake-package "$both/root" &&
    objdump -p "$work/cmake-package/build/stop-politely" | grep -q 'NEEDED.* libpidfd-util.so.0$' &&
    ! objdump -p "$work/cmake-package/build/stop-politely-static" | grep libpidfd-util
}
check "cmake: each target links the library of its name" which_libraries

# look_for WORDS [INSTALLED [BEFORE]]: calls find_package(WORDS) in a project without a program.
# BEFORE are the project's lines before that.
look_for() {
  rm -rf "$work/look-for" && mkdir "$work/look-for" && cat >"$work/look-for/CMakeLists.txt" <<END &&
cmake_minimum_required(VERSION 3.19)
project(look-for LANGUAGES CXX)
${3:-}
find_package($1)
message(STATUS "found version \${pidfd-util_VERSION}")
END
    cmake -S "$work/look-for" -B "$work/look-for/build" -DCMAKE_PREFIX_PATH="${2:-$both/root}/usr"
}
finds() { # WORDS
  look_for "$1 REQUIRED" >"$work/found" && grep -q "found version $version" "$work/found"
}

version=$(PKG_CONFIG_LIBDIR=$both/root/usr/lib/pkgconfig pkg-config --modversion pidfd-util)
IFS=. read -r major minor patch <<<"$version"
check "cmake: found without a version" finds pidfd-util
check "cmake: found as $major.$minor" finds "pidfd-util $major.$minor"
check "cmake: found as exactly $version" finds "pidfd-util $version EXACT"
check "cmake: found in a range" finds "pidfd-util $major.$minor...$major.$((minor + 1))"
check "cmake: found twice" finds "pidfd-util REQUIRED)
find_package(pidfd-util"
refuse "cmake: a later patch version is not installed" "pidfd-util-config.cmake, version: $version" \
  look_for "pidfd-util $major.$minor.$((patch + 1)) REQUIRED"
refuse "cmake: another minor version is another interface" "pidfd-util-config.cmake, version: $version" \
  look_for "pidfd-util $major.$((minor + 1)) REQUIRED"
refuse "cmake: outside of a range" "pidfd-util-config.cmake, version: $version" \
  look_for "pidfd-util $major.$((minor + 1))...9 REQUIRED"
refuse "cmake: an unknown component" "has no component asio" \
  look_for "pidfd-util REQUIRED COMPONENTS asio"

# Like a project that is compiled for another machine.
refuse "cmake: a library of another word size" "$version ($(getconf LONG_BIT) bits)" \
  look_for "pidfd-util REQUIRED" "$both/root" "set(CMAKE_SIZEOF_VOID_P 2)"

without_library() {
  rm -rf "$work/without" && cp -r "$both" "$work/without" &&
    rm "$work/without/root/usr/lib/"libpidfd-util.* &&
    look_for "pidfd-util REQUIRED" "$work/without/root"
}
refuse "cmake: headers without the library" "There is no libpidfd-util in" without_library

as_in_install() {
  local directory
  directory=$(fresh cmake-package cmake-readme) && {
    echo "cmake_minimum_required(VERSION 3.13)"
    echo "project(program LANGUAGES CXX)"
    echo "add_executable(program main.cpp)"
    documented cmake find_package || return
  } >"$directory/CMakeLists.txt" &&
    cmake -S "$directory" -B "$directory/build" -DCMAKE_PREFIX_PATH="$shared/root/usr" &&
    cmake --build "$directory/build" && "$directory/build/program"
}
check "cmake: as install.md says" as_in_install
