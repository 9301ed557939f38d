# ./dev test: every test, under every tool. Sourced by ./dev.

# ThreadSanitizer reads these rooms; Debian's oneDNN uses libgomp, which it misreads.
TSAN_TESTS='^(runtime|storage|durable|cache)'

build_tsan() {
  configure tsan || return 1
  local targets
  targets=$(python3 tools/run_tests.py targets tsan --only "$TSAN_TESTS") || return 1
  [ -z "$targets" ] || cmake --build --preset tsan -j "$(nproc)" --target $targets
}

# The sanitizers' builds, one after the other, behind everything else: tests often wait, and these take what the
# processors have left. A log and an exit code each.
AHEAD="$ROOT/build/dev/ahead"
build_ahead() {
  rm -rf "$AHEAD"
  mkdir -p "$AHEAD"
  {
    build_in_background asan build_asan
    build_in_background tsan build_tsan
  } &
  ahead_process=$!
  children+=("$ahead_process")
}
build_in_background() {
  renice -n 19 -p "$BASHPID" >/dev/null
  "$2" >"$AHEAD/$1.log" 2>&1 </dev/null
  echo $? >"$AHEAD/$1.code"
}
build_asan() { configure asan && cmake --build --preset asan -j "$(nproc)" -- -k 0; }

# wait_for_build NAME: shows its log from the start; ends as it ended.
wait_for_build() {
  local shown=0 size
  while :; do
    local ended=""
    [ -f "$AHEAD/$1.code" ] && ended=yes
    size=$(stat -c %s "$AHEAD/$1.log" 2>/dev/null || echo 0)
    [ "$size" -gt "$shown" ] && tail -c "+$((shown + 1))" "$AHEAD/$1.log" | head -c "$((size - shown))"
    shown=$size
    [ -n "$ended" ] && return "$(cat "$AHEAD/$1.code")"
    kill -0 "$ahead_process" 2>/dev/null || { [ -f "$AHEAD/$1.code" ] || return 1; }
    sleep 0.5
  done
}

# What ran, whose counts are summed, and what did not build, which counts as one failure each.
ran=""
broken=()

# suite PRESET GUESS_SECONDS COMMAND…: a failing suite does not stop the others; all failures are wanted at once.
suite() {
  local preset=$1
  shift
  STEP_LOG_LINES=120 step "test-$preset" "$@"
  ran="$ran $preset"
}

# Some tests read a folder of real repositories, where one stands beside the checkout.
find_corpus() {
  if [ -z "${CLOUDFOLIO_CORPUS:-}" ] && [ -f "$ROOT/../shared/corpus/index.json" ]; then
    CLOUDFOLIO_CORPUS=$(cd "$ROOT/../shared/corpus" && pwd)
    export CLOUDFOLIO_CORPUS
  fi
}

run_all_tests() {
  local all="" began=$SECONDS
  case ${1:-} in
    "") ;;
    --all)
      all=--all
      # The crash test that runs for a while runs for its whole minute.
      export CLOUDFOLIO_TEST_APPEND_SECONDS=${CLOUDFOLIO_TEST_APPEND_SECONDS:-60}
      ;;
    *) echo "./dev test: no option '$1' (see ./dev help)" >&2; exit 2 ;;
  esac
  find_corpus
  steps_total 9
  setup build test
  if build_preset release 330; then
    build_ahead
    suite release 120 python3 tools/run_tests.py run release $all
    suite clang 300 python3 tools/check_with_clang.py
  else
    broken+=("the release build")
    build_ahead
  fi
  if step asan 240 wait_for_build asan; then
    suite asan 240 python3 tools/run_tests.py run asan $all
  else
    broken+=("the build with AddressSanitizer")
  fi
  if step tsan 30 wait_for_build tsan; then
    suite tsan 60 python3 tools/run_tests.py run tsan --only "$TSAN_TESTS" $all
  else
    broken+=("the build with ThreadSanitizer")
  fi
  echo "all steps took $(in_words $((SECONDS - began))); logs are in build/dev/logs"
  # shellcheck disable=SC2086
  python3 tools/run_tests.py count --presets $ran --broken ${broken[@]+"${broken[@]}"}
}
