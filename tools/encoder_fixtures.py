#!/usr/bin/env python3
"""Writes tests/fixtures/encoder/*.json: what the encoder's tests hold our numbers against.

Needs a Python environment with torch, sentence-transformers and the base model (see --model), and for
corpus.json the corpus folder. Never writes corpus text: only places, hashes and vectors.

  HF_HUB_OFFLINE=1 python tools/encoder_fixtures.py --model FOLDER [--corpus FOLDER] [--only NAME]…

Files: texts.json (texts written for this project, with ids and vectors), unicode.json (a hash of the
ids for each 4,096 code points), corpus.json (hashes of ids for every text, vectors for some passages),
gradients.json and training.json (PyTorch's gradients and loss curves over made-up pairs).
"""

import argparse
import base64
import hashlib
import json
import os
import random
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from sentence_transformers import SentenceTransformer, losses  # noqa: E402

TOKENS_MAX = 256
PASSAGES = 600
CODE_POINTS_PER_HASH = 4096

TEXTS = [
    "", " ", "\n\t ", "a", "A", "hello world", "Hello, World!", "The quick brown fox jumps over the lazy dog.",
    "don't stop-me now (really)", "C++ and C# are not C", "snake_case_name camelCaseName kebab-case-name",
    "https://example.org/path/to?query=1&other=two#part", "user@example.org wrote: \"yes\"",
    "1234567890 3.14159 1e-5 0xDEADBEEF v1.2.3-rc.4+build.5", "`code` **bold** _italic_ ~~gone~~",
    "# Heading\n\nA paragraph with a [link](target) and an ![image](picture.png).\n\n- one\n- two\n",
    "| a | b |\n|---|---|\n| 1 | 2 |", "```cpp\nint main() { return 0; }\n```", "$HOME/.config/tool.toml",
    "naïve café résumé Zürich Ångström", "na\u0131\u0308ve e\u0301a\u0300\u0327", "İstanbul ISPARTA ığdır",
    "ΑΒΓΔ ἄλφα Σίσυφος ΌΣΟΣ", "Привет, мир! Ёлка й", "日本語のテキスト 漢字かな交じり", "中文字符之间没有空格。",
    "한국어 문장입니다", "한글", "العربية نص مُشَكَّل", "עִבְרִית", "हिन्दी पाठ", "ไทยภาษา", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛",
    "emoji 🎉🚀 family 👨‍👩‍👧‍👦 flag 🇩🇪 skin 👋🏽 new 🥳🫠", "zero\u200bwidth\u200djoin\ufeffmark soft\u00adhyphen",
    "non\u00a0breaking\u2003em\u3000ideographic\u2028line", "“curly” ‘quotes’ – en — em … ellipsis",
    "control\x00\x01\x7f\x85chars\ufffdhere", "\u0001", "tab\tnew\nreturn\rvertical\x0bfeed\x0c.",
    "a" * 100, "a" * 101, "ab" * 50 + " " + "é" * 100 + " " + "e\u0301" * 101, "antidisestablishmentarianism",
    "##ing ## #", "[CLS] inside [SEP] text [MASK] and [UNK][PAD] done", "[cls] [Sep] [ CLS ] [CLS", "x[SEP]y",
    "...!!!???", "«guillemets» ¿que? ¡si!", "½ ² ³ ¼ № ™ © ® ° µ", "ﬁ ligature ﬀ ﬃ", "Ⅷ roman Ⓐ circled",
    "\u1e9e capital sharp ß", "ǅ titlecase Ǆ", "K Kelvin Å Angstrom Ω Ohm", "a\u0308\u0323 order a\u0323\u0308",
    "\U0001f600\U0001f4a9", "\U000e0001\U000e0041 tags", "\ue000 private \uf8ff", "\ufdfa \u0600 \u06dd \u110bd",
    "x²+y²=z²", "≤≥≠≈∞∑∏√∂∫", "→⇒↔ ←", "$100 €50 £20 ¥1000 ₹5 ₿1", "50% off & more * / \\ | ^ ~ < > = +",
    "What is this project?", "Summarize this project.", "Which technologies are used in this project?",
    "A small library that parses configuration files and reports mistakes with the line they are on.",
    "It keeps a write-ahead log, so a crash in the middle of a transaction loses nothing that was "
    "acknowledged. Recovery replays the log from the last checkpoint.",
    "Bakes bread: flour, water, salt, and twelve hours of patience. Not software at all.",
]

THINGS = ["parser", "scheduler", "cache", "compiler", "queue", "index", "renderer", "tokenizer", "router",
          "profiler", "linter", "database", "shell", "editor", "emulator", "debugger"]
