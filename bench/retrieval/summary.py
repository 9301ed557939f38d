"""Splits (one JSON object a line) to figures: means over splits for each owner, then over owners."""
import json
import os
import platform
import sys


def mean(values):
    values = [value for value in values if value is not None]
    return sum(values) / len(values) if values else None


def owner_figures(splits):
    names = ("bm25", "base", "tuned", "hybrid_base", "hybrid_tuned", "search", "repository_bm25", "repository_base",
             "repository_hybrid_base", "repository_hybrid_tuned", "base_int8", "tuned_int8", "lexical_weight",
             "guard_ratio", "train_seconds", "questions")
    trained = [split for split in splits if split["trained"]]
    figures = {name: mean([split.get(name) for split in (splits if "repository" in name else trained)])
               for name in names}
    figures["repository_search"] = mean([split.get("repository_hybrid_tuned" if split["published"]
                                                   else "repository_hybrid_base") for split in splits])
    if not figures["questions"]:
        levels = {name: value for name, value in figures.items() if "repository" in name}
        return {"splits": len(splits), "published": 0, **levels}
    # The same splits in both terms.
    measured = [split for split in splits if "base_int8" in split]
    for model in ("base", "tuned"):
        exact = mean([split[model] for split in measured])
        figures[f"{model}_int8_ratio"] = mean([split[f"{model}_int8"] for split in measured]) / exact if exact else None
    figures["splits"] = len(splits)
    figures["published"] = sum(split["published"] for split in splits)
    best = max(figures["bm25"], figures["base"])
    figures["search_vs_best_single"] = figures["search"] / best
    figures["always_tuned_vs_best_single"] = figures["hybrid_tuned"] / best
    figures["tuned_vs_base"] = figures["tuned"] / figures["base"]
    return figures


def main():
    by_owner = {}
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            split = json.loads(line)
            by_owner.setdefault(split["owner"], []).append(split)
    owners = {owner: owner_figures(splits) for owner, splits in sorted(by_owner.items())}
    over = lambda name: mean([figures.get(name) for figures in owners.values()])
    trained = {owner: figures for owner, figures in owners.items() if "search" in figures}
    best_single = mean([max(figures["bm25"], figures["base"]) for figures in trained.values()])
    figures = {
        "passage_ndcg10_vs_best_single_ratio": over("search") / best_single,
        "passage_ndcg10_vs_best_single_lowest_owner": min(f["search_vs_best_single"] for f in trained.values()),
        "passage_ndcg10_always_tuned_vs_best_single_ratio": over("hybrid_tuned") / best_single,
        "passage_ndcg10_tuned_vs_base_ratio": over("tuned") / over("base"),
        "passage_ndcg10_search": over("search"), "passage_ndcg10_bm25": over("bm25"),
        "passage_ndcg10_base": over("base"), "passage_ndcg10_tuned": over("tuned"),
        "passage_ndcg10_untuned_search": over("hybrid_base"),
        "repository_ndcg10": over("repository_search"),
        "repository_ndcg10_untuned_search": over("repository_hybrid_base"),
        "repository_ndcg10_base": over("repository_base"), "repository_ndcg10_bm25": over("repository_bm25"),
        "int8_vs_exact_base_ratio": over("base_int8_ratio"), "int8_vs_exact_tuned_ratio": over("tuned_int8_ratio"),
        "owners": len(trained), "splits": sum(f["splits"] for f in owners.values()),
        "published_splits": sum(f["published"] for f in owners.values()),
    }
    figures = {name: value for name, value in figures.items() if value is not None}
    machine = f"{os.cpu_count()} x {platform.machine()}, {platform.platform()}"
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump({"name": "retrieval", "machine": machine, "figures": figures, "owners": owners}, file, indent=1)
    print(f"{'nDCG@10 of passages':16} {'splits':>6} {'words':>6} {'base':>6} {'tuned':>6} {'search':>6} {'/best':>6} "
          f"{'t/b':>6} | {'repos':>6} {'untuned':>7}")
    for owner, f in owners.items():
        repos = [f"{f[name]:.3f}" if f[name] is not None else "-" for name in ("repository_search",
                                                                               "repository_hybrid_base")]
        if owner not in trained:
            print(f"{owner:19} too little text to train on {' ':24} | {repos[0]:>6} {repos[1]:>7}")
            continue
        print(f"{owner:19} {f['splits']:>6} {f['bm25']:>6.3f} {f['base']:>6.3f} {f['tuned']:>6.3f} {f['search']:>6.3f} "
              f"{f['search_vs_best_single']:>6.3f} {f['tuned_vs_base']:>6.3f} | {repos[0]:>6} {repos[1]:>7}")
    bars = (("passage_ndcg10_vs_best_single_ratio", 1.06), ("passage_ndcg10_vs_best_single_lowest_owner", 0.96),
            ("passage_ndcg10_tuned_vs_base_ratio", 1.14), ("repository_ndcg10", 0.95))
    for name, bar in bars:
        if name in figures:
            print(f"{name:48} {figures[name]:.4f}  bar {bar}  {'reached' if figures[name] >= bar else 'MISSED'}")
    if "int8_vs_exact_base_ratio" in figures:
        print(f"vectors in 8 bits against exact ones: base {figures['int8_vs_exact_base_ratio']:.4f}, "
              f"tuned {figures['int8_vs_exact_tuned_ratio']:.4f}")


main()
