"""The image's root file system, made without a container runtime: what is in it, and the trainer at work inside it."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ["CLOUDFOLIO_SOURCE_DIR"])
PROGRAM = pathlib.Path(os.environ["CLOUDFOLIO_BUILD_DIR"]) / "cloudfolio"
USER = 65532
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "cloudfolio"
# A network of its own without even a loopback that is up, the root read-only, and nobody's rights.
INSIDE = ('mount --rbind "$0" "$0" && mount -o remount,ro,bind "$0" && mount --bind "$1" "$0/data" && '
          'shift && exec chroot --userspec=%d:%d "$0" /usr/bin/cloudfolio "$@"' % (USER, USER))


def run_inside(root, data, *arguments):
    return subprocess.run(["unshare", "--net", "--mount", "--propagation", "private", "/bin/bash", "-c", INSIDE, root,
                           data, *arguments], capture_output=True, text=True, timeout=300,
                          env={"PATH": os.environ["PATH"], "CLOUDFOLIO_DATA": "/data",
                               "CLOUDFOLIO_BASE_MODEL": "/models/all-MiniLM-L6-v2",
                               "CLOUDFOLIO_TRAINING_MAX_STEPS": "2", "CLOUDFOLIO_LOG_LEVEL": "error"})


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def only_the_program_is_there_to_run(root):
    programs = [path.name for folder in ("usr/bin", "usr/sbin") for path in (root / folder).iterdir()]
    check(programs == ["cloudfolio"], programs)
    owned_by_root = [path for path in (root / "usr").rglob("*") if path.lstat().st_uid != 0]
    check(not owned_by_root, owned_by_root[:3])
    special = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink() and path.lstat().st_mode & 0o6000]
    check(not special, f"set-uid: {special[:3]}")


def every_library_is_there(root):
    # The image's own loader, so that this machine's libraries do not help.
    listed = subprocess.run(["chroot", root, "/lib64/ld-linux-x86-64.so.2", "--list", "/usr/bin/cloudfolio"],
                            capture_output=True, text=True)
    check(listed.returncode == 0 and "not found" not in listed.stdout, listed.stdout + listed.stderr)


def both_targets_run_as_nobody_in_particular(_):
    text = (ROOT / "infra/images/Containerfile").read_text()
    for target in ("service", "trainer"):
        stage = text.split(f"AS {target}\n")[1].split("\nFROM ")[0]
        check(f"USER {USER}:{USER}" in stage and "HEALTHCHECK" in stage, stage)


def the_root_cannot_be_written(root):
    with tempfile.TemporaryDirectory() as data:
        os.chown(data, USER, USER)
        ran = run_inside(root, data, "serve", "--data", "/elsewhere")
        check(ran.returncode != 0 and "/elsewhere" in ran.stderr, ran.stderr)


def the_trainer_trains_without_a_network(root):
    model = CACHE / "models/all-MiniLM-L6-v2"
    with tempfile.TemporaryDirectory() as data:
        github = subprocess.Popen([PROGRAM, "github-sim", "--corpus", ROOT / "samples/portfolio", "--listen",
                                   "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        try:
            url = next(word for word in github.stdout.readline().split() if word.startswith("http://"))
            subprocess.run([PROGRAM, "--data", data, "--log-level", "error", "sync", "sample-dev", "--github-url", url],
                           check=True, stdout=subprocess.DEVNULL, timeout=60,
                           env={**os.environ, "GITHUB_TOKEN": "simulated", "CLOUDFOLIO_TRAINING_ENABLED": "false",
                                "CLOUDFOLIO_BASE_MODEL": "/nonexistent"})
        finally:
            github.terminate()
            github.wait()
        for path in [pathlib.Path(data), *pathlib.Path(data).rglob("*")]:
            os.lchown(path, USER, USER)
        shutil.copytree(model, root / "models/all-MiniLM-L6-v2")
        ran = run_inside(root, data, "train", "sample-dev", "--json")
        check(ran.returncode == 0, ran.stdout + ran.stderr)
        check(json.loads(ran.stdout)["steps"] == 2, ran.stdout)
        foreign = [path for path in pathlib.Path(data).rglob("*") if path.lstat().st_uid != USER]
        check(not foreign, foreign[:3])


TESTS = [only_the_program_is_there_to_run, every_library_is_there, both_targets_run_as_nobody_in_particular,
         the_root_cannot_be_written, the_trainer_trains_without_a_network]


def missing():
    if os.geteuid() != 0:
        return "this needs root, to be another user in another root"
    tried = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, text=True)
    return f"unshare: {tried.stderr.strip()}" if tried.returncode != 0 else None


def main():
    reason = missing()
    if reason:
        print(f"skipped image: {reason}")
        print(f"0 passed, 0 failed, {len(TESTS)} skipped")
        return 0
    failed = skipped = 0
    with tempfile.TemporaryDirectory(prefix="cloudfolio-test-") as folder:
        root = pathlib.Path(folder) / "root"
        made = subprocess.run([sys.executable, ROOT / "tools/make_image.py", "trainer", "--binary", PROGRAM, "--root",
                               root], capture_output=True, text=True)
        if made.returncode == 3:
            print(f"skipped image: {made.stderr.strip()}")
            print(f"0 passed, 0 failed, {len(TESTS)} skipped")
            return 0
        if made.returncode != 0:
            print(f"failed make_image: {made.stderr}\n0 passed, 1 failed, 0 skipped")
            return 1
        for test in TESTS:
            if test is the_trainer_trains_without_a_network and not (CACHE / "models/all-MiniLM-L6-v2").exists():
                print(f"skipped {test.__name__}: the base model is not in {CACHE}/models")
                skipped += 1
                continue
            try:
                test(root)
            except (AssertionError, OSError, subprocess.SubprocessError) as failure:
                failed += 1
                print(f"failed {test.__name__}: {failure}")
    print(f"{len(TESTS) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
