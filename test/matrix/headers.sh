# SPDX-License-Identifier: MIT
# Each public header, by itself and included twice.

compile_headers() { # DIRECTORY COMPILER ARGUMENT...
  find "$1" -name '*.cpp' -print0 |
    xargs -0 -n 1 -P "$(nproc)" "${@:2}" -fsyntax-only "${strict[@]}" -I "$root/include"
}

mkdir "$work/headers"
while read -r header; do
  printf '#include <%s>\n#include <%s>\n' "$header" "$header" >"$work/headers/${header//\//-}.cpp"
done < <(cd "$root/include" && find . -name '*.hpp' -printf '%P\n')

# Asio itself wants exceptions and RTTI, or definitions of the program's instead: see test/asio.
mkdir "$work/lean-headers"
find "$work/headers" -name '*.cpp' ! -name '*asio*' -exec cp {} "$work/lean-headers" ';'

for compiler in "${compilers[@]}"; do
  standards=(c++17 c++20 c++2b)
  case $compiler in *-*) standards=(c++2b) ;; esac # the newest differ in the newest standard
  for standard in "${standards[@]}"; do
    check "headers: $compiler $standard" compile_headers "$work/headers" "$compiler" "-std=$standard"
    check "headers: $compiler $standard ${lean[*]}" \
      compile_headers "$work/lean-headers" "$compiler" "-std=$standard" "${lean[@]}"
  done
done
