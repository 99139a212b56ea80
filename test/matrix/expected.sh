# SPDX-License-Identifier: MIT
# The option `expected`, as an installed library's consumers meet it.

check "expected=std: builds, with the library as C++17" build_and_install "$work/std" -Dexpected=std
check "expected=tl: builds" build_and_install "$work/tl" -Dexpected=tl

consumer=$here/consumer.cpp
check "expected=auto: tl::expected as C++17" use "$shared" "$consumer" "$g" -std=c++17 -DEXPECT_TL
check "expected=auto: std::expected as C++23" use "$shared" "$consumer" "$g" -std=c++23 -DEXPECT_STD
# Clang 14 finds libstdc++'s header, but not the type.
check "expected=auto: tl::expected as C++23 without the type" \
  use "$shared" "$consumer" "$clang" -std=c++2b -DEXPECT_TL
check "expected=tl: tl::expected as C++17" use "$work/tl" "$consumer" "$g" -std=c++17 -DEXPECT_TL
check "expected=tl: tl::expected as C++23" use "$work/tl" "$consumer" "$g" -std=c++23 -DEXPECT_TL
check "expected=std: std::expected as C++23" use "$work/std" "$consumer" "$g" -std=c++23 -DEXPECT_STD
refuse "expected=std: a C++17 consumer is told why" "configured with expected=std, which needs C++23" \
  use "$work/std" "$consumer" "$g" -std=c++17

# The system's headers, but for tl's.
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
check "no tl-expected: C++23 does without" "${bare[@]}" -std=c++23 "$consumer"
refuse "no tl-expected: a C++17 consumer is told of C++23" "compile as C++23" "${bare[@]}" -std=c++17 "$consumer"
refuse "no tl-expected: a C++17 consumer is told of tl-expected" "or install tl-expected" \
  "${bare[@]}" -std=c++17 "$consumer"
