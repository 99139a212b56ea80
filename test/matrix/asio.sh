# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The asynchronous waits with a newer Asio than the system's, which has immediate executors (1.27).

newer=$work/newer-asio
with_newer_asio() {
  meson setup "$work/with-newer-asio" "$root" -Dexamples=disabled \
    "-Dcpp_args=-isystem $newer/usr/include" &&
    meson test -C "$work/with-newer-asio" --print-errorlogs asio asio_without_exceptions
}
mkdir "$newer"
if ! reason=$("$here/newer_asio.py" "$newer" 2>&1); then
  skip "a newer Asio: immediate executors" "$reason"
else
  check "a newer Asio: $(grep -o 'ASIO_VERSION 1.*' "$newer/usr/include/asio/version.hpp")" with_newer_asio
fi
