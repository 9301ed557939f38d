#!/usr/bin/env python3
"""Each check finds the fault that it is for, planted in a small tree, and passes a tree without one."""
import pathlib
import tempfile
import sys
import unittest

import checks
import cpp_text
import pages
from tree import SECTIONS, Tree

README = "# {0}\n\n" + "\n".join(f"## {section}\nText.\n" for section in SECTIONS)
SOUND = {
    "src/base/CMakeLists.txt": "cloudfolio_room(NAME base LAYER 0\n  SOURCES error.cc)\n",
    "src/base/README.md": README.format("base"),
    "src/base/error.h": "#pragma once\nint code();\n",
    "src/base/error.cc": '#include "base/error.h"\nint code() { return 1; }\n',
    "src/storage/CMakeLists.txt": "cloudfolio_room(NAME storage LAYER 2 DEPS base\n  SOURCES blob.cc)\n",
    "src/storage/README.md": README.format("storage"),
    "src/storage/blob.h": '#pragma once\n#include "base/error.h"\n',
    "src/storage/blob.cc": '#include "storage/blob.h"\n',
    "src/storage/embedded/CMakeLists.txt":
        "cloudfolio_room(NAME storage/embedded LAYER 3 DEPS base storage\n  SOURCES open.cc)\n",
    "src/storage/embedded/README.md": README.format("storage/embedded"),
    "src/storage/embedded/open.cc": '#include "storage/blob.h"\n',
    "README.md": "# It\n\n```sh\n./dev demo\n```\n\n```sh\n./dev test\n```\n\n```\nsrc/  the rooms\n```\n",
    "ARCHITECTURE.md": "| `base` | 0 | x |\n| `storage` | 2 | x |\n| `storage/embedded` | 3 | x |\n",
    ".ci/run": "exec ./dev test\n",
}


def faults(check, changes):
    """What `check` finds in the sound tree with these files added or replaced."""
    files = {**SOUND, **changes}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return list(check(Tree(root, list(files))))


