# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Clang with its own standard library.

if ! clang++ -stdlib=libc++ -x c++ -fsyntax-only - <<<'#include <version>' 2>"$work/why"; then
  skip "libc++" "$(head -n 1 "$work/why")"
else
  CXX=clang++ check "libc++: the library builds" build_and_install "$work/libcxx" -Dwerror=true "${quickly[@]}" \
    -Dcpp_args=-stdlib=libc++ -Dcpp_link_args=-stdlib=libc++
  for standard in c++17 c++2b; do
    check "libc++: a $standard program" use "$work/libcxx" "$here/pkg-config/main.cpp" \
      clang++ -stdlib=libc++ "-std=$standard" "${strict[@]}"
  done
  # Both libraries have an error_code, with different layouts: this must not link.
  refuse "libc++: a program with the other standard library" "undefined reference to \`pidfd_util::abi::" \
    use "$work/libcxx" "$here/pkg-config/main.cpp" g++ -std=c++17
fi
