#!/usr/bin/env python3
"""Writes the texts that the encoder's benchmark runs over, one a line; two lines make a pair.

make_texts.py OUT [CORPUS]: paragraphs of the corpus' documents where it exists (a paragraph and the
next one are a pair), made-up sentences of similar lengths otherwise.
"""

import json
import random
import sys
from pathlib import Path

COUNT = 3000
WORDS = ("a the of in to and is it that for with on as this are be at by or an from not can has was "
         "file user server cache index build test module parse value stream window order branch merge "
         "command option folder history token search graph memory thread signal packet record column "
         "release version network service language compiler function pointer library document").split()


def corpus_paragraphs(corpus):
    for entry in json.loads((corpus / "index.json").read_text()):
        repository = json.loads((corpus / entry["path"]).read_text())
        for file in repository["files"].values():
            for paragraph in ((file or {}).get("text") or "").split("\n\n"):
                line = " ".join(paragraph.split())
                if len(line) >= 40:
                    yield line


def made_up(chance):
    # Lengths as of the corpus' paragraphs: a mean of about 60 tokens, a long tail up to 256.
    length = min(220, max(8, int(chance.lognormvariate(3.7, 0.8))))
    return " ".join(chance.choice(WORDS) for _ in range(length)).capitalize() + "."


def main():
    chance = random.Random(1)
    if len(sys.argv) > 2 and Path(sys.argv[2], "index.json").exists():
        lines = list(corpus_paragraphs(Path(sys.argv[2])))
        starts = list(range(0, len(lines) - 1, 2))
        chance.shuffle(starts)
        chosen = [line for i in starts[:COUNT // 2] for line in lines[i:i + 2]]
    else:
        chosen = [made_up(chance) for _ in range(COUNT)]
    Path(sys.argv[1]).write_text("\n".join(chosen) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
