# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Runs named stages and counts what they checked. Sourced by .ci/run.
#
# Every stage adds lines "N passed, N failed, N skipped" to the file that PIDFD_UTIL_TALLY names,
# directly or with `checked`. A stage passes only if it exits with 0, at least one check passed, and
# none failed. So a stage in which nothing ran fails.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIDFD_UTIL_TALLY=$work/tally

# checked NUMBER WHAT: counts NUMBER checks as passed. Fails if NUMBER is not positive.
checked() {
  echo "checked: $*"
  [[ $1 =~ ^[1-9][0-9]*$ ]] || { echo "nothing was checked" >&2; return 1; }
  echo "$1 passed, 0 failed, 0 skipped" >>"$PIDFD_UTIL_TALLY"
}

is_selected() { # STAGE
  local text
  for text in "${selected[@]}"; do
    [[ $text == all || $1 == *"$text"* ]] && return
  done
  [ ${#selected[@]} -eq 0 ]
}

# stage NAME COMMAND...: runs the command as the stage NAME, if that stage is selected.
stage() {
  local name=$1 status=0 start=$SECONDS p f s
  shift
  if [ "$pass" = names ]; then
    names+=("$name")
    return
  fi
  is_selected "$name" || return 0
  echo "==== $name"
  : >"$PIDFD_UTIL_TALLY"
  ("$@") </dev/null 2>&1 || status=$?
  read -r p f s < <(awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $1; f += $3; s += $5 }
    END { print p + 0, f + 0, s + 0 }' "$PIDFD_UTIL_TALLY")
  if [ $status -ne 0 ] && [ "$f" -eq 0 ]; then
    echo "$name: ended with status $status"
    f=1
  elif [ "$p" -eq 0 ] && [ "$f" -eq 0 ]; then
    echo "$name: nothing ran"
    f=1
  fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  if [ "$f" -ne 0 ]; then
    failed_stages+=("$name")
  fi
  echo "==== $name: $p passed, $f failed, $s skipped in $((SECONDS - start)) s"
}

# long NAME COMMAND...: like `stage`, but runs only if it is selected by name or by "all".
long() {
  if [ "$pass" = names ] || [ ${#selected[@]} -ne 0 ]; then
    stage "$@"
  fi
}

# run_stages FUNCTION [TEXT...]: runs stages. FUNCTION calls `stage` or `long` for each of them. The
# stages with one of the texts in their names are selected, or every stage by "all", or the stages that
# are not long if there is no text. Fails if a text selects nothing.
run_stages() {
  local function=$1 pass text name names=() failed_stages=() selected=("${@:2}")
  local passed=0 failed=0 skipped=0
  pass=names
  "$function"
  for text in "${selected[@]}"; do
    local found=()
    for name in "${names[@]}"; do
      if [[ $text == all || $name == *"$text"* ]]; then
        found+=("$name")
      fi
    done
    if [ ${#found[@]} -eq 0 ]; then
      echo "no stage has '$text' in its name; there are:" >&2
      printf '  %s\n' "${names[@]}" >&2
      return 2
    fi
  done
  pass=run
  "$function"
  for name in "${failed_stages[@]}"; do
    echo "failed: $name"
  done
  echo "$passed passed, $failed failed, $skipped skipped"
  # If no stage ran, that is a failure too.
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
