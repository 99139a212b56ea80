# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A Meson subproject, brought by a wrap file, in parents of several kinds.

mkdir "$work/packed" && pack "$work/packed" pidfd-util-tree

wrap_file() { # PROJECT TARBALL
  local name
  name=$(basename "$2" .tar.gz)
  mkdir -p "$1/subprojects/packagefiles" && cp "$2" "$1/subprojects/packagefiles" &&
    cat >"$1/subprojects/pidfd-util.wrap" <<END
[wrap-file]
directory = $name
source_filename = $name.tar.gz
source_hash = $(sha256sum "$2" | cut -d ' ' -f 1)
[provide]
pidfd-util = pidfd_util_dep
END
}

wrap_git() { # PROJECT
  mkdir "$1/subprojects" && documented ini '[wrap-git]' |
    sed "s,^url = .*,url = file://$root,; s,^revision = .*,revision = HEAD," \
      >"$1/subprojects/pidfd-util.wrap"
}

# The parent's tests pass, and neither tests nor tools of the subproject are built or installed.
build_parent() { # DIRECTORY OPTION...
  meson setup "$1/build" "$@" -Dwerror=true "${quickly[@]}" &&
    run_tests "$1/build" && ! meson introspect --targets "$1/build" |
    grep -e '"pidfd-util-test"' -e '"pidfd-inspect"'
}

parent() { # NAME OPTION...
  local directory
  directory=$(fresh wrap "$1") && wrap_file "$directory" "$work/packed/pidfd-util-tree.tar.gz" &&
    build_parent "$directory" "${@:2}"
}

# Meson 1.0 does not know c++23 by name.
check "wrap: C++17, shared" parent wrap-17 -Ddefault_library=shared
check "wrap: C++20, static" parent wrap-20 -Ddefault_library=static -Dcpp_std=c++20
check "wrap: C++23, shared" \
  parent wrap-23 -Ddefault_library=shared -Dcpp_std=none -Dcpp_args=-std=c++23
check "wrap: C++17, static, -fno-exceptions -fno-rtti" \
  parent wrap-17-lean -Ddefault_library=static -Dcpp_eh=none -Dcpp_rtti=false
check "wrap: C++20, shared, -fno-exceptions -fno-rtti passed as arguments" parent wrap-20-lean \
  -Ddefault_library=shared -Dcpp_std=c++20 "-Dcpp_args=-fno-exceptions -fno-rtti"
check "wrap: C++23, static, -fno-exceptions -fno-rtti" parent wrap-23-lean \
  -Ddefault_library=static -Dcpp_eh=none -Dcpp_rtti=false -Dcpp_std=none -Dcpp_args=-std=c++23
CXX=${compilers[-1]} check "wrap: ${compilers[-1]}" parent wrap-newest -Dcpp_std=c++20

installed_by_parent() {
  meson introspect --installed "$work/wrap-17/build" >"$work/installed-by-parent" &&
    grep -q libpidfd-util "$work/installed-by-parent" &&
    ! grep -e '"[^"]*/bin/' "$work/installed-by-parent"
}
check "wrap: no tool is installed with the parent" installed_by_parent

# The README's lines, which fetch the subproject with Git.
as_in_readme() {
  local directory
  directory=$(fresh wrap wrap-readme) && wrap_git "$directory" && {
    echo "project('program', 'cpp', default_options: 'cpp_std=c++17')"
    documented meson "dependency(" || return
    echo "executable('program', 'main.cpp', dependencies: pidfd_util)"
  } >"$directory/meson.build" && meson setup "$directory/build" "$directory" "${quickly[@]}" &&
    meson compile -C "$directory/build" && "$directory/build/program" true
}
if is_clone; then
  check "wrap: fetched by Git, as the README says" as_in_readme
else
  skip "wrap: fetched by Git, as the README says" "this tree is no clone"
fi
