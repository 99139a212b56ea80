# SPDX-License-Identifier: MIT
# Counts checks. Sourced by `run`.

passed=0 failed=0 skipped=0

# check NAME COMMAND...: the command succeeds.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "ok: $name"
    passed=$((passed + 1))
  else
    echo "FAILED: $name: $*"
    tail -n 40 <<<"$output"
    failed=$((failed + 1))
  fi
}

# refuse NAME TEXT COMMAND...: the command fails, and says the text.
refuse() {
  local name=$1 text=$2 output
  shift 2
  if output=$("$@" 2>&1) || [[ $output != *"$text"* ]]; then
    echo "FAILED: $name: not refused with '$text': $*"
    tail -n 40 <<<"$output"
    failed=$((failed + 1))
  else
    echo "ok: $name"
    passed=$((passed + 1))
  fi
}

skip() {
  echo "skipped: $1: $2"
  skipped=$((skipped + 1))
}

# Prints the count, adds it to the file that PIDFD_UTIL_TALLY names, and tells whether all is well.
tally() {
  local line="$passed passed, $failed failed, $skipped skipped"
  echo "$line"
  if [ -n "${PIDFD_UTIL_TALLY:-}" ]; then
    echo "$line" >>"$PIDFD_UTIL_TALLY"
  fi
  [ "$failed" -eq 0 ]
}
