# Steps with a name, a log and the time they still take. Sourced by ./dev.
#
#   steps_total 4                        how many steps will follow
#   step build 240 cmake --build …       runs a command; 240 s is the guess until one was measured
#   step_failed_hint "…"                 one line of remedy for the next failing step
#
# Output goes to build/dev/logs/NAME.log, shown only when the step fails. How long each step took is kept
# in build/dev/durations and is the estimate of the next time. On a terminal one line redraws itself;
# otherwise a line is printed every STEP_LINE_SECONDS.

STEP_DIR="$ROOT/build/dev"
STEP_LINE_SECONDS=20
step_number=0
step_count=0
step_hint=""

steps_total() { step_count=$1; step_number=0; mkdir -p "$STEP_DIR/logs"; }
step_failed_hint() { step_hint=$1; }

# seconds → "about 3 min", for people.
in_words() {
  if [ "$1" -ge 90 ]; then echo "$((($1 + 30) / 60)) min"; else echo "$1 s"; fi
}

# The duration that is expected of step $1: the measured one, else the guess $2.
expected_seconds() {
  local measured
  measured=$(awk -v name="$1" '$1 == name { seconds = $2 } END { print seconds }' "$STEP_DIR/durations" 2>/dev/null)
  echo "${measured:-$2}"
}

# Keeps how long a step took. A second run that finds nothing to do says nothing about a first one, so
# only what took at least two seconds is kept.
keep_duration() {
  [ "$2" -lt 2 ] && return 0
  { grep -v "^$1 " "$STEP_DIR/durations" 2>/dev/null; echo "$1 $2"; } >"$STEP_DIR/durations.new"
  mv "$STEP_DIR/durations.new" "$STEP_DIR/durations"
}

# What the step has reached, "134 512": from the counters of Ninja, CTest and our own tools, or from the packages that
# apt unpacked and set up; else nothing.
reached() {
  local packages
  packages=$(sed -nE 's/^[0-9]+ upgraded, ([0-9]+) newly installed.*/\1/p' "$1" 2>/dev/null | tail -n 1)
  if [ -n "$packages" ]; then
    echo "$(grep -cE '^(Unpacking|Setting up) ' "$1") $((packages * 2))"
    return
  fi
  tail -c 4000 "$1" 2>/dev/null | tr '\r' '\n' |
    sed -nE 's/^\[ *([0-9]+)\/([0-9]+)\].*/\1 \2/p; s/^ *([0-9]+)\/([0-9]+) +Test .*/\1 \2/p' | tail -n 1
}

# One line about a running step: name, elapsed, left.
progress_line() {
  local name=$1 elapsed=$2 expected=$3 log=$4 left="" counter done_count all_count
  counter=$(reached "$log")
  if [ -n "$counter" ]; then
    done_count=${counter% *}
    all_count=${counter#* }
    counter=" $done_count/$all_count,"
    # The counter is better than the guess once a tenth is done.
    if [ "$all_count" -gt 0 ] && [ $((done_count * 10)) -ge "$all_count" ]; then
      left=$((elapsed * (all_count - done_count) / done_count))
    fi
  fi
  [ -z "$left" ] && left=$((expected - elapsed))
  if [ "$left" -gt 0 ]; then left="about $(in_words "$left") left"; else left="longer than expected"; fi
  printf '[%d/%d] %-12s%s %s so far, %s' "$step_number" "$step_count" "$name" "$counter" \
    "$(in_words "$elapsed")" "$left"
}

# Watches process $1 until it ends.
watch_step() {
  local process=$1 name=$2 expected=$3 log=$4 began=$SECONDS next_line=$STEP_LINE_SECONDS elapsed
  while kill -0 "$process" 2>/dev/null; do
    elapsed=$((SECONDS - began))
    if [ -t 1 ]; then
      [ "$elapsed" -ge 1 ] && printf '\r\033[K%s' "$(progress_line "$name" "$elapsed" "$expected" "$log")"
      sleep 0.5
    else
      if [ "$elapsed" -ge "$next_line" ]; then
        progress_line "$name" "$elapsed" "$expected" "$log"
        echo
        next_line=$((elapsed + STEP_LINE_SECONDS))
      fi
      sleep 0.2
    fi
  done
  [ -t 1 ] && printf '\r\033[K'
  return 0
}

# What a person needs of a failed step's log: Ninja's first failure, which may stand far above its end, and the end.
show_failure() {
  awk '/^FAILED: / { shown = 30 } shown-- > 0' "$1" | cut -c1-400 | head -n 60
  tail -n "${STEP_LOG_LINES:-40}" "$1" | cut -c1-400
}

# step NAME GUESS_SECONDS COMMAND…: the command's exit code. Shows the end of the log if it failed.
step() {
  local name=$1 guess=$2 log="$STEP_DIR/logs/$1.log" began=$SECONDS expected code elapsed
  shift 2
  step_number=$((step_number + 1))
  expected=$(expected_seconds "$name" "$guess")
  "$@" >"$log" 2>&1 </dev/null &
  step_process=$!
  watch_step "$step_process" "$name" "$expected" "$log"
  wait "$step_process"
  code=$?
  step_process=""
  elapsed=$((SECONDS - began))
  if [ "$code" -eq 0 ]; then
    printf '[%d/%d] %-12s done in %s\n' "$step_number" "$step_count" "$name" "$(in_words "$elapsed")"
    keep_duration "$name" "$elapsed"
  else
    printf '[%d/%d] %-12s failed after %s; the end of %s:\n' "$step_number" "$step_count" "$name" \
      "$(in_words "$elapsed")" "${log#"$ROOT"/}"
    show_failure "$log" | sed 's/^/    /'
    [ -n "$step_hint" ] && echo "$step_hint"
  fi
  step_hint=""
  return "$code"
}
