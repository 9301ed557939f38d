#!/usr/bin/env python3
"""The bucket of a tenant for a flag, a second time: what src/flags/bucket.h says, in Python.

    tools/flag_buckets.py FLAG TENANT     its bucket, 0 to 9999
    tools/flag_buckets.py --check         every line of src/flags/testing/buckets.tsv against this
    tools/flag_buckets.py --write         makes that file (it is frozen: a test holds it)

A line is FLAG, FORM, TENANT, HASH, BUCKET with tabs between. Of form `text` the tenant is written with %XX for what is
not visible ASCII (a lone % is the empty text), of form `repeated` it is "COUNT TEXT".
"""
import pathlib
import sys

FILE = pathlib.Path(__file__).resolve().parent.parent / "src/flags/testing/buckets.tsv"
FLAGS = ["ENABLE_ASYNC_MODEL_TRAINING", "ENABLE_GRAPHQL_BATCH_FETCH", "ENABLE_QUOTA_ENFORCEMENT", "f"]
ODD = [b"", b"\0", b"\0\0\0\0", b"a\0b", "jos\u00e9".encode(), "\u00fc".encode(), "\u6771\u4eac".encode(),
       "\U0001f600".encode(), b"\xff\xfe", b"\x1f", b" ", b"%", b"A", b"a", b"-", b"octocat", b"OctoCat"]
MASK = 0xFFFFFFFF


def murmur3_32(data, seed=0):
    def mixed(block):
        block = block * 0xCC9E2D51 & MASK
        return (block << 15 | block >> 17) * 0x1B873593 & MASK

    result = seed
    whole = len(data) - len(data) % 4
    for at in range(0, whole, 4):
        result ^= mixed(int.from_bytes(data[at:at + 4], "little"))
        result = ((result << 13 | result >> 19) & MASK) * 5 + 0xE6546B64 & MASK
    if whole != len(data):
        result ^= mixed(int.from_bytes(data[whole:], "little"))
    result ^= len(data)
    result = (result ^ result >> 16) * 0x85EBCA6B & MASK
    result = (result ^ result >> 13) * 0xC2B2AE35 & MASK
    return result ^ result >> 16


def hash_of(flag, tenant):
    return murmur3_32(flag.encode() + b"\x1f" + tenant)


def bucket(hash32):
    return hash32 * 10_000 >> 32


def text_of(tenant):
    if not tenant:
        return "%"
    return "".join(chr(b) if 0x21 <= b <= 0x7E and b != 0x25 else f"%{b:02X}" for b in tenant)


def tenant_of(form, text):
    if form == "repeated":
        count, _, unit = text.partition(" ")
        return unit.encode() * int(count)
    if text == "%":
        return b""
    out, at = bytearray(), 0
    while at < len(text):
        if text[at] == "%":
            out.append(int(text[at + 1:at + 3], 16))
            at += 3
        else:
            out.append(ord(text[at]))
            at += 1
    return bytes(out)


def lines():
    def line(flag, form, text, tenant):
        value = hash_of(flag, tenant)
        return f"{flag}\t{form}\t{text}\t{value:08x}\t{bucket(value)}\n"

    for flag in FLAGS:
        for tenant in ODD:
            yield line(flag, "text", text_of(tenant), tenant)
        for length in range(1, 34):
            yield line(flag, "repeated", f"{length} x", b"x" * length)
        yield line(flag, "repeated", f"{1 << 17} abcdefgh", b"abcdefgh" * (1 << 17))
    for number in range(10_000):
        tenant = f"tenant-{number}".encode()
        yield line(FLAGS[number % len(FLAGS)], "text", text_of(tenant), tenant)


def check():
    count = wrong = 0
    for line in FILE.read_text().splitlines():
        flag, form, text, value, place = line.split("\t")
        found = hash_of(flag, tenant_of(form, text))
        count += 1
        if f"{found:08x}" != value or str(bucket(found)) != place:
            wrong += 1
            print(f"wrong: {line}: {found:08x} {bucket(found)}")
    print(f"{count - wrong} passed, {wrong} failed, 0 skipped")
    return 1 if wrong or count < 10_000 else 0


def main(arguments):
    if arguments == ["--check"]:
        return check()
    if arguments == ["--write"]:
        FILE.write_text("".join(lines()))
        return 0
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    print(bucket(hash_of(arguments[0], arguments[1].encode())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
