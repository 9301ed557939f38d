#!/usr/bin/env python3
"""Builds samples/portfolio/ from samples/src/.

Each folder of samples/src is one repository: `repository.json` says what GitHub would say of it (and
lists the files whose text nobody needs, with their sizes), the other files are its documents. The
result is the corpus format that `cloudfolio github-sim` serves; samples/README.md describes both.

    tools/make_sample_portfolio.py            write samples/portfolio/
    tools/make_sample_portfolio.py --check    say what differs, and exit 1 if anything does

Object ids are git's own: a document hashes to its blob id, a listed file to the blob id of its path
repeated to its size, and every tree to the id that git would give it.
"""
import argparse
import hashlib
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OWNER = "sample-dev"
DOCUMENTS = ["README.md", "SKILLS-INDEX.md", "ARCHITECTURE.md", ".repo-context.json"]
AUTHOR = "Sample Developer <sample-dev@example.org>"

# Languages by extension or by file name. Prose and data do not count.
LANGUAGES = {
    ".c": "C", ".h": "C", ".cpp": "C++", ".py": "Python", ".ipynb": "Jupyter Notebook", ".rs": "Rust",
    ".fish": "Shell", ".sh": "Shell", ".zsh": "Shell", ".ts": "TypeScript", ".tsx": "TypeScript",
    ".js": "JavaScript", ".css": "CSS", ".html": "HTML", ".tf": "HCL", ".j2": "Jinja",
    ".rego": "Open Policy Agent", ".lua": "Lua", ".glsl": "GLSL", ".rb": "Ruby", ".gemspec": "Ruby",
    ".kt": "Kotlin", ".kts": "Kotlin", ".go": "Go", ".hs": "Haskell", ".ex": "Elixir", ".exs": "Elixir",
    ".scad": "OpenSCAD",
}
NAMED_LANGUAGES = {
    "Makefile": "Makefile", "Dockerfile": "Dockerfile", "Rakefile": "Ruby", "Gemfile": "Ruby",
    ".zshrc": "Shell", "install.sh": "Shell", "wifi-menu": "Shell",
}
# Headers count as C++ where the repository holds C++ sources.
EXECUTABLE = {".sh"}


def git_id(kind, body):
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(body)) + body).hexdigest()


