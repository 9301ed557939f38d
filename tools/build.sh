# Configuring and building. Sourced by ./dev.

# In CI a warning stops the build.
cmake_options() {
  if [ "${CI:-}" = true ]; then echo "-DCLOUDFOLIO_WARNINGS_AS_ERRORS=ON"; else echo "-DCLOUDFOLIO_WARNINGS_AS_ERRORS=OFF"; fi
}

# configure PRESET [CMAKE OPTION…]
configure() {
  local preset=$1
  shift
  # shellcheck disable=SC2046
  cmake --preset "$preset" $(cmake_options) "$@"
}

# build_preset PRESET GUESS_SECONDS [TARGET…]: two steps, configuring and building.
build_preset() {
  local preset=$1 guess=$2
  shift 2
  local targets=()
  [ $# -gt 0 ] && targets=(--target "$@")
  # After a failure the rest is built all the same, so that one run shows every error.
  build_now() {
    configure "$1" && cmake --build --preset "$1" -j "$(nproc)" ${targets[@]+"${targets[@]}"} -- -k 0
  }
  step "$preset" "$guess" build_now "$preset"
}

build_release() { build_preset release 240 cloudfolio; }
