# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Checks the vcpkg port and the Conan recipe as far as that is possible without vcpkg and Conan: builds
# the library with their options, from the sources that they take.

# build_as NAME SOURCE OPTION...: builds and installs into $work/NAME.
build_as() {
  local name=$1 source=$2
  shift 2
  meson setup --prefix=/usr --libdir=lib "$work/$name-build" "$source" "${quickly[@]}" "$@" &&
    meson compile -C "$work/$name-build" && DESTDIR=$work/$name meson install -C "$work/$name-build" --quiet
}

port=$here/vcpkg
check "vcpkg: the version is the project's" python3 -c \
  'import json, sys; sys.exit(json.load(open(sys.argv[1]))["version"] != sys.argv[2])' "$port/vcpkg.json" "$version"
mapfile -t options < <(grep -oE -- '-D[a-z]+=[a-z]+' "$port/portfile.cmake")
check "vcpkg: builds with the port's options" build_as vcpkg "$root" "${options[@]:?}"
where_the_port_looks() {
  ls "$work/vcpkg/usr/lib/cmake/pidfd-util/pidfd-util-config.cmake" "$root/LICENSE" &&
    grep -q 'find_package(pidfd-util CONFIG REQUIRED)' "$port/usage"
}
check "vcpkg: everything is where the port looks for it" where_the_port_looks

as_conan() {
  local words
  mkdir -p "$work/conan-sources" && words=$("$here/conan/stand_in.py" "$work/conan-sources") &&
    read -ra words <<<"$words" && [ "${words[0]}" = "$version" ] &&
    build_as conan "$work/conan-sources" "${words[@]:1}" && ls "$work/conan/usr/lib/"libpidfd-util.*
}
check "conan: builds from the exported sources, with the recipe's options" as_conan
as_conan_test() {
  cmake -S "$here/conan/test_package" -B "$work/conan-test" -DCMAKE_PREFIX_PATH="$work/conan/usr" &&
    cmake --build "$work/conan-test" && LD_LIBRARY_PATH=$work/conan/usr/lib "$work/conan-test/consumer"
}
check "conan: the test package builds and runs" as_conan_test
