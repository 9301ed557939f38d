"""The checks. Each takes a Tree and returns what is wrong, one sentence a fault; its docstring is its claim."""
import re

import cpp_text
from tree import SECTIONS

FILE_LINES_MAX = 450
FUNCTION_LINES_MAX = 70
ROOM_README_LINES_MAX = 60
CPP = (".cc", ".h")
# Backends are named by roles/ alone.
BACKENDS = {"storage/embedded", "storage/azure", "durable/embedded", "durable/grpc"}
HEAVY = re.compile(r"#include <(boost/(?:asio|beast)|sqlite3\.h|curl/|oneapi/|openssl/|zip\.h)")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)
BANNED_FOLDERS = {"utils", "util", "common", "core", "helpers", "misc", "shared"}
AWAIT_SHAPE = re.compile(r"co_await[^;]*([(,]\s*[\w:]*\s*\{|\[[^\]]*[\w=][^\]]*\]\s*[({])")
# Captures by reference only are destroyed trivially: correct on GCC 12.
REFERENCE_LAMBDA = re.compile(r"\[(?:&\w*(?:,\s*&\w+)*)\]\s*(?:\([^)]*\))?[^{;]*\{")
AWAITS_ON_PURPOSE = {"src/runtime/coroutine_rules_test.cc"}  # One test a form, right and wrong.
# Written so that this file does not find itself.
MACHINE_PATHS = re.compile(r"(?<![\w.~}])/(?:wor" r"k|roo" r"t|hom" r"e/\w+|tmp/bash_job" r"s)\b(?!-)")
REGISTRIES = re.compile(r"pypi\.or" r"g|pythonhoste" r"d|registry\.npmj" r"s|deb\.debia" r"n|proxy\.golan" r"g")
SECRETS = re.compile(r"gh[pousr]_[A-Za-z0-9]{30}|github_pat_[A-Za-z0-9_]{30}|AKIA[0-9A-Z]{16}|"
                     r"BEGIN (?:RSA |EC )?PRIVATE KE" r"Y")


def every_room_has_a_readme_of_one_page_with_its_five_sections(tree):
    for room in tree.rooms:
        path = f"src/{room.folder}/README.md"
        if path not in tree.paths:
            yield f"{path} is missing"
            continue
        headings = re.findall(r"^## (.+)$", tree.text(path), re.M)
        if headings != SECTIONS:
            yield f"{path} has the sections {headings}, not {SECTIONS}"
        if tree.text(path).count("\n") > ROOM_README_LINES_MAX:
            yield f"{path} is longer than a page ({ROOM_README_LINES_MAX} lines)"


def files_that_a_rooms_readme_names_exist(tree):
    named = re.compile(r"(?<![\w*/{}.-])([\w./-]+\.(?:h|cc|py|sh|json|cpp|js|mjs|inc|md))\b")
    for room in tree.rooms:
        path = f"src/{room.folder}/README.md"
        if path not in tree.paths:
            continue
        for name in named.findall(tree.text(path)):
            places = [f"src/{room.folder}/{name}", f"src/{name}", name]
            if name.startswith("."):
                continue  # A file of somebody's repository, such as .repo-context.json.
            if name in ("README.md", "SKILLS-INDEX.md", "ARCHITECTURE.md", "tokenizer.json", "modules.json"):
                continue
            if any(f"/{name}>" in tree.text(p) or f"<{name}>" in tree.text(p)
                   for p in tree.matching(*CPP, under=f"src/{room.folder}/")):
                continue  # A library's header.
            if not any(tree.exists(place) for place in places):
                yield f"{path} names {name}, which does not exist"


def no_file_is_too_long(tree):
    for path in tree.matching(*CPP, ".py", ".sh") + [p for p in tree.paths if p == "dev"]:
        lines = tree.text(path).count("\n")
        if lines > FILE_LINES_MAX:
            yield f"{path} has {lines} lines, more than {FILE_LINES_MAX}: look for the second noun"


def no_function_is_too_long(tree):
    for path in tree.matching(*CPP):
        for first, last in cpp_text.functions(tree.text(path)):
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield f"{path}:{first} has a function of {last - first + 1} lines, more than {FUNCTION_LINES_MAX}"


def rooms_include_only_what_they_declare(tree):
    for path in tree.matching(*CPP, under="src/"):
        room = tree.room_of(path)
        if room is None:
            continue
        allowed = {room.name, *room.get("DEPS")}
        if is_test_only(path, room):
            allowed |= {*room.get("TEST_DEPS")}
            allowed |= {re.sub(r"^cf(::|_)|_testing$", "", lib).replace("_", "/") for lib in room.get("TEST_LIBS")}
            allowed |= {re.sub(r"^cf(::|_)|_testing$", "", lib) for lib in room.get("TEST_LIBS")}
        for include in INCLUDE.findall(tree.text(path)):
            other = tree.room_of("src/" + include)
            if other is not None and other.name not in allowed:
                yield f"{path} includes {include}, but room {room.name} does not declare {other.name}"


def is_test_only(path, room):
    inside = path[len(f"src/{room.folder}/"):]
    return path.endswith("_test.cc") or inside.startswith("testing/") or inside in room.get("SUPPORT")


def only_roles_name_a_backend(tree):
    for room in tree.rooms:
        for backend in BACKENDS & set(room.get("DEPS")):
            if room.name not in ("roles", "main"):
                yield f"room {room.name} depends on the backend {backend}; only roles/ may"


