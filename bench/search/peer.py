"""sentence-transformers and numpy over the same passages and queries: embed the query, multiply, take the best ten.

  peer.py INPUT_JSON MODEL_FOLDER   prints one JSON object of figures
"""

import json
import statistics
import sys
import time

import numpy
import torch
from sentence_transformers import SentenceTransformer

ROUNDS = 3


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        given = json.load(file)
    torch.set_num_threads(max(1, torch.get_num_threads()))
    model = SentenceTransformer(sys.argv[2], device="cpu")
    started = time.perf_counter()
    passages = model.encode(given["passages"], batch_size=16, normalize_embeddings=True)
    indexing = time.perf_counter() - started
    taken = []
    for turn in range(ROUNDS + 1):
        for query in given["queries"]:
            started = time.perf_counter()
            vector = model.encode(query, normalize_embeddings=True)
            best = numpy.argsort(-(passages @ vector))[:10]
            elapsed = (time.perf_counter() - started) * 1000
            assert len(best) > 0
            if turn:
                taken.append(elapsed)
    taken.sort()
    print(json.dumps({
        "peer_sentence_transformers_index_seconds": round(indexing, 3),
        "peer_sentence_transformers_p50_ms": round(statistics.median(taken), 3),
        "peer_sentence_transformers_p99_ms": round(taken[int(0.99 * (len(taken) - 1))], 3),
    }))


main()
