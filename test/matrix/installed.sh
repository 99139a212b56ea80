# SPDX-License-Identifier: MIT
# One installed shared library, for programs of every standard and compiler.

for compiler in "$g" "$clang"; do
  for standard in c++17 c++20 c++2b; do
    check "installed: $compiler $standard" \
      use "$shared" "$here/consumer.cpp" "$compiler" "-std=$standard" "${strict[@]}" "${lean[@]}"
  done
done

nothing_but_the_library() {
  local soname
  soname=$(objdump -p "$shared/root/usr/lib/libpidfd-util.so.0" | awk '$1 == "SONAME" { print $2 }')
  [ "$soname" = libpidfd-util.so.0 ] &&
    ! (cd "$shared/root" && find . -type f -o -type l) | grep -v \
      -e '^\./usr/include/pidfd_util/.*\.hpp$' \
      -e '^\./usr/lib/libpidfd-util\.so\(\.0\(\.[0-9.]*\)\?\)\?$' \
      -e '^\./usr/lib/pkgconfig/pidfd-util\.pc$'
}
check "installed: headers, the library and its .pc file, and nothing else" nothing_but_the_library

every_header() {
  diff <(cd "$root/include/pidfd_util" && find . -name '*.hpp' | sort) \
    <(cd "$shared/root/usr/include/pidfd_util" && find . -name '*.hpp' ! -name config.hpp | sort)
}
check "installed: every header" every_header