def heavy_libraries_stay_out_of_the_headers_that_other_rooms_include(tree):
    heavy = {path for path in tree.matching(".h", under="src/") if HEAVY.search(tree.text(path))}
    for path in tree.matching(*CPP, under="src/"):
        room = tree.room_of(path)
        for include in INCLUDE.findall(tree.text(path)):
            header = "src/" + include
            if header in heavy and room is not None and tree.room_of(header) is not room:
                yield f"{path} includes {include}, which drags in a library of another room"


def internal_headers_stay_in_their_room(tree):
    for path in tree.matching(*CPP, under="src/"):
        for include in INCLUDE.findall(tree.text(path)):
            if "/internal/" in include and tree.room_of(path) is not tree.room_of("src/" + include):
                yield f"{path} includes {include}, which is internal to another room"


def every_source_is_listed_in_its_rooms_cmake_file(tree):
    for path in tree.matching(".cc", under="src/"):
        room = tree.room_of(path)
        if room is None:
            yield f"{path} belongs to no room"
            continue
        listing = tree.text(f"src/{room.folder}/CMakeLists.txt")
        if not re.search(rf"(?<![\w/.-]){re.escape(path[len(f'src/{room.folder}/'):])}(?![\w.-])", listing):
            yield f"{path} is not listed in src/{room.folder}/CMakeLists.txt"
    for path in tree.matching("CMakeLists.txt", ".cmake"):
        if re.search(r"file\(\s*GLOB", tree.text(path)):
            yield f"{path} lists files by a pattern; name them"


def nothing_awaits_beside_a_temporary(tree):
    for path in tree.matching(*CPP):
        code = cpp_text.blanked(tree.text(path))
        if "co_await" not in code or path in AWAITS_ON_PURPOSE:
            continue
        at = 0
        for statement in code.split(";"):
            # A block that opens before the await belongs to another statement.
            last = statement[statement.rfind("co_await"):] if "co_await" in statement else ""
            if last and AWAIT_SHAPE.search(REFERENCE_LAMBDA.sub(";", last) + ";"):
                line = code.count("\n", 0, at + statement.rfind("co_await")) + 1
                yield f"{path}:{line} awaits beside a braced or capturing temporary, which GCC 12 destroys twice: name it first"
            at += len(statement) + 1


def a_todo_says_its_kind(tree):
    untyped = re.compile(r"\b(?:TOD" r"O\b(?!\()|FIXM" r"E\b|XX" r"X\b)")
    for path in tree.matching(*CPP, ".py", ".sh", ".cmake", "CMakeLists.txt"):
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if untyped.search(line):
                yield f"{path}:{number} leaves work without saying its kind: TOD" "O(kind): what and when it matters"


def every_folder_and_type_has_a_noun(tree):
    for path in tree.paths:
        for folder in path.split("/")[:-1]:
            if folder in BANNED_FOLDERS and not path.startswith("samples/"):
                yield f"{path} stands in a folder named {folder}: find its noun"
    for path in tree.matching(*CPP, under="src/"):
        if re.search(r"(^|/)(utils?|common|helpers?|misc)\.(h|cc)$", path):
            yield f"{path}: find its noun"
        for kind, name in re.findall(r"^\s*(class|struct) (\w+(?:Manager|Helper|Util|Impl))\b", tree.text(path), re.M):
            yield f"{path} names a {kind} {name}: find the verb it does and make that the noun"


def is_for_tests(path):
    return path.endswith("_test.cc") or "/testing/" in path


def time_chance_and_environment_are_passed_in(tree):
    rules = [(re.compile(r"\bgetenv\s*\("), "reads the environment", ("src/main/",)),
             (re.compile(r"\bthread_local\b"), "has a thread-local", ()),
             (re.compile(r"\bsleep_for\b|\bsleep_until\b|\busleep\s*\("), "sleeps", ()),
             (re.compile(r"\bstd::random_device\b|\bs?rand\s*\("), "takes chance from outside", ("src/base/",)),
             (re.compile(r"\b(?:system|steady)_clock::now\s*\("), "reads a clock", ("src/base/",))]
    for path in tree.matching(*CPP, under="src/"):
        code = cpp_text.blanked(tree.text(path))
        for pattern, what, places in rules:
            for match in pattern.finditer(code):
                line = code.count("\n", 0, match.start()) + 1
                excused = "tidy:" in "\n".join(tree.text(path).splitlines()[max(0, line - 3):line])
                if not path.startswith(tuple(places) or ("\0",)) and not excused and not is_for_tests(path):
                    yield f"{path}:{line} {what}; pass it in, or say why not in a comment 'tidy: reason'"


def nothing_names_this_machine_or_a_registry(tree):
    for path in tree.paths:
        if path.endswith((".png", ".ico", ".woff2", ".bin", ".gz", ".zip", ".safetensors")):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            for pattern, what in ((MACHINE_PATHS, "a path of one machine"), (REGISTRIES, "a registry's host")):
                if pattern.search(line) and not path.startswith("samples/"):
                    yield f"{path}:{number} names {what}: {line.strip()[:80]}"


def there_are_no_secrets(tree):
    for path in tree.paths:
        found = SECRETS.search(tree.text(path))
        if found:
            yield f"{path} holds what looks like a secret: {found.group(0)[:12]}…"


ALL = [check for name, check in list(globals().items())
       if callable(check) and getattr(check, "__module__", "") == __name__ and not name.startswith("is_")]
