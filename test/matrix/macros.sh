# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The public headers after the macros of other libraries: those that foreign_macros.txt lists, and
# those of the real headers that are installed. Macros such as move() of curses break the standard
# library itself. So its headers, and those of Asio, come first, as in a program that uses both.

mkdir "$work/macros"

# Includes every header outside of the library that its headers include, if it exists.
foreign_includes() { # PATTERN OF HEADERS TO LEAVE OUT
  grep -rhoE '^#include <[^>]+>' "$root/include" | grep -vE "$1" | sort -u |
    sed -E 's/^#include (.*)/#if __has_include(\1)\n&\n#endif/'
}

# Includes every public header: those for Asio, or with "!" all others.
own_includes() { # [!]
  (cd "$root/include" && find . -name '*.hpp' "$@" -name '*asio*' -printf '#include <%P>\n' | sort)
}

# Turns every expansion of a macro in the list into an error.
listed_macros() {
  sed 's/#.*//' "$here/foreign_macros.txt" | tr -s ' ' '\n' | sed -nE '/./{
    s/^(.*)\(\)$/#undef \1\n#define \1(...) @/p
    t
    s/.*/#undef &\n#define & @/p
  }'
}

# after_macros FLAVOUR SET COMPILER ARGUMENT...: compiles the headers of a flavour after macros.
after_macros() {
  local flavour=$1 set=$2
  shift 2
  cat "$work/macros/$flavour-before" "$work/macros/$set" "$work/macros/$flavour" >"$work/macros/source.cpp"
  # Other libraries' headers are not as strict as this one's. The flags are split into words on
  # purpose.
  # shellcheck disable=SC2086
  "$@" ${flags[$set]:-} -fsyntax-only -Wall -Wextra -Werror -I "$root/include" "$work/macros/source.cpp"
}

foreign_includes '<(pidfd_util|asio|boost)/' >"$work/macros/plain-before"
own_includes ! >"$work/macros/plain"
flavours=(plain)
for asio in asio boost/asio; do
  if ! "$g" -std=c++17 -fsyntax-only -include "$asio.hpp" -x c++ /dev/null 2>"$work/macros/errors"; then
    skip "macros: $asio" "it is not installed"
    continue
  fi
  flavour=${asio/\//-}
  flavours+=("$flavour")
  define=PIDFD_UTIL_USE_STANDALONE_ASIO
  if [ "$asio" = boost/asio ]; then
    define=PIDFD_UTIL_USE_BOOST_ASIO
  fi
  { cat "$work/macros/plain-before" && echo "#include <$asio.hpp>"; } >"$work/macros/$flavour-before"
  { echo "#define $define" && own_includes; } >"$work/macros/$flavour"
done

# The sets of macros: a name, the pkg-config module with the flags (or -), and headers.
listed_macros >"$work/macros/listed"
sets=(listed)
declare -A flags=()
while read -r name module headers; do
  # Split into words on purpose: names of headers, and flags.
  # shellcheck disable=SC2086
  printf '#include <%s>\n' $headers >"$work/macros/$name"
  if [ "$module" != - ]; then
    flags[$name]="$(pkg-config --cflags "$module" 2>"$work/macros/errors") -fPIC"
  fi
  # shellcheck disable=SC2086
  if "$g" -std=c++17 ${flags[$name]:-} -fsyntax-only -x c++ "$work/macros/$name" 2>"$work/macros/errors"; then
    sets+=("$name")
  else
    skip "macros: $name" "$(grep -m 1 -o '[^ ]*: No such file' "$work/macros/errors" || echo "its headers do not compile")"
  fi
done <<'END'
system - sys/sysmacros.h sys/param.h sys/queue.h sys/ioctl.h
curses - curses.h term.h
x11 - X11/Xlib.h X11/Xutil.h X11/Xatom.h X11/Xos.h X11/Xproto.h X11/keysym.h X11/cursorfont.h
qt5 Qt5Core QtCore/QObject QtCore/QDebug
qt6 Qt6Core QtCore/QObject QtCore/QDebug
END

for compiler in "$g" "$clang"; do
  for set in "${sets[@]}"; do
    # The preprocessors agree: the second compiler needs Asio, which takes long, only with PIDFD_UTIL_LONG=1.
    of=("${flavours[@]}")
    if [ "$compiler" != "$g" ] && [ -z "${PIDFD_UTIL_LONG:-}" ]; then
      of=(plain)
    fi
    for flavour in "${of[@]}"; do
      check "macros: $flavour headers after $set, $compiler c++17" \
        after_macros "$flavour" "$set" "$compiler" -std=c++17
    done
    check "macros: plain headers after $set, $compiler c++2b" \
      after_macros plain "$set" "$compiler" -std=c++2b
    # Here the compiler itself defines linux and unix.
    check "macros: headers after $set, $compiler gnu++17" after_macros plain "$set" "$compiler" -std=gnu++17
  done
  echo 'enum class step { signals };' >"$work/macros/bad"
  echo >"$work/macros/bad-before"
  refuse "macros: a name in the list, $compiler" signals \
    after_macros bad listed "$compiler" -std=c++17
  echo 'int twice(int x) { return 2 * x; } int move(int x) { return twice(x); }' >"$work/macros/bad"
  refuse "macros: a function-like name in the list, $compiler" move \
    after_macros bad listed "$compiler" -std=c++17
done
