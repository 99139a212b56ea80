# SPDX-License-Identifier: MIT
# The tarball of a release: made from a clean clone, and enough by itself.

unpacked=$work/unpacked

make_dist() { # OPTION...
  rm -rf "$work/clone" "$unpacked" && git clone -q "$root" "$work/clone" &&
    meson setup "$work/clone/build" "$work/clone" && env -u PIDFD_UTIL_LONG meson dist -C "$work/clone/build" "$@" &&
    (cd "$work/clone/build/meson-dist" && sha256sum -c ./*.sha256sum) && mkdir "$unpacked" &&
    tar -C "$unpacked" -xf "$work/clone/build/meson-dist/"*.tar.xz
}

# Everything that Git has, but for what belongs to Git; as one directory named with the version.
holds_all() {
  diff <(git -C "$work/clone" ls-files | sort) <(cd "$unpacked/pidfd-util-"[0-9]* && find . -type f -printf '%P\n' | sort)
}

builds_alone() {
  meson setup "$unpacked/build" "$unpacked/pidfd-util-"[0-9]* --prefix=/usr --libdir=lib -Dtests=disabled \
    -Dexamples=enabled -Dwerror=true && meson compile -C "$unpacked/build" && run_tests "$unpacked/build" &&
    DESTDIR=$unpacked/root meson install -C "$unpacked/build" --no-rebuild
}

as_wrap() {
  local directory
  directory=$(fresh wrap wrap-dist) && mkdir "$directory/subprojects" &&
    cp -r "$unpacked/pidfd-util-"[0-9]* "$directory/subprojects/pidfd-util" &&
    meson setup "$directory/build" "$directory" -Dwerror=true -Doptimization=0 &&
    run_tests "$directory/build"
}

if is_clone; then
  if [ -n "${PIDFD_UTIL_LONG:-}" ]; then
    check "dist: the tarball is made, builds, and passes its whole test suite" make_dist
  else
    check "dist: the tarball is made" make_dist --no-tests
  fi
  check "dist: it has all files" holds_all
  check "dist: it builds, and its examples pass their tests" builds_alone
  check "dist: a program uses what it installs" use "$unpacked" "$here/pkg-config/main.cpp" g++ -std=c++17
  check "dist: it is a subproject as it is" as_wrap
else
  skip "dist: the tarball" "this tree is no clone"
fi
