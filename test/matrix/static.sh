# SPDX-License-Identifier: MIT
# default_library static and both, and the library itself as a later standard.

check "static: builds and installs" build_and_install "$work/static" -Ddefault_library=static -Dwerror=true
check "static: a program" use "$work/static" "$here/consumer.cpp" "$g" -std=c++17
check "both: builds and installs" build_and_install "$work/both" -Ddefault_library=both -Dwerror=true
check "both: a program takes the shared one" use "$work/both" "$here/consumer.cpp" "$g" -std=c++17
static=yes check "both: a wholly static program" \
  use "$work/both" "$here/consumer.cpp" "$g" -std=c++17 -static

# Meson 1.0 does not know c++23 by name.
for standard in c++20 c++23; do
  check "static: the library itself as $standard" configure_and_compile "$work/static-$standard" \
    -Ddefault_library=static -Dwerror=true -Dcpp_std=none "-Dcpp_args=-std=$standard"
done
