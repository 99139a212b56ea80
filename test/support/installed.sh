# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Builds and installs the library below $work, and builds programs for the installed library.
# Sourced by `run`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2034
strict=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
# shellcheck disable=SC2034
lean=(-fno-exceptions -fno-rtti)

# Options for a library that is only a means: all its sources are compiled as one, which takes a
# fifteenth of the time.
# shellcheck disable=SC2034
quickly=(-Doptimization=0 -Ddebug=false -Dunity=on -Dunity_size=1000)

# configure DIRECTORY OPTION...: configures the library without tests and examples.
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

# use DIRECTORY PROGRAM COMPILER ARGUMENT...: compiles a program for the library that is installed
# there, with a plain compiler command and pkg-config, and runs it.
use() {
  compile_for "$1" "$work/program" "${@:3}" "$2" && run_with "$1" "$work/program"
}

compile_for() { # DIRECTORY OUTPUT COMPILER ARGUMENT...
  local installed=$1/root output=$2 flags
  shift 2
  flags=$(PKG_CONFIG_SYSROOT_DIR=$installed PKG_CONFIG_LIBDIR=$installed/usr/lib/pkgconfig \
    pkg-config ${static:+--static} --cflags --libs pidfd-util) || return
  # The flags are split into words on purpose.
  # shellcheck disable=SC2086
  "$@" -o "$output" $flags
}

run_with() { # DIRECTORY PROGRAM
  LD_LIBRARY_PATH=$1/root/usr/lib "$2"
}

# newest NAME: prints the installed compiler NAME-N with the highest N, or NAME if there is none.
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
