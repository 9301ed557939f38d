#!/usr/bin/env python3
"""Assembles an image's root file system without a container runtime: packages, the program, one user.

    tools/make_image.py trainer --binary build/release/cloudfolio --root DIR [--tar FILE.tar.zst]

The packages of infra/images/packages.txt are downloaded with apt-get and extracted; none of their scripts runs. With
--tar the root is packed too, and the size in MB is printed. Exit code 3: the packages cannot be had.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
USER = 65532
# Nothing that runs reads these.
LEFT_OUT = ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian", "usr/share/bug",
            "usr/share/perl5", "usr/share/sgml", "usr/lib/x86_64-linux-gnu/gconv",
            "usr/share/zoneinfo/right", "usr/share/zoneinfo/posix", "usr/share/apport", "usr/share/gdb", "etc/ldap"]


def packages():
    lines = (ROOT / "infra/images/packages.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def download(cache):
    """The .deb files, kept in `cache` for the next image."""
    cache.mkdir(parents=True, exist_ok=True)
    missing = [name for name in packages() if not list(cache.glob(f"{name}_*.deb"))]
    if missing:
        # As root, apt would drop to a user that may not write here.
        fetched = subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "-q", "download", *missing], cwd=cache,
                                 capture_output=True, text=True)
        if fetched.returncode != 0:
            print(f"the packages cannot be had: {fetched.stderr.strip()[-300:]}", file=sys.stderr)
            sys.exit(3)
    return [next(iter(sorted(cache.glob(f"{name}_*.deb")))) for name in packages()]


def write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def add_files_of_our_own(root):
    write(root / "etc/passwd", f"root:x:0:0:root:/:/none\ncloudfolio:x:{USER}:{USER}:cloudfolio:/data:/none\n")
    write(root / "etc/group", f"root:x:0:\ncloudfolio:x:{USER}:\n")
    write(root / "etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
    # What ca-certificates' script would make.
    authorities = sorted((root / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    write(root / "etc/ssl/certs/ca-certificates.crt", "".join(file.read_text() for file in authorities))
    for folder in ("data", "models", "tmp"):
        (root / folder).mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    if os.geteuid() == 0:
        os.chown(root / "data", USER, USER)


def assemble(root, binary, cache):
    if root.exists():
        sys.exit(f"{root} exists already; name a folder that does not")
    archives = download(cache)
    root.mkdir(parents=True)
    # As Debian's merged /usr has it, before anything is extracted.
    for folder in ("bin", "lib", "lib64", "sbin"):
        (root / "usr" / folder).mkdir(parents=True)
        (root / folder).symlink_to(f"usr/{folder}")
    for archive in archives:
        content = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], check=True, capture_output=True).stdout
        subprocess.run(["tar", "--extract", "--keep-directory-symlink", "--no-same-owner", "--directory", root],
                       input=content, check=True)
    for name in LEFT_OUT:
        shutil.rmtree(root / name, ignore_errors=True)
    # Without scripts nobody runs them; only the program is in /usr/bin.
    for folder in ("usr/bin", "usr/sbin"):
        shutil.rmtree(root / folder)
        (root / folder).mkdir()
    add_files_of_our_own(root)
    subprocess.run(["strip", "--strip-all", "-o", root / "usr/bin/cloudfolio", binary], check=True)
    (root / "usr/bin/cloudfolio").chmod(0o755)


def pack(root, archive):
    subprocess.run(["tar", "--zstd", "--sort=name", "--mtime=@0", "--numeric-owner", "-cf", archive, "-C", root, "."],
                   check=True, env={**os.environ, "ZSTD_CLEVEL": "19", "ZSTD_NBTHREADS": "2"})
    return archive.stat().st_size / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=["service", "trainer"])
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--tar", type=pathlib.Path)
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "cloudfolio/packages"
    parser.add_argument("--packages", type=pathlib.Path, default=cache)
    given = parser.parse_args()
    assemble(given.root, given.binary, given.packages)
    if given.tar:
        print(f"{pack(given.root, given.tar):.1f}")


if __name__ == "__main__":
    main()
