# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Checks the wrap file for WrapDB: makes the archive of a release and the wrap file as the README of this
# directory says, and does with them what WrapDB's own tests do.

wrap=$work/source/pidfd-util.wrap

make_release() {
  local commands
  commands=$("$root/test/docs/extract.py" "$here/README.md" sh 2) && git clone -q "$root" "$work/source" &&
    cd "$work/source" && bash -ec "$commands" && ls "$source_name.tar.gz" "$wrap"
}
check "wrapdb: makes a release and its wrap file" make_release

follows_the_rules() {
  "$here/wrapdb/rules.py" "$wrap" "$version" >"$work/options" && grep -e -Dpidfd-util: "$work/options"
}
check "wrapdb: the wrap file and the fragments follow the rules" follows_the_rules
against_the_rules() { # SED-SCRIPT
  sed "$1" "$wrap" >"$work/wrong.wrap" && ! cmp "$wrap" "$work/wrong.wrap" &&
    "$here/wrapdb/rules.py" "$work/wrong.wrap" "$version"
}
refuse "wrapdb: an archive without a version" "source_url contains the version" \
  against_the_rules '/^source_url/s/-[0-9.]*tar/.tar/'
refuse "wrapdb: a wrap file without a hash" "source_hash is a SHA-256" against_the_rules 's/^\(source_hash = \).*/\1@SHA256@/'
refuse "wrapdb: a name that is not in releases.json" "the same program_names" \
  against_the_rules '$a program_names = pidfd-run'

# packed PROJECT: makes a project that has the wrap file, and the archive as if it had been downloaded.
packed() {
  cp -r "$root/test/consumers/wrap" "$1" && mkdir -p "$1/subprojects/packagecache" &&
    cp "$wrap" "$1/subprojects" && cp "$work/source/$source_name.tar.gz" "$1/subprojects/packagecache"
}

set_up() { # PROJECT OPTION...
  meson setup "$1/build" "$1" --fatal-meson-warnings --force-fallback-for=pidfd-util --wrap-mode=nodownload \
    --prefix=/usr "${quickly[@]}" "${@:2}"
}

other_archive() {
  packed "$work/other" && echo >>"$work/other/subprojects/packagecache/$source_name.tar.gz" && set_up "$work/other"
}
refuse "wrapdb: an archive with another hash" "Incorrect hash" other_archive

builds_and_installs() {
  local options
  read -ra options <"$work/options" && packed "$work/project" && set_up "$work/project" "${options[@]}" &&
    meson compile -C "$work/project/build" &&
    DESTDIR=$work/installed meson install -C "$work/project/build" --no-rebuild
}
check "wrapdb: a project builds with the wrap file" builds_and_installs
passes() { # SUITE
  meson test -C "$work/project/build" --suite "$1" --print-errorlogs >"$work/passes" || { cat "$work/passes"; return 1; }
  grep '^Ok: *[1-9]' "$work/passes"
}
check "wrapdb: the tests of the subproject pass" passes pidfd-util
check "wrapdb: the tests of the project pass" passes run-briefly

# Where ci_config.json says false, WrapDB expects these words.
on_darwin() {
  cat >"$work/darwin" <<'END'
[binaries]
cpp = 'c++'
[host_machine]
system = 'darwin'
cpu_family = 'x86_64'
cpu = 'x86_64'
endian = 'little'
END
  meson setup "$work/on-darwin" "$root" --cross-file "$work/darwin"
}
refuse "wrapdb: on another system, setup says that it is not supported" "not supported on darwin" on_darwin
