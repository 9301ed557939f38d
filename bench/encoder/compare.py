#!/usr/bin/env python3
"""Runs encoder_bench and, where there is a Python for it, peer.py; prints a table, writes the figures.

  compare.py ENCODER_BENCH MODEL TEXTS OUT.json [PEER_PYTHON]

A training or indexing figure of the peer is its better one of fp32 and bf16 autocast.
"""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def run(command, *arguments):
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        tail = (done.stderr.strip().splitlines() or ["no output"])[-1]
        print(f"  {' '.join(map(str, arguments[2:]))}: failed: {tail}", file=sys.stderr)
        return {}
    return json.loads(lines[-1])


def processor():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor()


class Comparison:
    def __init__(self, bench, model, texts, peer_python):
        self.ours_command = [bench, model, texts]
        self.peer_command = [peer_python, str(HERE / "peer.py"), model, texts] if peer_python else None
        self.figures = {}

    def ours(self, *mode):
        print(f"  ours: {' '.join(map(str, mode))}", file=sys.stderr, flush=True)
        return run(self.ours_command[:1], *self.ours_command[1:], *mode)

    def peer(self, *mode):
        if self.peer_command is None:
            return {}
        print(f"  peer: {' '.join(map(str, mode))}", file=sys.stderr, flush=True)
        return run(self.peer_command[:2], *self.peer_command[2:], *mode)

    def best_of_peer(self, key, *modes):
        found = [figures for figures in (self.peer(*mode) for mode in modes) if key in figures]
        return max(found, key=lambda figures: figures[key]) if found else {}

    def put(self, name, value, peer=None, lower_is_better=False, peer_name="peer"):
        if value is None:
            return
        self.figures[name] = value
        if peer:
            self.figures[f"{peer_name}_{name}"] = peer
            stem = name.removesuffix("_tokens_per_second").removesuffix("_p50_ms")
            stem = stem.removesuffix("_seconds").removesuffix("_mb")
            ratio = peer / value if lower_is_better else value / peer
            self.figures[f"{stem}_vs_{peer_name}_ratio"] = ratio


def measure(comparison):
    c = comparison
    for batch in (8, 32):
        ours = c.ours("training", batch)
        peer = c.best_of_peer("training_tokens_per_second", ("training-fp32", batch),
                              ("training-bf16", batch))
        suffix = "" if batch == 8 else f"_batch_{batch}"
        key = "training_tokens_per_second"
        c.put(f"training{suffix}_tokens_per_second", ours.get(key), peer.get(key))
        if batch == 32:
            c.put("peak_memory_mb", ours.get("peak_memory_mb"), peer.get("peak_memory_mb"),
                  lower_is_better=True)
    ours = c.ours("indexing")
    onnx = c.peer("onnx")
    peer = c.best_of_peer("indexing_tokens_per_second", ("indexing-fp32",), ("indexing-bf16",))
    key = "indexing_tokens_per_second"
    c.put(key, ours.get(key), peer.get(key))
    c.put(key, ours.get(key), onnx.get(key), peer_name="onnxruntime")
    ours = c.ours("query")
    c.put("query_p50_ms", ours.get("query_p50_ms"), c.peer("query").get("query_p50_ms"),
          lower_is_better=True)
    c.put("query_p50_ms", ours.get("query_p50_ms"), onnx.get("query_p50_ms"), lower_is_better=True,
          peer_name="onnxruntime")
    ours = c.ours("start")
    key = "start_to_first_step_seconds"
    c.put(key, ours.get(key), c.peer("start").get(key), lower_is_better=True)
    c.figures.update(c.ours("peak"))


def print_table(figures):
    print(f"\n{'encoder':<44}{'ours':>12}{'peer':>12}{'onnxruntime':>13}")
    for name, value in figures.items():
        if name.startswith(("peer_", "onnxruntime_")) or name.endswith("_ratio"):
            continue
        cells = [figures.get(f"{peer}_{name}") for peer in ("peer", "onnxruntime")]
        text = "".join(f"{'' if cell is None else f'{cell:,.2f}':>{width}}"
                       for cell, width in zip(cells, (12, 13)))
        print(f"{name:<44}{value:>12,.2f}{text}")
    for name, value in figures.items():
        if name.endswith("_ratio"):
            print(f"{name:<44}{value:>12,.2f}")


def main():
    bench, model, texts, out = sys.argv[1:5]
    peer_python = sys.argv[5] if len(sys.argv) > 5 else ""
    if not peer_python:
        print("bench/encoder: no peer here (sentence-transformers, onnxruntime): ours alone")
    comparison = Comparison(bench, model, texts, peer_python)
    measure(comparison)
    Path(out).write_text(json.dumps(
        {"name": "encoder", "machine": f"{processor()}, {os.cpu_count()} processors",
         "figures": comparison.figures}, indent=2) + "\n")
    print_table(comparison.figures)
    print(f"\nwritten to {out}")


if __name__ == "__main__":
    main()