VERBS = ["reads", "writes", "splits", "orders", "checks", "repairs", "measures", "draws", "merges", "sends",
         "compresses", "verifies", "explains", "balances"]
OBJECTS = ["log files", "network packets", "configuration trees", "music scores", "maps of cities",
           "sensor values", "bank statements", "chess games", "photographs", "weather tables",
           "source trees", "mail folders", "star catalogues", "train timetables"]
MANNERS = ["without blocking", "in constant memory", "on a single thread", "with exact arithmetic",
           "over slow connections", "in the browser", "from the command line", "for large teams",
           "within a deadline", "on very small machines"]


def half_base64(vector):
    return base64.b64encode(np.asarray(vector, dtype="<f2").tobytes()).decode()


def ids_hash(ids):
    return hashlib.sha256(np.asarray(ids, dtype="<i4").tobytes()).hexdigest()


def write(folder, name, value):
    path = folder / name
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(f"{path}: {path.stat().st_size:,} bytes")


class Peer:
    def __init__(self, folder):
        self.folder = folder
        self.model = SentenceTransformer(str(folder), device="cpu")
        self.model.max_seq_length = TOKENS_MAX
        self.tokenizer = self.model.tokenizer

    def ids(self, text, limit=None):
        if limit is None:
            return self.tokenizer(text, truncation=False, padding=False)["input_ids"]
        return self.tokenizer(text, truncation=True, max_length=limit, padding=False)["input_ids"]

    def vector(self, text):
        # One text at a time: no padding.
        return self.model.encode([text], convert_to_numpy=True, show_progress_bar=False)[0]


def make_texts(peer, folder):
    rows = [{"text": text, "ids": peer.ids(text), "vector": half_base64(peer.vector(text))}
            for text in TEXTS]
    write(folder, "texts.json", {"tokens_max": TOKENS_MAX, "texts": rows})


def make_unicode(peer, folder):
    """Every code point within a word and alone."""
    hashes = []
    for first in range(0, 0x110000, CODE_POINTS_PER_HASH):
        text = " ".join(f"a{chr(c)}b {chr(c)}" for c in range(first, first + CODE_POINTS_PER_HASH)
                        if not 0xD800 <= c <= 0xDFFF)
        hashes.append(ids_hash(peer.ids(text))[:16])
    write(folder, "unicode.json", {"code_points": CODE_POINTS_PER_HASH, "hashes": hashes})


def corpus_texts(corpus):
    for entry in json.loads((corpus / "index.json").read_text()):
        repository = json.loads((corpus / entry["path"]).read_text())
        for name, file in sorted(repository["files"].items()):
            if file is not None and file.get("text"):
                yield entry["path"], name, file["text"]


def make_corpus(peer, folder, corpus):
    texts, places = [], []
    for path, name, text in corpus_texts(corpus):
        ids = peer.ids(text)
        texts.append([path, name, len(ids), ids_hash(ids)[:32], ids_hash(peer.ids(text, TOKENS_MAX))[:32]])
        places.append((path, name, None))
        for number, passage in enumerate(text.split("\n\n")):
            if len(passage.strip()) >= 40:
                places.append((path, name, number))
    chosen = random.Random(7).sample(places, min(PASSAGES, len(places)))
    chosen.sort(key=lambda place: (place[0], place[1], -1 if place[2] is None else place[2]))
    by_place = {(path, name): text for path, name, text in corpus_texts(corpus)}
    vectors = []
    for path, name, number in chosen:
        text = by_place[path, name]
        if number is not None:
            text = text.split("\n\n")[number]
        vectors.append([path, name, number, ids_hash(peer.ids(text, TOKENS_MAX))[:32],
                        half_base64(peer.vector(text))])
    write(folder, "corpus.json", {"tokens_max": TOKENS_MAX, "texts": texts, "vectors": vectors})


def made_up_pairs(count, seed):
    """Questions and answers from word lists: no two answers alike."""
    chance = random.Random(seed)
    pairs, seen = [], set()
    while len(pairs) < count:
        thing, verb, what, manner = (chance.choice(words) for words in (THINGS, VERBS, OBJECTS, MANNERS))
        if (thing, verb, what) in seen:
            continue
        seen.add((thing, verb, what))
        second = f" It also {chance.choice(VERBS)} {chance.choice(OBJECTS)} {chance.choice(MANNERS)}."
        pairs.append([f"Which {thing} {verb} {what}?",
                      f"This {thing} {verb} {what} {manner}." + second * chance.randrange(0, 4),
                      chance.choice([1.0, 0.8, 0.5, 0.2])])
    return pairs


