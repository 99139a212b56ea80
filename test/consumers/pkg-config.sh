# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A plain compiler command with pkg-config, for the one installed library.

program=$here/pkg-config/main.cpp
for compiler in "${compilers[@]}"; do
  for standard in c++17 c++20 c++2b; do
    check "pkg-config: one shared library serves $compiler $standard" \
      use "$shared" "$program" "$compiler" "-std=$standard" "${strict[@]}" "${lean[@]}"
  done
  check "pkg-config: the static library serves $compiler" \
    use "$static_only" "$program" "$compiler" -std=c++17 "${strict[@]}"
  static=yes check "pkg-config: $compiler, --static" \
    use "$both" "$program" "$compiler" -std=c++17 "${strict[@]}" -static
done

needed_by_program() { # DIRECTORY COUNT: so many shared libraries of this project
  use "$1" "$program" g++ && objdump -p "$work/program" | awk '$1 == "NEEDED" { print $2 }' >"$work/needed" &&
    { grep -q '^libc\.' "$work/needed" && [ "$(grep -c pidfd "$work/needed")" = "$2" ]; }
}
check "pkg-config: where both are installed, a program takes the shared one" needed_by_program "$both" 1
check "pkg-config: a program with the static library needs no shared one" needed_by_program "$static_only" 0

as_in_readme() {
  local directory line
  directory=$(fresh pkg-config pkg-config-readme) && mv "$directory/main.cpp" "$directory/program.cpp" &&
    line=$(documented sh pkg-config) && cd "$directory" &&
    PKG_CONFIG_SYSROOT_DIR=$shared/root PKG_CONFIG_LIBDIR=$shared/root/usr/lib/pkgconfig bash -c "$line" &&
    run_with "$shared" ./a.out
}
check "pkg-config: as the README says" as_in_readme
