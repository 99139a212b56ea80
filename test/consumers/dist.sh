# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The tarball of a release: it is made from a clean clone, and builds without anything else.

unpacked=$work/unpacked

# make_dist FEATURES [DIST-OPTION...]: FEATURES is "disabled", or "auto" to test the tarball.
make_dist() {
  rm -rf "$work/clone" "$unpacked" && git clone -q "$root" "$work/clone" &&
    meson setup "$work/clone/build" "$work/clone" -Dtests="$1" -Dexamples="$1" &&
    env -u PIDFD_UTIL_LONG meson dist -C "$work/clone/build" "${@:2}" &&
    (cd "$work/clone/build/meson-dist" && sha256sum -c ./*.sha256sum) && mkdir "$unpacked" &&
    tar -C "$unpacked" -xf "$work/clone/build/meson-dist/"*.tar.xz
}

# Everything in Git, unchanged, in one directory that is named after the version.
holds_all() {
  diff <(git -C "$work/clone" ls-files | sort) <(cd "$unpacked/pidfd-util-"[0-9]* && find . -type f -printf '%P\n' | sort) &&
    diff -r --exclude=.git --exclude=build "$work/clone" "$unpacked/pidfd-util-"[0-9]*
}

# The examples of an archive are built, and their tests run, by `docs/packaging/check wrapdb`.
builds_alone() {
  meson setup "$unpacked/build" "$unpacked/pidfd-util-"[0-9]* --prefix=/usr --libdir=lib -Dtests=disabled \
    -Dexamples=disabled -Dwerror=true "${quickly[@]}" && meson compile -C "$unpacked/build" &&
    DESTDIR=$unpacked/root meson install -C "$unpacked/build" --no-rebuild
}

if is_clone; then
  if [ -n "${PIDFD_UTIL_LONG:-}" ]; then
    check "dist: the tarball is made, builds, and passes its whole test suite" make_dist auto
  else
    check "dist: the tarball is made" make_dist disabled --no-tests
  fi
  check "dist: it has all files, unchanged" holds_all
  check "dist: it builds" builds_alone
  check "dist: a program uses the library that it installs" use "$unpacked" "$here/pkg-config/main.cpp" g++ -std=c++17
else
  skip "dist: the tarball" "this tree is no clone"
fi
