"""The repository as the checks see it: its files, and the rooms that src/*/CMakeLists.txt declare."""
import pathlib
import re
import subprocess

ROOM_CALL = re.compile(r"cloudfolio_room\(([^)]*)\)")
KEYWORDS = {"NAME", "LAYER", "DEPS", "LIBS", "SOURCES", "TESTS", "TEST_DEPS", "TEST_LIBS", "SUPPORT", "LABELS"}
SECTIONS = ["Why it is its own room", "What belongs here, and what does not", "Read in this order",
            "Invariants", "How it is tested"]


class Room:
    """One cloudfolio_room() call. `words` are its arguments by keyword."""

    def __init__(self, folder, words):
        self.folder = folder
        self.words = words
        self.name = (words.get("NAME") or ["?"])[0]

    def get(self, keyword):
        return self.words.get(keyword, [])


class Tree:
    """Files by their path from the root. Only what git tracks or would track."""

    def __init__(self, root, paths=None):
        self.root = pathlib.Path(root)
        self.paths = sorted(paths if paths is not None else tracked(self.root))
        self._texts = {}
        self.rooms = self._read_rooms()

    def text(self, path):
        if path not in self._texts:
            self._texts[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self._texts[path]

    def matching(self, *suffixes, under=""):
        return [p for p in self.paths if p.endswith(suffixes) and p.startswith(under)]

    def exists(self, path):
        return (self.root / path).exists()

    def room_of(self, path):
        """The room whose folder holds this file (the longest that matches), or None."""
        inside = [room for room in self.rooms if path.startswith(f"src/{room.folder}/")]
        return max(inside, key=lambda room: len(room.folder), default=None)

    def _read_rooms(self):
        rooms = []
        for path in self.matching("CMakeLists.txt", under="src/"):
            folder = path[len("src/"):-len("/CMakeLists.txt")]
            for call in ROOM_CALL.findall(re.sub(r"#.*", "", self.text(path))):
                words, current = {}, None
                for word in call.split():
                    if word in KEYWORDS:
                        current = words.setdefault(word, [])
                    elif current is not None:
                        current.append(word)
                rooms.append(Room(folder, words))
        return rooms


def tracked(root):
    """What git tracks or would track; in an unpacked archive, everything but build/."""
    run = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True)
    if run.returncode == 0:
        paths = run.stdout.decode().split("\0")
    else:
        paths = [str(path.relative_to(root)) for path in root.rglob("*")]
    return [path for path in paths if path and not path.startswith((".git/", "build/")) and (root / path).is_file()]
