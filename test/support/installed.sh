# SPDX-License-Identifier: MIT
# Builds and installs the library below $work, and programs for what is installed. Sourced by `run`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

strict=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
lean=(-fno-exceptions -fno-rtti)

# configure DIRECTORY OPTION...: the library and what it installs, without tests and examples.
configure() {
  local directory=$1
  shift
  meson setup "$directory" "$root" -Dtests=disabled -Dexamples=disabled --prefix=/usr --libdir=lib "$@"
}

configure_and_compile() {
  configure "$@" && meson compile -C "$1"
}

build_and_install() { # DIRECTORY OPTION...: into DIRECTORY/root
  configure_and_compile "$@" && DESTDIR=$1/root meson install -C "$1" --no-rebuild
}

# use DIRECTORY PROGRAM COMPILER ARGUMENT...: compiles a program for what is installed there, by the
# bare compiler line of pkg-config, and runs it.
use() {
  compile_for "$1" "$work/program" "${@:3}" "$2" && run_with "$1" "$work/program"
}

compile_for() { # DIRECTORY OUTPUT COMPILER ARGUMENT...
  local installed=$1/root output=$2 flags
  shift 2
  flags=$(PKG_CONFIG_SYSROOT_DIR=$installed PKG_CONFIG_LIBDIR=$installed/usr/lib/pkgconfig \
    pkg-config ${static:+--static} --cflags --libs pidfd-util) || return
  # The flags are words.
  # shellcheck disable=SC2086
  "$@" -o "$output" $flags
}

run_with() { # DIRECTORY PROGRAM
  LD_LIBRARY_PATH=$1/root/usr/lib "$2"
}

# newest NAME: the installed compiler NAME-N of the highest N, else NAME.
newest() {
  local found
  found=$(compgen -c "$1-" | grep -x -- "$1-[0-9]*" | sort -V | tail -n 1)
  echo "${found:-$1}"
}

# The distribution's own compilers, and the newest that are installed.
compilers=(g++ clang++)
for compiler in g++ clang++; do
  if [ "$(readlink -f "$(command -v "$(newest $compiler)")")" != "$(readlink -f "$(command -v $compiler)")" ]; then
    compilers+=("$(newest $compiler)")
  fi
done