def make_loss(peer, kind):
    if kind == "multiple_negatives_ranking":
        return losses.MultipleNegativesRankingLoss(peer.model)
    return losses.CosineSimilarityLoss(peer.model)


def no_dropout(peer):
    peer.model.train()
    for module in peer.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    for module in peer.model.modules():
        for name in ("attention_dropout", "dropout_prob"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
    # With dropout gone, training twice gives the same: checked by the caller.


def loss_of(peer, loss, pairs):
    features = [peer.model.tokenize([pair[column] for pair in pairs]) for column in (0, 1)]
    return loss(features, torch.tensor([pair[2] for pair in pairs]))


def signs(count, number):
    """Pseudo-random ±1, the same in C++: a bit of a multiplied index."""
    index = np.arange(count, dtype=np.uint64)
    mixed = (index * np.uint64(0x9E3779B97F4A7C15) + np.uint64(number) * np.uint64(0xD1B54A32D192ED03))
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return 1.0 - 2.0 * ((mixed >> np.uint64(60)) & np.uint64(1)).astype(np.float64)


def make_gradients(folder_of_model, folder):
    pairs = made_up_pairs(8, 11)
    out = {"pairs": pairs, "projections": 4, "losses": {}}
    for kind in ("multiple_negatives_ranking", "cosine_similarity"):
        peer = Peer(folder_of_model)
        no_dropout(peer)
        value = loss_of(peer, make_loss(peer, kind), pairs)
        value.backward()
        parameters = {}
        for name, parameter in peer.model[0].auto_model.named_parameters():
            if parameter.grad is None:
                continue
            gradient = parameter.grad.double().numpy().ravel()
            parameters[name] = [float(np.linalg.norm(gradient))] + [
                float(gradient @ signs(gradient.size, number)) for number in range(4)]
        out["losses"][kind] = {"loss": float(value), "parameters": parameters}
    write(folder, "gradients.json", out)


def train(folder_of_model, kind, pairs, batches, options):
    torch.manual_seed(1)
    peer = Peer(folder_of_model)
    no_dropout(peer)
    loss = make_loss(peer, kind)
    plain = ("bias", "LayerNorm.weight")
    named = list(peer.model.named_parameters())
    groups = [
        {"params": [p for n, p in named if not any(part in n for part in plain)],
         "weight_decay": options["weight_decay"]},
        {"params": [p for n, p in named if any(part in n for part in plain)], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=options["learning_rate"])
    warmup, total = options["warmup_steps"], options["total_steps"]
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: step / max(1, warmup) if step < warmup
        else max(0.0, (total - step) / max(1, total - warmup)))
    curve = []
    for batch in batches:
        value = loss_of(peer, loss, [pairs[i] for i in batch])
        value.backward()
        torch.nn.utils.clip_grad_norm_(peer.model.parameters(), options["max_grad_norm"])
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        curve.append(float(value))
    return curve


def make_training(folder_of_model, folder):
    pairs = made_up_pairs(96, 23)
    options = {"learning_rate": 5e-5, "warmup_steps": 4, "total_steps": 40, "weight_decay": 0.01,
               "max_grad_norm": 1.0}
    chance = random.Random(5)
    batches = [chance.sample(range(len(pairs)), 8) for _ in range(options["total_steps"])]
    curves = {kind: train(folder_of_model, kind, pairs, batches, options)
              for kind in ("multiple_negatives_ranking", "cosine_similarity")}
    again = train(folder_of_model, "cosine_similarity", pairs, batches[:3], options)
    if not np.allclose(again, curves["cosine_similarity"][:3], rtol=1e-5):
        sys.exit("encoder_fixtures: the run is not reproducible; is dropout off?")
    write(folder, "training.json",
          {"pairs": pairs, "options": options, "batches": batches, "curves": curves})


def main():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--model", type=Path,
                           default=Path(cache) / "cloudfolio" / "models" / "all-MiniLM-L6-v2")
    arguments.add_argument("--corpus", type=Path)
    arguments.add_argument("--out", type=Path,
                           default=Path(__file__).parent.parent / "tests" / "fixtures" / "encoder")
    arguments.add_argument("--only", action="append",
                           choices=["texts", "unicode", "corpus", "gradients", "training"])
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    peer = Peer(options.model)

    def wanted(name):
        return not options.only or name in options.only

    if wanted("texts"):
        make_texts(peer, options.out)
    if wanted("unicode"):
        make_unicode(peer, options.out)
    if wanted("corpus") and options.corpus:
        make_corpus(peer, options.out, options.corpus)
    if wanted("gradients"):
        make_gradients(options.model, options.out)
    if wanted("training"):
        make_training(options.model, options.out)


if __name__ == "__main__":
    main()