def filler(path, size):
    line = (path + "\n").encode()
    return (line * (size // len(line) + 1))[:size]


def make_entries(blobs):
    """The entries of the tree as git lists it recursively, and the id of the root tree."""
    root = {}
    for path, (mode, oid, size) in blobs.items():
        folder = root
        *parents, name = path.split("/")
        for parent in parents:
            folder = folder.setdefault(parent, {})
        folder[name] = (mode, oid, size)

    entries = []

    def write(folder, prefix):
        body = b""
        # Git sorts a folder as if its name ended in a slash.
        for name in sorted(folder, key=lambda n: (n + "/" if isinstance(folder[n], dict) else n).encode()):
            path = prefix + name
            if isinstance(folder[name], dict):
                place = len(entries)
                entries.append(None)
                oid = write(folder[name], path + "/")
                entries[place] = {"path": path, "mode": "040000", "type": "tree", "oid": oid, "size": None}
                body += b"40000 " + name.encode() + b"\0" + bytes.fromhex(oid)
            else:
                mode, oid, size = folder[name]
                entries.append({"path": path, "mode": mode, "type": "blob", "oid": oid, "size": size})
                body += mode.encode() + b" " + name.encode() + b"\0" + bytes.fromhex(oid)
        return git_id("tree", body)

    root_oid = write(root, "")
    return entries, root_oid


def languages_of(blobs):
    paths = [pathlib.PurePosixPath(path) for path in blobs]
    has_cpp = any(path.suffix == ".cpp" for path in paths)
    counts = {}
    for path in paths:
        language = NAMED_LANGUAGES.get(path.name) or LANGUAGES.get(path.suffix)
        if language == "C" and has_cpp:
            language = "C++"
        if language:
            counts[language] = counts.get(language, 0) + blobs[str(path)][2]
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def seconds_of(time_text):
    import datetime
    moment = datetime.datetime.strptime(time_text, "%Y-%m-%dT%H:%M:%SZ")
    return int(moment.replace(tzinfo=datetime.timezone.utc).timestamp())


def make_repository(folder):
    facts = json.loads((folder / "repository.json").read_text(encoding="utf-8"))
    files = {}
    blobs = {}
    for name in DOCUMENTS:
        source = folder / name
        if not source.exists():
            files[name] = None
            continue
        body = source.read_bytes()
        oid = git_id("blob", body)
        files[name] = {"path": name, "oid": oid, "size": len(body), "text": body.decode("utf-8")}
        blobs[name] = ("100644", oid, len(body))
    for path, size in facts["tree"].items():
        mode = "100755" if pathlib.PurePosixPath(path).suffix in EXECUTABLE else "100644"
        blobs[path] = (mode, git_id("blob", filler(path, size)), size)

    head_oid = head_tree_oid = None
    entries = []
    if not facts.get("is_empty"):
        entries, head_tree_oid = make_entries(blobs)
        stamp = f"{AUTHOR} {seconds_of(facts['pushed_at'])} +0000"
        commit = f"tree {head_tree_oid}\nauthor {stamp}\ncommitter {stamp}\n\nSample commit\n"
        head_oid = git_id("commit", commit.encode())
    return {
        "owner": OWNER,
        "name": folder.name,
        "default_branch": facts["default_branch"],
        "head_oid": head_oid,
        "head_tree_oid": head_tree_oid,
        "pushed_at": facts["pushed_at"],
        "created_at": facts["created_at"],
        "commit_count": facts["commit_count"],
        "description": facts["description"],
        "description_source": "samples/src" if facts["description"] else None,
        "topics": facts["topics"],
        "license": facts["license"],
        "license_source": "samples/src" if facts["license"] else None,
        "is_fork": facts.get("is_fork", False),
        "is_archived": facts.get("is_archived", False),
        "languages": languages_of(blobs),
        "tree_total": len(entries),
        "tree_truncated": False,
        "tree": entries,
        "files": files,
    }


def context_validity(document):
    if document is None:
        return None
    try:
        json.loads(document["text"])
        return True
    except ValueError:
        return False


def index_line(repository, text):
    files = repository["files"]
    readme = files["README.md"]
    return {
        "owner": OWNER,
        "name": repository["name"],
        "path": f"{OWNER}/{repository['name']}.json",
        "pushed_at": repository["pushed_at"],
        "created_at": repository["created_at"],
        "default_branch": repository["default_branch"],
        "head_oid": repository["head_oid"],
        "bytes": len(text.encode()),
        "has_description": repository["description"] is not None,
        "description_source": repository["description_source"],
        "has_readme": readme is not None,
        "readme_path": readme["path"] if readme else None,
        "readme_bytes": readme["size"] if readme else 0,
        "has_context": files[".repo-context.json"] is not None,
        "context_valid_json": context_validity(files[".repo-context.json"]),
        "has_skills_index": files["SKILLS-INDEX.md"] is not None,
        "has_architecture": files["ARCHITECTURE.md"] is not None,
        "topics": len(repository["topics"]),
        "license": repository["license"],
        "primary_language": next(iter(repository["languages"]), None),
        "tree_entries": len(repository["tree"]),
        "tree_total": repository["tree_total"],
        "tree_truncated": False,
        "blobs_without_size": 0,
    }


def as_text(value):
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def make_portfolio():
    """Every file of samples/portfolio, by its path within it."""
    made = {}
    index = []
    folders = sorted(path for path in (ROOT / "samples/src").iterdir() if path.is_dir())
    for folder in folders:
        repository = make_repository(folder)
        text = as_text(repository)
        made[f"{OWNER}/{folder.name}.json"] = text
        index.append(index_line(repository, text))
    made["index.json"] = as_text(index)
    return made


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--check", action="store_true", help="compare instead of writing")
    check = options.parse_args().check
    target = ROOT / "samples/portfolio"
    made = make_portfolio()
    present = {str(path.relative_to(target)) for path in target.rglob("*.json")}
    differing = sorted(present - made.keys())
    for path, text in made.items():
        file = target / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            differing.append(path)
            if not check:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
    if not check:
        for path in present - made.keys():
            (target / path).unlink()
        print(f"{len(made) - 1} repositories, {len(differing)} files changed")
        return 0
    for path in differing:
        print(f"samples/portfolio/{path} differs from samples/src: run tools/make_sample_portfolio.py")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
