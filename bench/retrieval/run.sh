#!/usr/bin/env bash
# How good search is: each owner of the corpus trained and measured on seeded splits, beside the base model alone and
# BM25 alone on the same text. Writes build/bench/retrieval.json. RETRIEVAL_MINUTES (25) bounds it; what was left out
# is said. Without a corpus the sample portfolio is measured.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
MODEL=${CLOUDFOLIO_BASE_MODEL:-${XDG_CACHE_HOME:-$HOME/.cache}/cloudfolio/models/all-MiniLM-L6-v2}
CORPUS=${CLOUDFOLIO_CORPUS:-$ROOT/../shared/corpus}
OUT=$ROOT/build/bench
mkdir -p "$OUT"
[ -f "$MODEL/model.safetensors" ] || { echo "the base model is not there: run tools/fetch_weights.py" >&2; exit 1; }
if [ ! -d "$CORPUS" ]; then
  echo "the corpus is not there (CLOUDFOLIO_CORPUS): the sample portfolio is measured"
  CORPUS=$ROOT/samples/portfolio
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 "$ROOT/tools/make_query_sets.py" "$CORPUS" "$scratch/sets" --program none >/dev/null 2>&1
"$ROOT/build/release/bench/retrieval/retrieval_quality" "$MODEL" "$CORPUS" "$scratch/sets" "$scratch/splits" \
  --minutes "${RETRIEVAL_MINUTES:-25}" "$@"
python3 "$ROOT/bench/retrieval/summary.py" "$scratch/splits" "$OUT/retrieval.json"
