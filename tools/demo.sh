# ./dev demo: the main job from nothing to an answered search. Sourced by ./dev.

DEMO_PORT=7071   # The port that scripts of the old application know.
PORT_TRIES=20

demo_usage() { echo "./dev demo: $1 (see ./dev help)" >&2; exit 2; }

demo_arguments() {
  login=""
  corpus=""
  once=""
  while [ $# -gt 0 ]; do
    case $1 in
      --once) once=yes ;;
      --corpus)
        [ $# -ge 2 ] || demo_usage "--corpus needs a folder"
        corpus=$2
        shift
        ;;
      --corpus=*) corpus=${1#--corpus=} ;;
      -*) demo_usage "no option '$1'" ;;
      *)
        [ -z "$login" ] || demo_usage "one login, please: '$login' and '$1'"
        login=$1
        ;;
    esac
    shift
  done
}

# Decides where the portfolio comes from: GitHub, a corpus folder, or the sample.
demo_source() {
  if [ -z "$corpus" ] && [ -n "${GITHUB_TOKEN:-}" ] && [ -n "$login" ]; then
    origin=github
    data="$ROOT/build/demo/github"
    return
  fi
  origin=simulator
  if [ -n "$corpus" ]; then
    [ -f "$corpus/index.json" ] || demo_usage "no corpus in '$corpus': it has no index.json"
    corpus=$(cd "$corpus" && pwd)
    data="$ROOT/build/demo/corpus-$(echo "$corpus" | cksum | cut -d' ' -f1)"
  else
    corpus="$ROOT/samples/portfolio"
    data="$ROOT/build/demo/sample"
  fi
  [ -n "$login" ] || login=$(sed -nE 's/^ *"owner": "([^"]+)".*/\1/p' "$corpus/index.json" | head -n 1)
  if ! grep -qi "\"owner\": \"$login\"" "$corpus/index.json"; then
    echo "./dev demo: there is no '$login' in ${corpus#"$ROOT"/}." >&2
    echo "To sync $login from GitHub, set GITHUB_TOKEN (a token without scopes reads what is public)." >&2
    exit 2
  fi
}

# Starts the simulator and sets github_url from the first line that it prints.
start_simulator() {
  local log="$STEP_DIR/logs/github-sim.log" tries
  "$program" github-sim --corpus "$corpus" --listen 127.0.0.1:0 >"$log" 2>"$log.errors" &
  children+=($!)
  for ((tries = 0; tries < 200; tries++)); do
    github_url=$(head -n 1 "$log" | grep -oE 'http://[0-9.:]+' | head -n 1)
    [ -n "$github_url" ] && return 0
    kill -0 "${children[-1]}" 2>/dev/null || break
    sleep 0.05
  done
  echo "./dev demo: the GitHub simulator did not start:" >&2
  cat "$log" "$log.errors" >&2
  exit 1
}

free_port() {
  local port
  for ((port = DEMO_PORT; port < DEMO_PORT + PORT_TRIES; port++)); do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  echo 0
}

# Runs one of CloudFolio's own commands over the demo's data.
cloudfolio() {
  local url=()
  [ "$origin" = simulator ] && url=(--github-url "$github_url")
  "$program" "$@" --data "$data" ${url[@]+"${url[@]}"}
}

# As a step: what the command prints is kept and shown afterwards.
portfolio_step() {
  local name=$1 guess=$2
  shift 2
  step "$name" "$guess" cloudfolio "$@" || exit 1
  grep -vE '^(Syncing|Training|Indexing)' "$STEP_DIR/logs/$name.log" | sed 's/^/      /' | tail -n 6
}

show_search() {
  echo
  echo "\$ cloudfolio search $login $1"
  cloudfolio search "$login" "$1" --limit 3 2>/dev/null || exit 1
}

what_next() {
  cat <<END

CloudFolio serves $login on http://127.0.0.1:$1 (Ctrl-C ends it). In another terminal, try:
  curl 'http://127.0.0.1:$1/v1/portfolios/$login/search?q=offline+web+app'
  curl 'http://127.0.0.1:$1/api/bundles/$login'
  curl -X POST 'http://127.0.0.1:$1/api/ai' -H 'Content-Type: application/json' \\
       -d '{"username": "$login", "query": "who knows about event sourcing?"}'
  curl 'http://127.0.0.1:$1/metrics'
END
}

# The first time that the demo ran to its end, and what it had to do: bench/demo reads it.
keep_first_run() {
  local file="$STEP_DIR/first-run.json"
  [ -f "$file" ] && return
  printf '{"seconds": %d, "installed_packages": %s, "built": %s}\n' "$1" "$2" "$3" >"$file"
}

demo() {
  local began=$SECONDS built=false installed=false started_at
  demo_arguments "$@"
  demo_source
  program="$ROOT/build/release/cloudfolio"
  [ -x "$program" ] || built=true
  started_at=$(date +%s)
  steps_total 5
  setup build
  build_release || exit 1
  [ "$(cat "$STEP_DIR/packages-installed-at" 2>/dev/null || echo 0)" -ge "$started_at" ] && installed=true
  mkdir -p "$data"
  export CLOUDFOLIO_LOG_LEVEL="${CLOUDFOLIO_LOG_LEVEL:-warn}"   # What a first visit shows is the answers.
  if [ "$origin" = simulator ]; then
    start_simulator
    export GITHUB_TOKEN=simulated   # The simulator answers any token.
  fi
  portfolio_step sync 5 sync "$login"
  portfolio_step train 45 train "$login"
  keep_first_run $((SECONDS - began)) "$installed" "$built"
  if [ -n "$once" ]; then
    if [ "$login" = sample-dev ]; then
      show_search "working offline without a signal"
      show_search "restoring backups after a disaster"
    else
      show_search "command line tool"
      show_search "how it is tested"
    fi
    return 0
  fi
  local port
  port=$(free_port)
  what_next "$port"
  cloudfolio serve --listen "127.0.0.1:$port"
}
