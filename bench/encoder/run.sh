#!/usr/bin/env bash
# ./dev bench encoder: our figures beside sentence-transformers' and onnxruntime's on the same machine
# and texts. Run from the repository's root after building encoder_bench (release preset).
#
# The peers live in a scratch environment (CLOUDFOLIO_PEER_PYTHON names another Python that has them);
# where they cannot be installed, only our figures are printed.
set -euo pipefail
here=bench/encoder
bench=build/release/bench/encoder/encoder_bench
cache="${XDG_CACHE_HOME:-$HOME/.cache}/cloudfolio"
model="${CLOUDFOLIO_BASE_MODEL:-$(python3 tools/fetch_weights.py)}"
out=build/bench
mkdir -p "$out" "$cache"
[ -x "$bench" ] || { echo "bench/encoder: $bench is not built" >&2; exit 2; }

texts="$out/encoder_texts.txt"
python3 $here/make_texts.py "$texts" "${CLOUDFOLIO_CORPUS:-../shared/corpus}"

peer_python="${CLOUDFOLIO_PEER_PYTHON:-$cache/bench-peers/bin/python}"
if ! "$peer_python" -c 'import sentence_transformers, onnxruntime, onnx' 2>/dev/null; then
  echo "bench/encoder: installing the peers into $cache/bench-peers (a few minutes, once)" >&2
  # torch first and alone: pip's settings decide where from (a CPU build, if they know one).
  if python3 -m venv "$cache/bench-peers" &&
     "$cache/bench-peers/bin/pip" install -q torch==2.13.0 &&
     "$cache/bench-peers/bin/pip" install -q sentence-transformers==6.2.0 transformers==5.23.0 \
        onnxruntime==1.32.0 onnx==1.23.2 numpy; then
    peer_python="$cache/bench-peers/bin/python"
  else
    echo "bench/encoder: the peers cannot be installed here; printing our figures alone" >&2
    peer_python=""
  fi
fi
exec python3 $here/compare.py "$bench" "$model" "$texts" "$out/encoder.json" "$peer_python"
