# SPDX-License-Identifier: MIT
# One program of a C++17 source with tl::expected and a C++23 source with std::expected.

compile_mixed() { # COMPILER OF THE C++17 SOURCE
  "$1" -std=c++17 "${strict[@]}" "${lean[@]}" -I "$root/include" -c "$here/mixed_17.cpp" -o "$work/mixed_17.o" &&
    "$g" -std=c++23 "${strict[@]}" "${lean[@]}" -I "$root/include" -c "$here/mixed_23.cpp" -o "$work/mixed_23.o"
}

run_mixed() {
  compile_for "$shared" "$work/mixed" "$g" "$work/mixed_17.o" "$work/mixed_23.o" &&
    run_with "$shared" "$work/mixed"
}

for compiler in "$g" "$clang"; do
  check "mixed: compiles, the C++17 source with $compiler" compile_mixed "$compiler"
  check "mixed: links and passes values, the C++17 source from $compiler" run_mixed
done
