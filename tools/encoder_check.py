#!/usr/bin/env python3
"""Checks that sentence-transformers loads a model that we saved and computes the vectors that we do.

  encoder_check.py MODEL_FOLDER_OR_ZIP VECTORS.json

VECTORS.json: {"texts": [...], "vectors": [[...], ...]}. Also saves the loaded model beside the vectors
(python-saved/), so that our loader can be held against a folder that Python wrote. Exits 1 where a
cosine is below 0.9999.
"""

import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402


def main():
    model_path, vectors_path = Path(sys.argv[1]), Path(sys.argv[2])
    expected = json.loads(vectors_path.read_text())
    with tempfile.TemporaryDirectory() as scratch:
        if model_path.is_file():
            with zipfile.ZipFile(model_path) as archive:
                archive.extractall(scratch)
            model_path = Path(scratch)
        model = SentenceTransformer(str(model_path), device="cpu")
        theirs = model.encode(expected["texts"], convert_to_numpy=True, show_progress_bar=False)
    ours = np.asarray(expected["vectors"])
    cosines = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    model.save(str(vectors_path.parent / "python-saved"))
    print(f"{len(cosines)} texts, worst cosine {cosines.min():.7f}")
    sys.exit(0 if cosines.min() >= 0.9999 else 1)


if __name__ == "__main__":
    main()
