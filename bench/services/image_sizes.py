"""The images' sizes as zstd tars, assembled by tools/make_image.py; nothing where the packages or zstd cannot be had."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NAMES = {"service": "service_image_mb", "trainer": "worker_image_mb"}


def measure(program):
    if not shutil.which("zstd"):
        print("skipped images: zstd is not installed")
        return {}
    figures = {}
    for target, name in NAMES.items():
        with tempfile.TemporaryDirectory(prefix="cloudfolio-bench-") as folder:
            made = subprocess.run([sys.executable, ROOT / "tools/make_image.py", target, "--binary", program, "--root",
                                   f"{folder}/root", "--tar", f"{folder}/{target}.tar.zst"], capture_output=True, text=True)
        if made.returncode == 3:
            print(f"skipped images: {made.stderr.strip()}")
            return {}
        if made.returncode != 0:
            raise SystemExit(made.stderr)
        figures[name] = float(made.stdout)
    return figures
