# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The library itself, under later standards and compilers. All sources are compiled as one; with
# PIDFD_UTIL_LONG=1, each by itself.

together=(-Dunity=on -Dunity_size=1000)
if [ -n "${PIDFD_UTIL_LONG:-}" ]; then
  together=()
fi

check "standards: the library itself, optimised, source by source" configure_and_compile "$work/library" -Dwerror=true
# Meson 1.0 does not know c++23 by name.
for standard in c++20 c++23; do
  check "standards: the library itself as $standard" configure_and_compile "$work/library-$standard" \
    -Ddefault_library=static -Dwerror=true -Dcpp_std=none "-Dcpp_args=-std=$standard" "${together[@]}"
done
# Clang finds nothing more when it optimises.
CXX=$clang check "standards: the library itself with $clang, source by source" \
  configure_and_compile "$work/library-$clang" -Dwerror=true -Doptimization=0 -Ddebug=false
for compiler in "${compilers[@]:2}"; do
  CXX=$compiler check "standards: the library itself with $compiler" \
    configure_and_compile "$work/library-$compiler" -Dwerror=true "${together[@]}"
done
