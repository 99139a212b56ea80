# SPDX-License-Identifier: MIT
# The library itself, under later standards and compilers.

# Meson 1.0 does not know c++23 by name.
for standard in c++20 c++23; do
  check "standards: the library itself as $standard" configure_and_compile "$work/library-$standard" \
    -Ddefault_library=static -Dwerror=true -Dcpp_std=none "-Dcpp_args=-std=$standard"
done
for compiler in "${compilers[@]:1}"; do
  CXX=$compiler check "standards: the library itself with $compiler" \
    configure_and_compile "$work/library-$compiler" -Dwerror=true
done
