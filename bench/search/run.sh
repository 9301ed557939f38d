#!/usr/bin/env bash
# Queries over the largest portfolio of the corpus (or the sample): ours, SQLite's FTS5 in the same process, and, where
# a Python with sentence-transformers is there (PEER_PYTHON, or python3), query embedding plus numpy. Writes
# build/bench/search.json.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
MODEL=${CLOUDFOLIO_BASE_MODEL:-${XDG_CACHE_HOME:-$HOME/.cache}/cloudfolio/models/all-MiniLM-L6-v2}
CORPUS=${CLOUDFOLIO_CORPUS:-$ROOT/../shared/corpus}
PEER="sentence-transformers on PyTorch with numpy"
OUT=$ROOT/build/bench
mkdir -p "$OUT"
[ -f "$MODEL/model.safetensors" ] || { echo "the base model is not there: run tools/fetch_weights.py" >&2; exit 1; }

if [ -d "$CORPUS" ]; then
  owner=$(cd "$CORPUS" && for o in */; do echo "$(cat "$o"*.json | wc -c) ${o%/}"; done | sort -n | tail -1 | cut -d' ' -f2)
else
  echo "the corpus is not there (CLOUDFOLIO_CORPUS): the sample portfolio is measured"
  CORPUS=$ROOT/samples/portfolio
  owner=sample-dev
fi
"$ROOT/build/release/bench/search/query_latency" "$MODEL" "$CORPUS" "$owner" "$OUT"

peer='{}'
python=${PEER_PYTHON:-python3}
if ! "$python" -c 'import sentence_transformers, numpy' 2>/dev/null; then
  echo "peer left out: $PEER ($python has no sentence-transformers; set PEER_PYTHON)"
elif ! peer=$(HF_HUB_OFFLINE=1 timeout 600 "$python" "$ROOT/bench/search/peer.py" "$OUT/peer-input.json" "$MODEL" 2>/dev/null); then
  echo "peer left out: $PEER (it did not run)"
  peer='{}'
fi
rm -f "$OUT/peer-input.json"

OWNER=$owner PEER_FIGURES=$peer python3 - "$OUT" <<'PY'
import json
import os
import platform
import sys

out = sys.argv[1]
with open(f"{out}/search-figures.json", encoding="utf-8") as file:
    figures = json.load(file)
os.remove(f"{out}/search-figures.json")
figures.update(json.loads(os.environ["PEER_FIGURES"]))
machine = f"{os.cpu_count()} x {platform.machine()}, {platform.platform()}"
with open(f"{out}/search.json", "w", encoding="utf-8") as file:
    json.dump({"name": "search", "machine": machine, "figures": figures}, file, indent=1)
get = lambda name: f"{figures[name]:.2f}" if name in figures else "-"
print(f"{os.environ['OWNER']}: {figures['repositories_count']} repositories, {figures['passages_count']} passages, "
      f"{figures['queries_count']} queries; loaded in {get('load_ms')} ms, {get('memory_mb')} MB")
print(f"{'a query':44} {'p50 ms':>8} {'p99 ms':>8}")
for label, name in (("words and meaning, ours", "query"), ("words alone, ours", "words_only"),
                    ("words alone, SQLite FTS5", "peer_fts5"),
                    ("meaning alone, sentence-transformers + numpy", "peer_sentence_transformers")):
    print(f"{label:44} {get(name + '_p50_ms'):>8} {get(name + '_p99_ms'):>8}")
PY
