# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Checks the RPM spec with rpmlint, and builds it with Debian's rpmbuild. Debian has no Fedora packages,
# so the build ignores the dependencies. It has no Fedora macros for Meson either, so this script
# defines replacements.

rpms=$work/rpm
spec=$here/rpm/pidfd-util.spec
mkdir -p "$rpms/SOURCES"
cat >"$rpms/macros" <<'END'
%meson meson setup --buildtype=plain --prefix=%{_prefix} --libdir=%{_libdir} --mandir=%{_mandir} %{_vpath_builddir}
%meson_build meson compile -C %{_vpath_builddir}
%meson_install DESTDIR=%{buildroot} meson install -C %{_vpath_builddir} --no-rebuild
%meson_test meson test -C %{_vpath_builddir} --no-rebuild --print-errorlogs
%_vpath_builddir redhat-linux-build
END
tests=(--without tests)
if [ -n "${PIDFD_UTIL_PACKAGE_TESTS:-}" ]; then
  tests=()
fi

read_by_rpmlint() { # FILE
  local complaints status=0
  complaints=$(rpmlint -r "$here/rpm/pidfd-util.rpmlintrc" "$1" 2>&1) || status=$?
  printf '%s\n' "$complaints"
  [ $status -eq 0 ] && ! grep -q ': [EW]: ' <<<"$complaints"
}
check "rpm: rpmlint of the spec" read_by_rpmlint "$spec"

build_rpms() {
  archive "$rpms/SOURCES/$source_name.tar.gz" &&
    rpmbuild --nodeps --load "$rpms/macros" --define "_topdir $rpms" --define 'debug_package %{nil}' \
      "${tests[@]}" -ba "$spec"
}
check "rpm: builds" build_rpms

built_as_named() {
  diff <(rpmspec --query --qf '%{name}\n' "$spec" | sort) \
    <(rpm -qp --qf '%{name}\n' "$rpms"/RPMS/*/*.rpm | sort)
}
check "rpm: builds every package of the spec" built_as_named
