# SPDX-License-Identifier: MIT
# A Meson subproject in parents of several kinds.

parent() { # NAME OPTION...
  local directory=$work/parent-$1
  shift
  mkdir -p "$directory/subprojects" &&
    cp "$here/parent/meson.build" "$here/consumer.cpp" "$directory" &&
    ln -s "$root" "$directory/subprojects/pidfd-util" &&
    meson setup "$directory/build" "$directory" -Dwerror=true "$@" &&
    meson test -C "$directory/build" &&
    ! meson introspect --targets "$directory/build" | grep -q '"pidfd-util-test"'
}
check "subproject: a parent with the defaults" parent plain
check "subproject: a static parent, as C++20" parent static -Ddefault_library=static -Dcpp_std=c++20
check "subproject: a parent without exceptions and RTTI, as C++23" \
  parent lean -Dcpp_eh=none -Dcpp_rtti=false -Dcpp_std=none -Dcpp_args=-std=c++23
check "subproject: a parent that says -fno-exceptions -fno-rtti by itself" \
  parent flags "-Dcpp_args=-fno-exceptions -fno-rtti"
