# ./dev bench [NAME]: runs bench/NAME/run.sh, or all of them. Sourced by ./dev.

bench_names() {
  local script
  for script in "$ROOT"/bench/*/run.sh; do
    [ -f "$script" ] && basename "$(dirname "$script")"
  done
}

build_benchmarks() {
  configure release -DCLOUDFOLIO_BENCHMARKS=ON && cmake --build --preset release -j "$(nproc)"
}

run_benchmarks() {
  local names name failed=0
  if [ $# -gt 0 ]; then names=$*; else names=$(bench_names); fi
  for name in $names; do
    if [ ! -f "$ROOT/bench/$name/run.sh" ]; then
      echo "./dev bench: no benchmark '$name'; there are: $(bench_names | tr '\n' ' ')" >&2
      exit 2
    fi
  done
  mkdir -p build/bench
  steps_total 3
  setup build
  step release 300 build_benchmarks || exit 1
  for name in $names; do
    echo
    echo "== $name"
    if ! bash "$ROOT/bench/$name/run.sh"; then
      echo "bench $name failed" >&2
      failed=1
    fi
  done
  return $failed
}
