#!/bin/sh
# SPDX-License-Identifier: MIT
# The example container, on a root directory that has nothing but a shell.
# usage: container.sh PROGRAM
set -eu
container=$1
skip() { echo "skipped: $1"; exit 77; }
command -v ldd >/dev/null || skip "no ldd(1) here"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/root" "$work/root/proc" "$work/root/bin"
cp -L /bin/sh "$work/root/bin/sh"
for file in $(ldd /bin/sh | grep -o '/[^ )]*'); do
  mkdir -p "$work/root${file%/*}"
  cp -L "$file" "$work/root$file"
done
chmod 755 "$work" # for the user namespace of another user

code=0
"$container" "$work/root" /bin/sh -c 'exit 7' 2>"$work/errors" || code=$?
case $code in
7) ;;
125) skip "no user namespaces here: $(cat "$work/errors")" ;;
126) grep -q 'mount proc\|setgroups\|uid_map\|private\|pivot_root' "$work/errors" &&
  grep -q 'not permitted\|denied' "$work/errors" &&
  skip "this sandbox allows no mounts in user namespaces: $(cat "$work/errors")"
  cat "$work/errors"; exit 1 ;;
*) cat "$work/errors"; exit 1 ;;
esac

failures=0
expect() { # WHAT EXPECTED SCRIPT
  got=$("$container" "$work/root" /bin/sh -c "$3" 2>&1) || true
  [ "$got" = "$2" ] || { echo "$1: '$got' instead of '$2'"; failures=1; }
}
expect "the pid" 1 'echo $$'
expect "the host name" container 'read name </proc/sys/kernel/hostname; echo $name'
expect "the user" "Uid: 0 0 0 0" 'while read key rest; do [ $key != Uid: ] || echo $key $rest; done </proc/self/status'
expect "the processes" /proc/1 'cd /proc; for p in [0-9]*; do echo /proc/$p; done'
expect "the root" "$(cd "$work/root" && printf '/%s ' *)" 'printf "%s " /*'
got=$("$container" "$work/root" /missing 2>&1) && code=0 || code=$?
[ "$code: $got" = "126: container: exec: No such file or directory" ] || { echo "missing: $got"; failures=1; }
exit $failures
