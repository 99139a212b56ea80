# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Counts checks. Sourced by `run`.

passed=0 failed=0 skipped=0

# check NAME COMMAND...: checks that the command succeeds.
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

# refuse NAME TEXT COMMAND...: checks that the command fails, and prints the text.
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

# run_topic TOPIC: runs the checks in the file TOPIC.sh, in a directory $work of its own. Leaves the
# output and the count beside that directory.
run_topic() {
  local passed=0 failed=0 skipped=0 work=$work/topics/$1
  mkdir -p "$work"
  exec >"$work.output" 2>&1
  source "$here/$1.sh"
  echo "$passed $failed $skipped" >"$work.count"
}

# run_topics TOPIC...: runs topics of the caller's directory $here, as many at a time as there are
# processors.
run_topics() {
  local topic count
  for topic in "$@"; do
    [ -f "$here/$topic.sh" ] || { echo "no such topic: $topic" >&2; exit 2; }
  done
  for topic in "$@"; do
    while [ "$(jobs -pr | wc -l)" -ge "$(nproc)" ]; do
      wait -n
    done
    run_topic "$topic" &
  done
  wait
  for topic in "$@"; do
    echo "== $topic"
    cat "$work/topics/$topic.output"
    # A topic that ended early has no count.
    count=(0 1 0)
    [ -f "$work/topics/$topic.count" ] && read -ra count <"$work/topics/$topic.count"
    passed=$((passed + count[0])) failed=$((failed + count[1])) skipped=$((skipped + count[2]))
  done
}

# Prints the count, adds it to the file that PIDFD_UTIL_TALLY names, and returns whether all checks have passed.
tally() {
  local line="$passed passed, $failed failed, $skipped skipped"
  echo "$line"
  if [ -n "${PIDFD_UTIL_TALLY:-}" ]; then
    echo "$line" >>"$PIDFD_UTIL_TALLY"
  fi
  [ "$failed" -eq 0 ]
}
