"""Checks of the pages and of what surrounds the sources. As in checks.py, each returns what is wrong."""
import json
import re
import shutil
import subprocess

LISTING_LINE = re.compile(r"^([\w./-]+)(?:\s{2,}\S.*)?$")


class Skipped(Exception):
    """A check that cannot be made here; says what is missing."""


def the_readme_opens_with_the_two_commands(tree):
    blocks = re.findall(r"^```\w*\n(.*?)^```", tree.text("README.md"), re.M | re.S)
    for number, wanted in enumerate(["./dev demo", "./dev test"]):
        if len(blocks) <= number or blocks[number].strip() != wanted:
            yield f"README.md: code block {number + 1} is not '{wanted}'"
    if "./dev test" not in tree.text(".ci/run"):
        yield ".ci/run does not call the test command of README.md"


def directory_listings_are_true(tree):
    """A code block that begins with a folder lists paths, two spaces, and what they are."""
    for page in ("README.md", "ARCHITECTURE.md"):
        for block in re.findall(r"^```\w*\n(.*?)^```", tree.text(page), re.M | re.S):
            if not re.match(r"[\w.-]+/", block):
                continue
            for line in block.splitlines():
                name = LISTING_LINE.match(line.strip())
                if name and not tree.exists(name.group(1)):
                    yield f"{page} lists {name.group(1)}, which does not exist"


def the_map_shows_every_room(tree):
    text = tree.text("ARCHITECTURE.md")
    for room in tree.rooms:
        if not re.search(rf"^\| `{re.escape(room.name)}` \| {room.get('LAYER')[0]} \|", text, re.M):
            yield f"ARCHITECTURE.md has no line for room {room.name} with layer {room.get('LAYER')[0]}"


def links_between_pages_lead_somewhere(tree):
    for page in tree.matching(".md"):
        if page.startswith("samples/src/"):
            continue
        folder = (tree.root / page).parent
        text = re.sub(r"^```.*?^```", "", tree.text(page), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if not target.startswith(("http://", "https://", "mailto:")) and not (folder / target).exists():
                yield f"{page} links to {target}, which does not exist"


def decisions_have_context_choice_and_consequence(tree):
    for page in tree.matching(".md", under="docs/decisions/"):
        if page.endswith("/README.md"):
            continue
        headings = re.findall(r"^## (.+)$", tree.text(page), re.M)
        if headings != ["Context", "Choice", "Consequence"]:
            yield f"{page} has the sections {headings}, not Context, Choice, Consequence"
        if not re.search(r"^\d{4}-\d\d-\d\d$", tree.text(page), re.M):
            yield f"{page} has no date"


def every_command_and_option_is_documented(tree):
    page = tree.text("docs/operating/cli.md")
    source = tree.text("src/main/arguments.cc")
    for command in re.findall(r'add(?:_subcommand)?\((?:app, )?"([a-z-]+)"', source):
        if not re.search(rf"\b{re.escape(command)}\b", page):
            yield f"docs/operating/cli.md does not name the command {command}"
    for option in sorted(set(re.findall(r'"(--[a-z-]+)"', source))):
        if option not in page:
            yield f"docs/operating/cli.md does not name the option {option}"


def tests_that_pages_name_exist(tree):
    """`room: a_test_as_a_sentence`, `room: SuiteOrType` and `room: file.cc` in the pages that show their claims so."""
    pages = [page for page in ("docs/MULTI-TENANT-DESIGN.md", "docs/services/pitfalls.md") if tree.exists(page)]
    sources = "\n".join(tree.text(path) for path in tree.matching(".cc", ".h")) if pages else ""
    known = set(re.findall(r"\bTEST(?:_[FP])?\(\s*\w+,\s*(\w+)", sources))
    for page in pages:
        for name in re.findall(r"`(?:[a-z/]+: )?([a-z0-9]+(?:_[a-z0-9]+){3,})`", tree.text(page)):
            if name not in known:
                yield f"{page} names the test {name}, which does not exist"


def the_keda_manifest_suits_a_trainer(tree):
    """What scales elsewhere must ask for our queue, end no running work, and start workers that end by themselves."""
    path = "infra/keda/model-training-scaledjob.yaml"
    if not tree.exists(path):
        return
    manifest = re.sub(r"\s*#.*", "", tree.text(path))
    found = re.search(r'kTrainingQueue = "([\w-]+)"|kTrainingQueue\[\] = "([\w-]+)"', tree.text("src/roles/remote_work.h"))
    queue = next((name for name in found.groups() if name), "") if found else "(src/roles/remote_work.h names no queue)"
    for wanted in (f"queueName: {queue}", 'queueLength: "1"', "minReplicaCount: 0", "strategy: gradual",
                   "strategy: default", "restartPolicy: Never", "backoffLimit: 0", "runAsNonRoot: true",
                   'command: ["/usr/bin/cloudfolio", "serve", "--role", "trainer", "--once"]'):
        if not re.search(rf"^\s*(- )?{re.escape(wanted)}$", manifest, re.M):
            yield f"{path} lacks '{wanted}'"
    if '"--once"' not in tree.text("src/main/arguments.cc"):
        yield f"{path} uses --once, which serve does not have"


def sources_are_formatted(tree):
    if not shutil.which("clang-format-14"):
        raise Skipped("clang-format-14 is not installed")
    paths = tree.matching(".cc", ".h")
    run = subprocess.run(["xargs", "-0", "-P", "2", "-n", "40", "clang-format-14", "--dry-run", "-Werror"],
                         input="\0".join(paths).encode(), cwd=tree.root, capture_output=True)
    for path in sorted(set(re.findall(r"^([^:\n]+):\d+:\d+: error", run.stderr.decode(), re.M))):
        yield f"{path} is not formatted: clang-format-14 -i {path}"


def the_sample_portfolio_agrees_with_its_sources(tree):
    run = subprocess.run(["python3", "tools/make_sample_portfolio.py", "--check"], cwd=tree.root,
                         capture_output=True, text=True)
    yield from run.stdout.splitlines()
    if run.returncode and not run.stdout:
        yield f"tools/make_sample_portfolio.py failed: {run.stderr[-200:]}"


def the_sample_query_sets_agree_with_the_queries(tree):
    run = subprocess.run(["python3", "tools/make_query_sets.py", "--sample", "--check"], cwd=tree.root,
                         capture_output=True, text=True)
    yield from run.stdout.splitlines()
    if run.returncode and not run.stdout:
        yield f"tools/make_query_sets.py failed: {run.stderr[-200:]}"


def the_sample_queries_name_what_exists(tree):
    for entry in json.loads(tree.text("samples/queries.json")):
        folder = f"samples/src/{entry['repository']}"
        if not tree.exists(folder):
            yield f"'{entry['query']}' expects {entry['repository']}, which is not in the sample"
        elif entry["heading"]:
            headings = re.findall(r"^#+ (.+)$", tree.text(f"{folder}/{entry['path']}"), re.M)
            if entry["heading"] not in headings:
                yield f"'{entry['query']}' expects the heading '{entry['heading']}', which is not in {entry['path']}"


def shell_scripts_parse(tree):
    for path in tree.matching(".sh") + ["dev", ".ci/run"]:
        run = subprocess.run(["bash", "-n", path], cwd=tree.root, capture_output=True, text=True)
        if run.returncode:
            yield f"{path}: {run.stderr.strip()}"


ALL = [check for name, check in list(globals().items())
       if callable(check) and getattr(check, "__module__", "") == __name__ and name != "Skipped"]
