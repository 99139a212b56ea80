# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The option `expected`, as users of an installed library see it.

check "expected=auto: builds" build_and_install "$work/auto" "${quickly[@]}"
check "expected=std: builds, with the library as C++17" build_and_install "$work/std" -Dexpected=std "${quickly[@]}"
check "expected=tl: builds" build_and_install "$work/tl" -Dexpected=tl "${quickly[@]}"

consumer=$here/consumer.cpp
check "expected=auto: tl::expected as C++17" use "$work/auto" "$consumer" "$g" -std=c++17 -DEXPECT_TL
check "expected=auto: std::expected as C++23" use "$work/auto" "$consumer" "$g" -std=c++23 -DEXPECT_STD
# Clang 14 finds libstdc++'s header, but not the type.
check "expected=auto: tl::expected as C++23 without the type" \
  use "$work/auto" "$consumer" "$clang" -std=c++2b -DEXPECT_TL
check "expected=tl: tl::expected as C++17" use "$work/tl" "$consumer" "$g" -std=c++17 -DEXPECT_TL
check "expected=tl: tl::expected as C++23" use "$work/tl" "$consumer" "$g" -std=c++23 -DEXPECT_TL
check "expected=std: std::expected as C++23" use "$work/std" "$consumer" "$g" -std=c++23 -DEXPECT_STD
refuse "expected=std: a C++17 consumer learns why" "configured with expected=std, which needs C++23" \
  use "$work/std" "$consumer" "$g" -std=c++17

# One program of a C++17 source with tl::expected and a C++23 source with std::expected.
compile_mixed() { # COMPILER OF THE C++17 SOURCE
  "$1" -std=c++17 "${strict[@]}" "${lean[@]}" -I "$root/include" -c "$here/mixed_17.cpp" -o "$work/mixed_17.o" &&
    "$g" -std=c++23 "${strict[@]}" "${lean[@]}" -I "$root/include" -c "$here/mixed_23.cpp" -o "$work/mixed_23.o"
}
run_mixed() {
  compile_for "$work/auto" "$work/mixed" "$g" "$work/mixed_17.o" "$work/mixed_23.o" &&
    run_with "$work/auto" "$work/mixed"
}
for compiler in "$g" "$clang"; do
  check "mixed: compiles, the C++17 source with $compiler" compile_mixed "$compiler"
  check "mixed: links and passes values, the C++17 source from $compiler" run_mixed
done

# The system's headers, except those of tl-expected.
without_tl() {
  mkdir "$work/usr-include"
  find /usr/include -mindepth 1 -maxdepth 1 ! -name tl -exec ln -s -t "$work/usr-include" {} +
  local directories=() directory
  while read -r directory; do
    if [ "$directory" = /usr/include ]; then
      directory=$work/usr-include
    fi
    directories+=(-isystem "$directory")
  done < <("$g" -x c++ -E -v /dev/null 2>&1 >/dev/null |
    sed -n '/^#include <\.\.\.>/,/^End of/{/^ /s/^ //p}')
  bare=("$g" -nostdinc "${directories[@]}" -I "$root/include" -fsyntax-only)
}
without_tl
check "no tl-expected: C++23 does not need it" "${bare[@]}" -std=c++23 "$consumer"
refuse "no tl-expected: a C++17 consumer learns of C++23" "compile as C++23" "${bare[@]}" -std=c++17 "$consumer"
refuse "no tl-expected: a C++17 consumer learns of tl-expected" "or install tl-expected" \
  "${bare[@]}" -std=c++17 "$consumer"
