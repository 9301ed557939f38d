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
    key = "training_tokens_per_second"
    for batch in (8, 32):
        ours = c.ours("training", batch)
        peer = c.best_of_peer(key, ("training-fp32", batch), ("training-bf16", batch))
        # The ratio that counts is that of batch 32, a contrastive loss' usual size.
        c.put(key if batch == 8 else "training_batch_32_tokens_per_second", ours.get(key), peer.get(key))
        stem = "training" if batch == 8 else "training_batch_32"
        ratio = c.figures.pop(f"{stem}_vs_peer_ratio", None)
        if ratio is not None:
            c.figures["training_vs_peer_ratio" if batch == 32 else "training_batch_8_vs_peer_ratio"] = ratio
        if batch == 32:
            c.put("peak_memory_mb", ours.get("peak_memory_mb"), peer.get("peak_memory_mb"),
                  lower_is_better=True)
    # In the numbers that the processor is best at, as above, and in fp32, in the same run.
    key = "training_tokens_per_second"
    half, exact = c.ours("training-fp16", 32), c.ours("training-fp32", 32)
    c.put("training_fp16_batch_32_tokens_per_second", half.get(key))
    c.put("training_fp32_batch_32_tokens_per_second", exact.get(key))
    if key in half and key in exact:
        c.figures["training_fp16_vs_fp32_ratio"] = half[key] / exact[key]
    c.figures.update(c.ours("roofline"))
    key = "indexing_tokens_per_second"
    ours, ours_int8 = c.ours("indexing"), c.ours("indexing-int8")
    onnx = c.peer("onnx")
    peer = c.best_of_peer(key, ("indexing-fp32",), ("indexing-bf16",))
    c.put(key, ours.get(key), peer.get(key))
    c.put(key, ours.get(key), onnx.get(key), peer_name="onnxruntime")
    c.put("indexing_int8_tokens_per_second", ours_int8.get(key), onnx.get(key), peer_name="onnxruntime")
    c.put("indexing_fp32_tokens_per_second", c.ours("indexing-fp32").get(key), onnx.get(key),
          peer_name="onnxruntime")
    # A query as search asks it (in fp16 where the processor has that), in 8 bits, and in fp32.
    key = "query_p50_ms"
    exact, ours = c.ours("query-fp32"), c.ours("query")
    c.put("query_int8_p50_ms", c.ours("query-int8").get(key), onnx.get(key), lower_is_better=True,
          peer_name="onnxruntime")
    c.put(key, ours.get(key), c.peer("query").get(key), lower_is_better=True)
    c.put(key, ours.get(key), onnx.get(key), lower_is_better=True, peer_name="onnxruntime")
    c.put("query_exact_p50_ms", exact.get(key), onnx.get(key), lower_is_better=True,
          peer_name="onnxruntime")
    loss = "query_cosine_with_exact_mean"
    c.put(loss, c.ours("fp16-loss").get(loss))
    c.put("query_int8_cosine_with_exact_mean", c.ours("int8-loss").get(loss))
    ours = c.ours("start")
    key = "start_to_first_step_seconds"
    c.put(key, ours.get(key), c.peer("start").get(key), lower_is_better=True)
    c.figures.update(c.ours("portfolio"))


def print_roofline(figures):
    phases = [name.removeprefix("step_").removesuffix("_thread_us") for name in figures
              if name.endswith("_thread_us")]
    total = sum(figures[f"step_{phase}_thread_us"] for phase in phases)
    print(f"\n{'a step of 32 texts of 128 tokens':<44}{'thread µs':>12}{'share':>9}{'GFLOP/s a thread':>18}")
    for phase in phases:
        spent = figures[f"step_{phase}_thread_us"]
        speed = figures.get(f"step_{phase}_gflops_a_thread")
        print(f"{phase:<44}{spent:>12,.0f}{spent / total:>9.1%}{'' if speed is None else f'{speed:,.0f}':>18}")


def print_table(figures):
    print(f"\n{'encoder':<44}{'ours':>12}{'peer':>12}{'onnxruntime':>13}")
    for name, value in figures.items():
        if name.startswith(("peer_", "onnxruntime_", "step_")) or name.endswith("_ratio"):
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
    print_roofline(comparison.figures)
    print(f"\nwritten to {out}")


if __name__ == "__main__":
    main()