# Check, the fault's files, a word of the sentence that must be said.
FAULTS = [
    (checks.every_room_has_a_readme_of_one_page_with_its_five_sections,
     {"src/base/README.md": "# base\n\n## Invariants\n"}, "sections"),
    (checks.files_that_a_rooms_readme_names_exist,
     {"src/base/README.md": README.format("base") + "gone.h → error.h\n"}, "gone.h"),
    (checks.no_file_is_too_long, {"src/base/error.cc": "int x;\n" * 451}, "451 lines"),
    (checks.no_function_is_too_long,
     {"src/base/error.cc": "namespace a {\nint f(int a,\n      int b) {\n" + "  g();\n" * 70 + "}\n}\n"}, ":2 has"),
    (checks.rooms_include_only_what_they_declare,
     {"src/base/error.cc": '#include "storage/blob.h"\n'}, "does not declare storage"),
    (checks.rooms_include_only_what_they_declare,
     {"src/storage/embedded/open.h": "", "src/storage/blob.cc": '#include "storage/embedded/open.h"\n'},
     "does not declare storage/embedded"),
    (checks.only_roles_name_a_backend,
     {"src/sync/CMakeLists.txt": "cloudfolio_room(NAME sync LAYER 5 DEPS base storage/embedded)\n"}, "room sync"),
    (checks.heavy_libraries_stay_out_of_the_headers_that_other_rooms_include,
     {"src/base/error.h": "#include <boost/asio.hpp>\n"}, "drags in"),
    (checks.internal_headers_stay_in_their_room,
     {"src/base/internal/x.h": "", "src/storage/blob.cc": '#include "base/internal/x.h"\n'}, "internal"),
    (checks.every_source_is_listed_in_its_rooms_cmake_file, {"src/base/other.cc": ""}, "not listed"),
    (checks.every_source_is_listed_in_its_rooms_cmake_file,
     {"src/base/CMakeLists.txt": "file(GLOB sources *.cc)\ncloudfolio_room(NAME base LAYER 0 SOURCES error.cc)\n"},
     "by a pattern"),
    (checks.nothing_awaits_beside_a_temporary,
     {"src/base/error.cc": "Task f() { co_await put(key, Options{.ttl = t}); }\n"}, "name it first"),
    (checks.nothing_awaits_beside_a_temporary,
     {"src/base/error.cc": "Task f() { co_await run([m = n] { return m; }); }\n"}, "name it first"),
    (checks.a_todo_says_its_kind, {"src/base/error.cc": "// TOD" "O later\n"}, "kind"),
    (checks.every_folder_and_type_has_a_noun, {"src/utils/x.txt": ""}, "utils"),
    (checks.every_folder_and_type_has_a_noun, {"src/base/error.h": "class BlobManager {};\n"}, "BlobManager"),
    (checks.time_chance_and_environment_are_passed_in,
     {"src/storage/blob.cc": 'auto x = std::getenv("A");\n'}, "environment"),
    (checks.time_chance_and_environment_are_passed_in,
     {"src/storage/blob.cc": "void f() { std::this_thread::sleep_for(1s); }\n"}, "sleeps"),
    (checks.nothing_names_this_machine_or_a_registry, {"src/base/error.cc": "// see /roo" "t/x\n"}, "one machine"),
    (checks.nothing_names_this_machine_or_a_registry, {"tools/x.sh": "curl https://pypi.or" "g/x\n"}, "registry"),
    (checks.there_are_no_secrets, {"tools/x.sh": "TOKEN=gh" "p_" + "a1" * 18 + "\n"}, "secret"),
    (pages.the_readme_opens_with_the_two_commands, {"README.md": "```\nmake\n```\n"}, "./dev demo"),
    (pages.the_readme_opens_with_the_two_commands, {".ci/run": "make test\n"}, ".ci/run"),
    (pages.directory_listings_are_true,
     {"README.md": SOUND["README.md"] + "\n```\nlib/  nothing\n```\n"}, "lib/"),
    (pages.the_map_shows_every_room, {"ARCHITECTURE.md": "| `base` | 0 | x |\n"}, "storage"),
    (pages.links_between_pages_lead_somewhere, {"docs/a.md": "[b](b.md)\n"}, "b.md"),
    (pages.tests_that_pages_name_exist,
     {"docs/MULTI-TENANT-DESIGN.md": "`storage: a_test_that_nobody_wrote`\n"}, "a_test_that_nobody_wrote"),
    (pages.the_keda_manifest_suits_a_trainer,
     {"infra/keda/model-training-scaledjob.yaml": "queueName: other\n", "src/main/arguments.cc": '"--once"',
      "src/roles/remote_work.h": 'kTrainingQueue = "model-training-queue";\n'}, "model-training-queue"),
    (pages.decisions_have_context_choice_and_consequence, {"docs/decisions/x.md": "# X\n\n## Choice\n"}, "sections"),
]


class Checks(unittest.TestCase):
    def test_a_sound_tree_passes_every_check_that_reads_only_files(self):
        for check in {check for check, _, _ in FAULTS}:
            with self.subTest(check.__name__):
                self.assertEqual(faults(check, {}), [])

    def test_each_planted_fault_is_found(self):
        for check, changes, word in FAULTS:
            with self.subTest(check.__name__, word=word):
                found = faults(check, changes)
                self.assertTrue(any(word in fault for fault in found), found)

    def test_correct_awaits_are_left_alone(self):
        for statement in ("co_await put(key, std::move(options));", "while (co_await next(a)) { x(); }",
                          "if (auto r = co_await f(names[0]); !r) { return; }", "co_await f([&n] { return n; });"):
            source = "Task f() { " + statement + " }\n"
            with self.subTest(statement):
                self.assertEqual(faults(checks.nothing_awaits_beside_a_temporary, {"src/base/error.cc": source}), [])

    def test_functions_are_found_by_their_braces(self):
        text = 'struct A {\n  A() : x_{1} {\n    // }\n    f("}");\n  }\n  int x_;\n};\nnamespace b {\nvoid g() {\n}\n}\n'
        self.assertEqual([last for _, last in cpp_text.functions(text)][-2:], [5, 10])


if __name__ == "__main__":
    result = unittest.TextTestRunner(sys.stdout).run(unittest.defaultTestLoader.loadTestsFromTestCase(Checks))
    bad = len(result.failures) + len(result.errors)
    print(f"{max(0, result.testsRun - bad)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(1 if bad else 0)
