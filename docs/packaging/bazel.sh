# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Checks the files for Bazel. Debian 12 has Bazel 4, which reads BUILD.bazel but not MODULE.bazel. It
# compiles source by source, so it runs only with PIDFD_UTIL_LONG=1. A stand-in always runs: it compiles
# what the files select, as one source.

as_bazel() {
  local words tree=$work/sources
  mkdir "$tree" && words=$("$here/bazel/stand_in.py" "$root" "$tree") && read -ra words <<<"$words" &&
    [ "${words[0]}" = "$version" ] && cd "$tree" &&
    find lib -name '*.cpp' -printf '#include "%p"\n' | g++ "${words[@]:1}" -I. -c -x c++ - -o all.o &&
    g++ -std=c++17 -Iinclude "$root/docs/packaging/debian/tests/consumer.cpp" all.o -o consumer && ./consumer
}
check "bazel: what the files select compiles, and a program runs with it" as_bazel
every_file() {
  diff -r --exclude=meson.build --exclude=cmake --exclude='*.map' "$root/lib" "$work/sources/lib" &&
    diff -r --exclude=meson.build --exclude='*.in' "$root/include" "$work/sources/include"
}
check "bazel: the files select all sources and headers" every_file

# Bazel 4 would download the rules for C++ and Java, which it also has built in.
built_in() { # REPOSITORY PACKAGE FILE RULE...
  local rule package=$work/bazel/$1/$2
  mkdir -p "$package" && touch "$work/bazel/$1/WORKSPACE" "$package/BUILD" && for rule in "${@:4}"; do
    printf 'def %s(**arguments):\n    native.%s(**arguments)\n' "$rule" "$rule"
  done >"$package/$3"
}

by_bazel() {
  local tree=$work/bazel/source repository
  mkdir -p "$tree" && cp -r "$root/include" "$root/lib" "$here/bazel/"*.bazel "$tree" &&
    built_in rules_cc cc cc_library.bzl cc_library &&
    built_in rules_cc cc defs.bzl cc_binary cc_import cc_library cc_proto_library cc_test cc_toolchain \
      cc_toolchain_suite fdo_prefetch_hints fdo_profile objc_import objc_library &&
    built_in rules_java java defs.bzl java_binary java_import java_library java_package_configuration java_plugin \
      java_runtime java_test java_toolchain &&
    for repository in rules_cc rules_java; do
      echo "local_repository(name = \"$repository\", path = \"../$repository\")"
    done >"$tree/WORKSPACE" && cp "$root/docs/packaging/debian/tests/consumer.cpp" "$tree" &&
    echo 'cc_binary(name = "consumer", srcs = ["consumer.cpp"], copts = ["-std=c++17"], deps = [":pidfd-util"])' \
      >>"$tree/BUILD.bazel" && cd "$tree" &&
    bazel --output_user_root="$work/bazel/output" --batch run --spawn_strategy=local //:consumer
}
if [ -n "${PIDFD_UTIL_LONG:-}" ]; then
  if command -v bazel >"$work/which"; then
    check "bazel: Bazel builds and runs a program" by_bazel
  else
    skip "bazel: Bazel builds and runs a program" "it is not installed"
  fi
fi
