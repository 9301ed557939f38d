#!/usr/bin/env python3
"""Measures the peer stack over the same texts as encoder_bench: sentence-transformers on PyTorch (CPU)
and, for inference, onnxruntime where it can be exported. Prints one JSON object of figures.

  peer.py MODEL_FOLDER TEXTS MODE     MODE: training-fp32 BATCH | training-bf16 BATCH | indexing-fp32 |
                                            indexing-bf16 | query | start | onnx
"""

import json
import os
import resource
import statistics
import sys
import time

BEGIN = time.perf_counter()
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402

SECONDS = 12
QUERY = "which small tools read log files over slow connections in constant memory"


def peak_memory_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cpu_seconds():
    return time.process_time()


class Training:
    """The loop of sentence-transformers' fit(): its loss, AdamW, linear schedule, clipping."""

    def __init__(self, folder, mixed):
        from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
        self.model = SentenceTransformer(folder, device="cpu")
        self.loss = MultipleNegativesRankingLoss(self.model)
        self.mixed = mixed
        plain = ("bias", "LayerNorm.bias", "LayerNorm.weight")
        named = list(self.model.named_parameters())
        self.optimizer = torch.optim.AdamW(
            [{"params": [p for n, p in named if not any(x in n for x in plain)],
              "weight_decay": 0.01},
             {"params": [p for n, p in named if any(x in n for x in plain)], "weight_decay": 0.0}],
            lr=2e-5)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: 1 - step / 1000)
        self.model.train()

    def features(self, texts):
        return [self.model.preprocess(texts[column::2]) for column in (0, 1)]

    def step(self, features):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.mixed):
            value = self.loss(features, None)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()


def train(folder, texts, batch, mixed):
    training = Training(folder, mixed)
    tokens, spent, cpu, at, steps = 0, 0.0, 0.0, 0, 0
    begin = time.perf_counter()
    while steps < 5 or time.perf_counter() - begin < SECONDS:
        chosen = [texts[(at + i) % len(texts)] for i in range(2 * batch)]
        at += 2 * batch
        features = training.features(chosen)
        start, cpu_start = time.perf_counter(), cpu_seconds()
        training.step(features)
        if steps >= 2:
            spent += time.perf_counter() - start
            cpu += cpu_seconds() - cpu_start
            tokens += sum(int(f["attention_mask"].sum()) for f in features)
        steps += 1
    return {"training_tokens_per_second": tokens / spent, "training_tokens_per_cpu_second": tokens / cpu,
            "peak_memory_mb": peak_memory_mb()}


def index(folder, texts, mixed):
    model = SentenceTransformer(folder, device="cpu")
    texts = sorted(set(texts))
    tokens = sum(len(ids) for ids in model.tokenizer(texts, truncation=True, max_length=256)["input_ids"])
    best, cpu = 0.0, 0.0
    for _ in range(2):
        start, cpu_start = time.perf_counter(), cpu_seconds()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mixed):
            model.encode(texts, batch_size=32, show_progress_bar=False)
        best = max(best, tokens / (time.perf_counter() - start))
        cpu = max(cpu, tokens / (cpu_seconds() - cpu_start))
    return {"indexing_tokens_per_second": best, "indexing_tokens_per_cpu_second": cpu}


def times_of(call, count):
    for _ in range(10):
        call()
    times = []
    for _ in range(count):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    return times


def query(folder):
    model = SentenceTransformer(folder, device="cpu")
    times = times_of(lambda: model.encode(QUERY, show_progress_bar=False), 200)
    return {"query_p50_ms": statistics.median(times)}


def start(folder, texts):
    training = Training(folder, False)
    features = training.features(texts[:16])
    ready = time.perf_counter() - BEGIN
    training.step(features)
    return {"start_to_first_step_seconds": ready,
            "start_first_step_done_seconds": time.perf_counter() - BEGIN}


def onnx(folder, texts):
    import tempfile
    import numpy as np
    import onnxruntime
    model = SentenceTransformer(folder, device="cpu")
    model.eval()
    bert = model[0].auto_model

    class Pooled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.bert = bert

        def forward(self, input_ids, attention_mask):
            hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            weights = attention_mask.unsqueeze(-1).float()
            mean = (hidden * weights).sum(1) / weights.sum(1)
            return torch.nn.functional.normalize(mean, dim=1)

    sample = model.tokenizer(["one text", "and a second text"], padding=True, return_tensors="pt")
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "model.onnx")
        dynamic = {0: "texts", 1: "tokens"}
        torch.onnx.export(Pooled(), (sample["input_ids"], sample["attention_mask"]), path,
                          input_names=["input_ids", "attention_mask"], output_names=["vectors"],
                          dynamic_axes={"input_ids": dynamic, "attention_mask": dynamic}, dynamo=False)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def encode(some):
        batch = model.tokenizer(some, padding=True, truncation=True, max_length=256, return_tensors="np")
        return session.run(None, {"input_ids": batch["input_ids"].astype(np.int64),
                                  "attention_mask": batch["attention_mask"].astype(np.int64)})[0]

    texts = sorted(set(texts), key=len)
    tokens = sum(len(ids) for ids in model.tokenizer(texts, truncation=True, max_length=256)["input_ids"])
    best = 0.0
    for _ in range(2):
        begin = time.perf_counter()
        for at in range(0, len(texts), 32):
            encode(texts[at:at + 32])
        best = max(best, tokens / (time.perf_counter() - begin))
    return {"indexing_tokens_per_second": best,
            "query_p50_ms": statistics.median(times_of(lambda: encode([QUERY]), 200))}


def main():
    folder, texts_path, mode = sys.argv[1:4]
    with open(texts_path, encoding="utf-8") as file:
        texts = file.read().splitlines()
    batch = int(sys.argv[4]) if len(sys.argv) > 4 else 8
    if mode.startswith("training"):
        figures = train(folder, texts, batch, mode.endswith("bf16"))
    elif mode.startswith("indexing"):
        figures = index(folder, texts, mode.endswith("bf16"))
    else:
        figures = {"query": lambda: query(folder), "start": lambda: start(folder, texts),
                   "onnx": lambda: onnx(folder, texts)}[mode]()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
