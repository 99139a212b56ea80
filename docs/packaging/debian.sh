# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Builds the Debian packages, runs lintian, and tests the packages in a clean Debian.

debs=$work/debian
tree=$debs/$source_name
options=nocheck
if [ -n "${PIDFD_UTIL_PACKAGE_TESTS:-}" ]; then
  options=
fi

unpack() {
  mkdir "$debs" && archive "$debs/pidfd-util_$version.orig.tar.gz" &&
    tar -x -f "$debs/pidfd-util_$version.orig.tar.gz" -C "$debs" &&
    cp -r "$tree/docs/packaging/debian" "$tree/debian"
}
check "debian: the version is the project's" \
  test "$(dpkg-parsechangelog -l "$here/debian/changelog" -S Version)" = "$version-0local1"
check "debian: the source unpacks" unpack

build_packages() { # TREE OPTION...
  (cd "$1" && DEB_BUILD_OPTIONS="$options parallel=$(nproc)" dpkg-buildpackage -us -uc "${@:2}")
}
check "debian: builds" build_packages "$tree"

# The profile nodoc must build without Doxygen.
without_documentation() {
  mkdir -p "$work/nodoc/bin" && cp -r "$tree" "$work/nodoc/$source_name" &&
    printf '#!/bin/sh\nexit 1\n' >"$work/nodoc/bin/doxygen" && chmod +x "$work/nodoc/bin/doxygen" &&
    PATH=$work/nodoc/bin:$PATH build_packages "$work/nodoc/$source_name" -b -Pnodoc,nocheck || return
  diff <(cd "$work/nodoc" && echo *.deb) <(cd "$debs" && echo *.deb | sed 's/libpidfd-util-doc[^ ]* //')
}

# The second build has another directory and another time.
same_bytes() {
  local package
  for package in libpidfd-util0 libpidfd-util-dev; do
    cmp "$debs/${package}_"*.deb "$work/nodoc/${package}_"*.deb || return
  done
}
if [ -n "${PIDFD_UTIL_LONG:-}" ]; then
  check "debian: builds without documentation" without_documentation
  check "debian: two builds of the library's packages are identical" same_bytes
fi

# Includes the levels info and pedantic. Known complaints are overridden, with a reason.
read_by_lintian() {
  local complaints
  complaints=$(cd "$debs" && lintian --allow-root -EIL +pedantic ./*.changes) || return
  printf '%s\n' "$complaints"
  ! grep -q '^[EWIP]:' <<<"$complaints"
}
check "debian: lintian" read_by_lintian

# Checks the list of symbols for machines where size_t and uint64_t are different types.
symbols_as() { # MACHINE
  local build=$work/symbols-$1
  mkdir "$build"
  ln -s /usr/include/tl "$build/tl"
  meson setup "$build/build" "$root" --cross-file "$root/test/cross/$1.txt" -Dbuildtype=plain \
    -Dtests=disabled -Dexamples=disabled -Dcpp_args="-isystem$build" "${quickly[@]}" &&
    ninja -C "$build/build" &&
    (cd "$tree" && dpkg-gensymbols -c4 -a"$1" -Idebian/libpidfd-util0.symbols \
      -plibpidfd-util0 -v"$version-0local1" \
      -e"$build/build/lib/libpidfd-util.so.$version" -O/dev/null)
}
check "debian: symbols of i386" symbols_as i386
check "debian: symbols of armhf" symbols_as armhf

# Creates a minimal Debian from the mirror of this machine, and caches it. mmdebstrap runs in a mount
# namespace, so it leaves no mounts behind when it is interrupted.
base=$cache/debian-for-packages.tar
make_base() {
  local codename mirror needs wanted
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' |
    awk -v codename="$codename" '$2 == codename { print $1; exit }')
  needs=$(sed -n 's/^Depends: //p' "$tree/debian/tests/control" | tr -s ', ' '\n' |
    grep -v pidfd-util | sort -u | paste -s -d ,)
  wanted="$codename ${mirror:?no mirror of Debian $codename in the configuration of apt} $needs"
  if [ -f "$base" ] && [ "$(cat "$base.made-of")" = "$wanted" ]; then
    return
  fi
  apt-config dump | grep '^Acquire::' >"$work/apt.conf"
  mkdir -p "$cache" && rm -f "$base.made-of" &&
    unshare --mount mmdebstrap --variant=apt --include="$needs" --aptopt="$work/apt.conf" \
      --skip=cleanup/apt/lists "$codename" "$base" "$mirror" && echo "$wanted" >"$base.made-of"
}

# in_debian COMMAND...: runs the command as root in the clean Debian, with its own /proc.
in_debian() {
  unshare --mount --pid --fork --kill-child sh -c \
    'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$work/clean" \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"
}

make_clean_debian() {
  mkdir -p "$work/clean" && tar -x -f "$base" -C "$work/clean" &&
    cp /etc/resolv.conf /etc/hosts "$work/clean/etc" &&
    mkdir "$work/clean/packages" && cp "$debs"/*.deb "$work/clean/packages" &&
    (cd "$work/clean/packages" && dpkg-scanpackages --multiversion . >Packages) &&
    echo 'deb [trusted=yes] file:/packages ./' >"$work/clean/etc/apt/sources.list.d/packages.list" &&
    in_debian apt-get -q update
}

# Runs the tests of an unbuilt source with the installed packages. Leaves the results in a file.
results=$work/autopkgtest/summary
run_autopkgtest() {
  local source=$work/$source_name
  tar -x -f "$debs/pidfd-util_$version.orig.tar.gz" -C "$work" && cp -r "$source/docs/packaging/debian" "$source" &&
    unshare --mount --pid --fork --kill-child --mount-proc sh -c 'mount -t proc proc "$0/proc" && exec "$@"' \
      "$work/clean" env -u CC -u CXX autopkgtest --no-built-binaries --output-dir "$work/autopkgtest" "$source" -- chroot "$work/clean"
}

purge() {
  in_debian sh -c 'apt-get -q -y purge "*pidfd-util*" && ! find /etc /usr /var \
    -path /var/lib/apt -prune -o -path /var/cache -prune -o -path /var/log -prune -o \
    \( -name "*pidfd[-_]util*" -o -name "pidfd-*" \) -print | grep .'
}

mapfile -t tests < <(sed -n 's/^Tests: //p' "$here/debian/tests/control")
if [ "$(id -u)" -ne 0 ]; then
  skip "debian: in a clean Debian" "only root can create one"
else
  check "debian: creates a clean Debian" make_base
  check "debian: apt finds the packages in it" make_clean_debian
  check "debian: autopkgtest" run_autopkgtest
  for test in "${tests[@]:?}"; do
    check "debian: autopkgtest, $test" grep "^$test *PASS$" "$results"
  done
  check "debian: purging leaves no files" purge
fi

if [ -n "${PIDFD_UTIL_PACKAGES:-}" ]; then
  mkdir -p "$PIDFD_UTIL_PACKAGES" && cp "$debs"/pidfd-util_* "$debs"/*.deb "$PIDFD_UTIL_PACKAGES"
fi
