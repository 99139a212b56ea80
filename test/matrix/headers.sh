# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Each public header, by itself and included twice. Whether a header includes what it needs, one compiler
# tells; the other compilers and standards compile all headers as one source. With PIDFD_UTIL_LONG=1, all
# compile each by itself.

compile_headers() { # DIRECTORY COMPILER ARGUMENT...
  find "$1" -name '*.cpp' -print0 |
    xargs -0 -n 1 -P "$(nproc)" "${@:2}" -fsyntax-only "${strict[@]}" -I "$root/include"
}

mkdir "$work/headers" "$work/all-headers" "$work/lean-headers"
while read -r header; do
  printf '#include <%s>\n#include <%s>\n' "$header" "$header" >"$work/headers/${header//\//-}.cpp"
done < <(cd "$root/include" && find . -name '*.hpp' -printf '%P\n')
cat "$work/headers/"*.cpp >"$work/all-headers/all.cpp"
# Asio itself needs exceptions and RTTI, or definitions by the program instead: see test/asio.
find "$work/headers" -name '*.cpp' ! -name '*asio*' -exec cat {} + >"$work/lean-headers/all.cpp"

for compiler in "${compilers[@]}"; do
  standards=(c++17 c++2b)
  case $compiler in *-*) standards=(c++2b) ;; esac # the newest differ in the newest standard
  for standard in "${standards[@]}"; do
    headers=all-headers
    if [ "$compiler $standard" = "$g c++17" ] || [ -n "${PIDFD_UTIL_LONG:-}" ]; then
      headers=headers
    fi
    check "$headers: $compiler $standard" compile_headers "$work/$headers" "$compiler" "-std=$standard"
    check "lean-headers: $compiler $standard ${lean[*]}" \
      compile_headers "$work/lean-headers" "$compiler" "-std=$standard" "${lean[@]}"
  done
done
