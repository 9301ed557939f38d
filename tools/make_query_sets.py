#!/usr/bin/env python3
"""Query sets (docs/formats/query-set.md) for `cloudfolio eval`.

  tools/make_query_sets.py --sample [--check]      samples/queries.json -> samples/query-sets/
  tools/make_query_sets.py CORPUS OUT [OWNER...]   of a folder in the corpus format (samples/README.md), per owner:

OWNER-repositories.json  authors' own descriptions, taken from manifests, with that text withheld everywhere else
OWNER-skills.json        topics and the skills and technologies of .repo-context.json, both withheld
OWNER-passages.json      a seeded quarter of the headings, which `cloudfolio train` holds out as well; made by the
                         program itself (--program), which syncs the folder from its own simulator

Nothing of a corpus is kept anywhere but in OUT.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FORMAT = "cloudfolio-query-set-1"
DESCRIPTION_MIN = 20
SKILL_KEYS = ("tech_stack", "skill_manifest")


def query_set(name, level, queries, login="", withheld=(), texts=()):
    made = {"format": FORMAT, "name": name, "level": level, "withheld": list(withheld)}
    if login:
        made["login"] = login
    if texts:
        made["withheld_texts"] = list(texts)
    made["queries"] = queries
    return made


def as_text(value):
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def sample_sets():
    queries = json.loads((ROOT / "samples/queries.json").read_text(encoding="utf-8"))
    repositories, passages = [], []
    for query in queries:
        entry = {"kind": query["kind"], "query": query["query"]}
        repositories.append({**entry, "relevant": [{"repository": query["repository"]}]})
        if query["heading"]:
            relevant = {key: query[key] for key in ("repository", "path", "heading")}
            passages.append({**entry, "relevant": [relevant]})
    return {
        "repositories.json": query_set("sample repositories", "repository", repositories, "sample-dev"),
        "passages.json": query_set("sample passages", "passage", passages, "sample-dev"),
    }


def make_sample(check):
    folder = ROOT / "samples/query-sets"
    stale = 0
    for name, made in sample_sets().items():
        path = folder / name
        if check:
            if not path.exists() or path.read_text(encoding="utf-8") != as_text(made):
                print(f"{path.relative_to(ROOT)} is not what tools/make_query_sets.py --sample makes")
                stale = 1
            continue
        folder.mkdir(exist_ok=True)
        path.write_text(as_text(made), encoding="utf-8")
    return stale


def repositories_of(corpus, owner):
    for path in sorted((corpus / owner).glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def description_set(owner, repositories):
    queries = []
    for repository in repositories:
        text = repository.get("description") or ""
        if len(text) >= DESCRIPTION_MIN and "README" not in (repository.get("description_source") or ""):
            queries.append({"kind": "description", "query": text, "relevant": [{"repository": repository["name"]}]})
    texts = [query["query"] for query in queries]
    return query_set(f"{owner}: descriptions", "repository", queries, owner, ["descriptions"], texts)


def strings_below(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings_below(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_below(item)


def skills_of(repository):
    yield from repository.get("topics") or []
    file = (repository.get("files") or {}).get(".repo-context.json") or {}
    try:
        context = json.loads(file.get("text") or "{}")
    except json.JSONDecodeError:
        return
    if isinstance(context, dict):
        for key in SKILL_KEYS:
            yield from strings_below(context.get(key))


def skill_set(owner, repositories):
    bearers = {}
    for repository in repositories:
        for skill in skills_of(repository):
            folded = re.sub(r"\s+", " ", skill.strip())
            if 2 <= len(folded) <= 80:
                bearers.setdefault(folded.casefold(), (folded, []))[1].append(repository["name"])
    queries = []
    for _, (skill, names) in sorted(bearers.items()):
        relevant = [{"repository": name} for name in dict.fromkeys(names)]
        # What most repositories have tells none from another.
        if len(relevant) * 2 <= len(repositories):
            queries.append({"kind": "skill", "query": skill, "relevant": relevant})
    return query_set(f"{owner}: skills and technologies", "repository", queries, owner, ["topics", "contexts"])


def passage_set(program, corpus, owner, seed):
    with tempfile.TemporaryDirectory() as folder:
        simulator = subprocess.Popen([program, "github-sim", "--corpus", str(corpus), "--listen", "127.0.0.1:0",
                                      "--token", f"t={owner}"], stdout=subprocess.PIPE, text=True)
        try:
            line = simulator.stdout.readline()
            url = re.search(r"http://[\d.:]+", line).group(0)
            common = ["--data", f"{folder}/data"]
            subprocess.run([program, "sync", owner, "--github-url", url, *common], check=True,
                           stdout=subprocess.DEVNULL, env={"GITHUB_TOKEN": "t", "PATH": "/usr/bin:/bin",
                                                           "HOME": str(pathlib.Path.home())})
            out = f"{folder}/set.json"
            subprocess.run([program, "eval", owner, "--split-seed", str(seed), "--write", out, *common], check=True)
            return json.loads(pathlib.Path(out).read_text(encoding="utf-8"))
        finally:
            simulator.terminate()
            simulator.wait()


def make_corpus_sets(arguments):
    corpus, out = pathlib.Path(arguments.corpus), pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    for owner in arguments.owners or sorted(path.name for path in corpus.iterdir() if path.is_dir()):
        repositories = list(repositories_of(corpus, owner))
        sets = {"repositories": description_set(owner, repositories), "skills": skill_set(owner, repositories)}
        if pathlib.Path(arguments.program).exists():
            sets["passages"] = passage_set(arguments.program, corpus, owner, arguments.seed)
        else:
            print(f"{owner}: no passages, {arguments.program} is not built", file=sys.stderr)
        for level, made in sets.items():
            if made["queries"]:
                (out / f"{owner}-{level}.json").write_text(as_text(made), encoding="utf-8")
            print(f"{owner} {level}: {len(made['queries'])} queries")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?")
    parser.add_argument("out", nargs="?")
    parser.add_argument("owners", nargs="*")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--program", default=str(ROOT / "build/release/cloudfolio"))
    arguments = parser.parse_args()
    if arguments.sample:
        return make_sample(arguments.check)
    if not arguments.corpus or not arguments.out:
        parser.error("CORPUS and OUT are needed, or --sample")
    return make_corpus_sets(arguments)


if __name__ == "__main__":
    sys.exit(main())
