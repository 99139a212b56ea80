# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# CMake projects that build the library from its sources, without Meson.

# CMake compiles all sources as one, as `quickly` has Meson do.
unity=(-DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0)

# build_sources OPTION...: configures, builds and runs the project.
build_sources() {
  local directory
  directory=$(fresh cmake-sources cmake-sources) && cp "$here/cmake-package/main.cpp" "$directory" &&
    cmake -S "$directory" -B "$directory/build" "${unity[@]}" "$@" &&
    cmake --build "$directory/build" -j "$(nproc)" && "$directory/build/stop-politely"
}
pack "$work" pidfd-util
archive=$work/pidfd-util.tar.gz

check "cmake: add_subdirectory" build_sources -DPIDFD_UTIL_DIR="$root"
check "cmake: FetchContent, shared, C++23" build_sources -DPIDFD_UTIL_ARCHIVE="$archive" \
  -DBUILD_SHARED_LIBS=ON -DCMAKE_CXX_STANDARD=23
only_the_interface() {
  nm -D --defined-only --demangle "$work/cmake-sources/build/_deps/pidfd-util-build/libpidfd-util.so.0" |
    grep ' T ' >"$work/exported" && ! grep -v ' pidfd_util::abi::.*@@PIDFD_UTIL_0$' "$work/exported"
}
check "cmake: the shared library exports only the binary interface" only_the_interface
check "cmake: a project without exceptions and RTTI" build_sources -DPIDFD_UTIL_DIR="$root" \
  -DCMAKE_CXX_FLAGS="-fno-exceptions -fno-rtti"

as_in_readme() {
  local directory
  directory=$(fresh cmake-package cmake-readme) && {
    echo "cmake_minimum_required(VERSION 3.18)"
    echo "project(program LANGUAGES CXX)"
    echo "add_executable(program main.cpp)"
    documented cmake FetchContent | sed "s,https://[^ )]*,$archive," || return
  } >"$directory/CMakeLists.txt" && grep -q "$archive" "$directory/CMakeLists.txt" &&
    cmake -S "$directory" -B "$directory/build" "${unity[@]}" && cmake --build "$directory/build" -j "$(nproc)" &&
    "$directory/build/program"
}
check "cmake: FetchContent, as the README says" as_in_readme
