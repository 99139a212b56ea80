# SPDX-License-Identifier: MIT
# The sources in somebody's tree, without Meson: include/ and lib/ as they are.

embed() { # COMPILER ARGUMENT...
  rm -rf "$work/embedded" && mkdir "$work/embedded" &&
    printf '%s\0' "$root"/lib/*.cpp "$here/consumer.cpp" |
    (cd "$work/embedded" && xargs -0 -n 1 -P "$(nproc)" "$@" "${strict[@]}" -I "$root/include" -c) &&
    "$1" "$work"/embedded/*.o -o "$work/embedded/consumer" &&
    "$work/embedded/consumer"
}
check "embedded: $g c++17 ${lean[*]}" embed "$g" -std=c++17 "${lean[@]}"
check "embedded: $g c++23, with exceptions" embed "$g" -std=c++23
check "embedded: $clang c++17 -O2" embed "$clang" -std=c++17 -O2 "${lean[@]}"
check "embedded: $clang c++2b" embed "$clang" -std=c++2b
