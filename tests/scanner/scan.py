"""Looks for what visitors wrote in every file of a directory, in every encoding it can think of.

It shares no code with the product and needs nothing but Python's standard library. README.md has the story.

    scan.py markers                                  > markers.json
    scan.py plant   markers.json URL FORM            fills a form in with the markers, like a visitor
    scan.py take    markers.json DATABASE RECORD     adds the sealed bytes and wrapped keys of a record, while they are there
    scan.py find    markers.json PATH...             looks for them: 0 nothing found, 1 found, 2 could not look everywhere
    scan.py control                                  plants everything everywhere and looks whether it is found
"""

import argparse
import base64
import bz2
import codecs
import hashlib
import html
import json
import lzma
import os
import re
import secrets
import sqlite3
import stat
import sys
import tempfile
import urllib.parse
import uuid
import zlib

import visitor

CHUNK = 1 << 20
OVERLAP = 1 << 10
MOST_UNPACKED = 1 << 26
FOUND, BLIND = 1, 2

# what every byte string lies in that is text and no shorter than eight letters: nearly all of them, and little of a file
LETTERS = re.compile(rb"[ -~]{8,}")
# what letters of two or four bytes look like, wherever they begin
WIDE = re.compile(rb"(?:[ -~]\0{1,3}){7}")


# --- markers ---------------------------------------------------------------------------------------------------------


def markers():
    """Random texts that occur nowhere by chance. Every value holds the stem; a telephone number holds the digits."""
    alphabet = "bcdfghjklmnpqrstvwxz23456789"
    stem = "".join(secrets.choice(alphabet) for _ in range(16))
    digits = "".join(secrets.choice("123456789") for _ in range(14))
    return {"stem": stem, "digits": digits, "binary": {}}


def values(made):
    """What to write into a field of each kind: the marker among the letters that break things."""
    stem = made["stem"]
    return {
        "name": f"Zoë {stem} O'Brien",
        "email": f"{stem}@example.org",
        "postal_address": f"{stem} Straße 1\n12345 Köln",
        "phone": f"+{made['digits']}",
        "free_text": f"=cmd|' {stem} '<script>{stem}</script>\"\\ \u202e\U0001f511\n{stem * 40}",
        "other": f"{stem} & \u00df",
    }


# --- encodings -------------------------------------------------------------------------------------------------------


def base64_cores(data, encode):
    """The letters of base64 that depend on these bytes alone, for each place they can have in a longer text."""
    for before in range(3):
        letters = encode(b"\0" * before + data).rstrip(b"=")
        whole = (before + len(data)) * 8 // 6
        yield letters[-(-before * 8 // 6) : whole]


def base32_cores(data):
    for before in range(5):
        letters = base64.b32encode(b"\0" * before + data).rstrip(b"=")
        whole = (before + len(data)) * 8 // 5
        yield letters[-(-before * 8 // 5) : whole]


def spellings(text):
    """One text as it may have been written by those who fold case or read backwards."""
    yield "as it is", text
    for name, other in [("upper", text.upper()), ("lower", text.lower()), ("capitalised", text.capitalize())]:
        yield name, other
    yield "reversed", text[::-1]
    yield "reversed upper", text[::-1].upper()


def escapes(text):
    """Every letter written as something else."""
    each = [ord(letter) for letter in text]
    yield "JSON", "".join(f"\\u{code:04x}" for code in each)
    yield "JSON upper", "".join(f"\\u{code:04X}" for code in each)
    yield "Rust", "".join(f"\\u{{{code:x}}}" for code in each)
    yield "URL", "".join(f"%{code:02x}" for code in each)
    yield "URL upper", "".join(f"%{code:02X}" for code in each)
    yield "backslash x", "".join(f"\\x{code:02x}" for code in each)
    yield "octal", "".join(f"\\{code:03o}" for code in each)
    yield "octal twice escaped", "".join(f"\\\\{code:03o}" for code in each)
    yield "HTML", "".join(f"&#{code};" for code in each)
    yield "HTML x", "".join(f"&#x{code:x};" for code in each)
    yield "HTML X", "".join(f"&#x{code:X};" for code in each)
    yield "quoted-printable", "".join(f"={code:02X}" for code in each)
    yield "bytes in decimal", ", ".join(str(code) for code in each)
    yield "bytes in decimal, dense", ",".join(str(code) for code in each)
    yield "bytes in hexadecimal", ", ".join(f"0x{code:02x}" for code in each)
    yield "hexadecimal with blanks", " ".join(f"{code:02x}" for code in each)
    yield "hexadecimal with colons", ":".join(f"{code:02X}" for code in each)


def encodings(text):
    """All byte strings that betray a text, by the name of the encoding."""
    for spelling, written in spellings(text):
        for charset in ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]:
            data, name = written.encode(charset), f"{spelling}, {charset}"
            yield name, data
            yield f"{name}, hexadecimal", data.hex().encode()
            yield f"{name}, hexadecimal upper", data.hex().upper().encode()
            for encode, kind in [(base64.b64encode, "base64"), (base64.urlsafe_b64encode, "base64url")]:
                for place, core in enumerate(base64_cores(data, encode)):
                    yield f"{name}, {kind} at {place}", core
            if charset == "utf-8":
                for place, core in enumerate(base32_cores(data)):
                    yield f"{name}, base32 at {place}", core
                    yield f"{name}, base32 lower at {place}", core.lower()
        for name, escaped in escapes(written):
            yield f"{spelling}, {name}", escaped.encode()
    yield "rot13", codecs.encode(text, "rot13").encode()


def fragments(text, width):
    """Pieces: an LZ compressor puts a control byte after every eight letters (PostgreSQL's pglz)."""
    for at in range(len(text) - width + 1):
        yield f"piece {at}", text[at : at + width].encode()


def digests(text):
    """What a register of the erased would hold: hashes that anybody can compute of what they guess."""
    for name in ["md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b"]:
        digest = hashlib.new(name, text.encode()).digest()
        yield f"{name}", digest[:16]
        yield f"{name}, hexadecimal", digest[:16].hex().encode()
        yield f"{name}, base64", base64.b64encode(digest)[:20]


def windows(data, width=16, most=8):
    """Pieces of sealed bytes; a freed cell loses its first four bytes to the database, so one piece is not enough.

    What is short is a tag with the record beside it, which says something only as a whole.
    """
    if len(data) < 2 * width:
        yield 0, data
        return
    last = max(len(data) - width, 0)
    for index in range(most):
        at = last * index // max(most - 1, 1)
        yield at, data[at : at + width]


def patterns(made):
    """What to look for: byte strings with what they are."""
    wanted = {}

    def want(needle, name):
        if len(needle) >= 8:
            wanted.setdefault(needle, name)

    for label, text in [("stem", made["stem"]), ("digits", made["digits"])]:
        for name, needle in encodings(text):
            want(needle, f"{label}: {name}")
        if label == "stem":
            for name, needle in fragments(text, 8):
                want(needle, f"{label}: {name}")
    for kind, value in values(made).items():
        for spelling in {value, value.lower(), value.strip("+")}:
            for name, needle in digests(spelling):
                want(needle, f"{kind}: {name}")
    for label, hexadecimal in made["binary"].items():
        for at, piece in windows(bytes.fromhex(hexadecimal)):
            want(piece, f"{label} at {at}")
            want(piece.hex().encode(), f"{label} at {at}, hexadecimal")
            want(piece.hex().upper().encode(), f"{label} at {at}, hexadecimal upper")
            for place, core in enumerate(base64_cores(piece, base64.b64encode)):
                want(core, f"{label} at {at}, base64 at {place}")
    return wanted


# --- looking ---------------------------------------------------------------------------------------------------------


class Search:
    def __init__(self, made, wanted=lambda name: True):
        self.wanted = [(needle, name) for needle, name in patterns(made).items() if wanted(name)]
        # what is a text, what is one in wide letters, and the rest
        self.letters, self.wide, self.other = [], [], []
        for needle, name in self.wanted:
            if BESIDE not in name and LETTERS.fullmatch(needle):
                self.letters.append((needle, name))
            elif BESIDE not in name and WIDE.search(needle):
                self.wide.append((needle, name))
            else:
                self.other.append((needle, name))
        self.hits, self.blind, self.files, self.bytes = [], [], 0, 0

    def path(self, path):
        """A file, or everything below a directory. What is not a file or directory is named, never opened."""
        self.data(os.fsencode(os.path.basename(path)), f"{path}: its name")
        try:
            kind = os.lstat(path).st_mode
            if stat.S_ISLNK(kind):
                self.data(os.fsencode(os.readlink(path)), f"{path}: its target")
            elif stat.S_ISDIR(kind):
                for name in sorted(os.listdir(path)):
                    self.path(os.path.join(path, name))
            elif stat.S_ISREG(kind):
                self.file(path)
        except FileNotFoundError:
            pass  # gone while we were looking
        except OSError as error:
            self.blind.append(f"{path}: {error.strerror}")

    def file(self, path):
        self.files += 1
        with open(path, "rb") as opened:
            before, start = b"", 0
            while chunk := opened.read(CHUNK):
                self.bytes += len(chunk)
                window = before + chunk
                if window.count(0) < len(window):
                    self.data(window, path, start - len(before))
                    self.packed(window, path, start - len(before), opened)
                before, start = window[-OVERLAP:], start + len(chunk)

    def data(self, data, where, start=0):
        letters = b"\n".join(LETTERS.findall(data))
        likely = [(needle, name) for needle, name in self.letters if needle in letters]
        likely += self.wide if WIDE.search(data) else []
        for needle, name in likely + self.other:
            if name.endswith(TAG_AS_IT_IS) and not of_its_database(where, name):
                continue
            at = data.find(needle)
            while at >= 0 and BESIDE in name and begins_with_the_record(data, at):
                at = data.find(needle, at + 1)
            if at >= 0:
                self.hits.append((where, start + at, name))

    def packed(self, window, path, start, opened):
        """Compressed streams: each place that looks like the head of one is unpacked from there."""
        heads = [
            (b"\x1f\x8b\x08", lambda: zlib.decompressobj(31), 0),
            (b"\x78\x01", lambda: zlib.decompressobj(15), 0),
            (b"\x78\x5e", lambda: zlib.decompressobj(15), 0),
            (b"\x78\x9c", lambda: zlib.decompressobj(15), 0),
            (b"\x78\xda", lambda: zlib.decompressobj(15), 0),
            (b"BZh", bz2.BZ2Decompressor, 0),
            (b"\xfd7zXZ\0", lzma.LZMADecompressor, 0),
            (b"PK\x03\x04", lambda: zlib.decompressobj(-15), 30),
        ]
        resume = opened.tell()
        for magic, unpacker, head in heads:
            at = window.find(magic)
            while at >= 0:
                skip = head
                if head and len(window) >= at + head:
                    skip += int.from_bytes(window[at + 26 : at + 28], "little")
                    skip += int.from_bytes(window[at + 28 : at + 30], "little")
                opened.seek(start + at + skip)
                unpacked = unpack(unpacker(), opened)
                if len(unpacked) >= 8:
                    self.data(unpacked, f"{path}: packed at {start + at}")
                at = window.find(magic, at + 1)
        opened.seek(resume)

    def report(self):
        seen = set()
        for where, at, name in self.hits:
            if (where, name) not in seen:
                seen.add((where, name))
                print(f"FOUND {where} at {at}: {name}")
        for problem in self.blind:
            print(f"NOT READ {problem}")
        print(f"{len(self.wanted)} byte strings, {self.files} files, {self.bytes} bytes: {len(seen)} found")
        return FOUND if seen else BLIND if self.blind or not self.files else 0


def unpack(unpacker, opened):
    """As much as there is, up to a bound; a stream that is no stream gives nothing."""
    unpacked, fed = b"", 0
    try:
        while not unpacker.eof and len(unpacked) < MOST_UNPACKED and fed < MOST_UNPACKED:
            piece = opened.read(CHUNK if fed else 4096)
            if not piece:
                break
            fed += len(piece)
            unpacked += unpacker.decompress(piece, MOST_UNPACKED)
    except (zlib.error, lzma.LZMAError, OSError, EOFError):
        pass
    return unpacked


# --- what was sealed -------------------------------------------------------------------------------------------------

# what is said of a tag, which is looked for together with the record beside it
BESIDE = ", with its record"
# such a tag in the bytes of a row; written in hexadecimal or base64 it could not be anything else, and is looked for everywhere
TAG_AS_IT_IS = f"{BESIDE} at 0"
# the type of sixteen bytes in the header of a row of SQLite
BLOB_OF_16 = 2 * 16 + 12


def take(database, record, only=()):
    """The blobs of all rows, of some tables or all of an SQLite database, that name a record: its ciphertext, its keys."""
    record = uuid.UUID(record)
    names = [record.bytes, str(record), record.hex]
    taken = {}
    opened = sqlite3.connect(f"file:{urllib.parse.quote(database)}?mode=ro", uri=True)
    tables = [row[0] for row in opened.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    tables = [table for table in tables if table in only or not only]
    for table in tables:
        rows = opened.execute(f'SELECT * FROM "{table}"')
        columns = [column[0] for column in rows.description]
        for number, row in enumerate(rows):
            if not any(value in names for value in row):
                continue
            for column, value in zip(columns, row):
                if isinstance(value, bytes) and value not in names and len(value) >= 16:
                    taken[f"{os.path.basename(database)} {table}.{column} {number}"] = value.hex()
            # a tag is short; together with the record beside it, as the row is written, it is not (0 and 1 take no byte)
            for column, value, beside in zip(columns, row, row[1:]):
                if isinstance(value, int) and integer(value) and beside == record.bytes:
                    name = f"{os.path.basename(database)} {table}.{column} {number}{BESIDE}"
                    taken[name] = (integer(value) + beside).hex()
    opened.close()
    return taken


def of_its_database(where, name):
    """Whether a file belongs to the database that a tag was taken from. A tag may have one byte, and in other databases the
    record stands behind all kinds of columns: the last byte of a day, or of the name of a state, would pass for a tag."""
    return os.path.basename(where).startswith(name.split(" ", 1)[0])


def begins_with_the_record(data, at):
    """Whether the byte at `at` ends the header of a row whose first value is the record that follows. A type of a column is
    a small number like a tag is; a row that has the tag begins with it."""
    return any(data[at - before : at - before + 2] == bytes([before + 1, BLOB_OF_16]) for before in range(2, min(at, 20) + 1))


def integer(value):
    """An integer as SQLite writes it in a row: big-endian in 1, 2, 3, 4, 6 or 8 bytes; 0 and 1 in none."""
    if value in (0, 1):
        return b""
    for size in [1, 2, 3, 4, 6, 8]:
        if -(1 << (8 * size - 1)) <= value < 1 << (8 * size - 1):
            return value.to_bytes(size, "big", signed=True)
    raise ValueError(f"{value} is no integer of SQLite")


# --- the control -----------------------------------------------------------------------------------------------------


def control():
    """Plants each byte string in a file of its own, and some where they are harder to see; each must be found."""
    made = markers()
    made["binary"]["sealed"] = secrets.token_bytes(100).hex()
    noise, missed = secrets.token_bytes(997), []

    def expect(name, data, file_name="file"):
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, file_name), "wb") as file:
                file.write(data)
            search = Search(made)
            search.path(directory)
            if not search.hits:
                missed.append(name)

    planted = patterns(made)
    for needle, name in planted.items():
        expect(name, noise + needle + noise)
    text = "\n".join(values(made).values())
    utf8, stem = text.encode(), made["stem"].encode()
    expect("across two chunks", b"\0" * (CHUNK - 7) + stem + noise)
    expect("far inside", secrets.token_bytes(3 * CHUNK) + stem + noise)
    expect("zlib", noise + zlib.compress(utf8) + noise)
    expect("gzip", noise + zlib.compress(utf8, wbits=31) + noise)
    expect("bzip2", noise + bz2.compress(utf8) + noise)
    expect("xz", noise + lzma.compress(utf8) + noise)
    expect("pglz", b"".join(stem[at : at + 8] + b"\0" for at in range(0, len(stem), 8)))
    expect("JSON", json.dumps(text).encode())
    expect("URL", urllib.parse.quote(text).encode())
    expect("HTML", html.escape(text).encode())
    expect("a name of a file", b"nothing", made["stem"])
    sealed = bytes.fromhex(made["binary"]["sealed"])
    expect("a freed cell", b"\0\0\0\0" + sealed[4:])
    record = secrets.token_bytes(16)
    made["binary"][f"keys.db tag{BESIDE}"] = (b"\x06" + record).hex()
    expect("a tag", noise + b"\x03\x01\x2c\x06" + record + noise, "keys.db")
    expect("a freed tag", noise + b"\0\0\0\0\x06" + record + noise, "keys.db-wal")
    expect("a tag in hexadecimal", noise + b"06" + record.hex().encode() + noise)
    with tempfile.TemporaryDirectory() as directory:
        with open(os.path.join(directory, "keys.db"), "wb") as file:
            file.write(noise + b"\x03\x2c\x06" + record + noise + b"\x07\x2c\x4c\x1f\x06\x09\x06" + record)
        with open(os.path.join(directory, "other.db"), "wb") as file:
            file.write(noise + b"\x03\x01\x2c\x06" + record)
        search = Search(made)
        search.path(directory)
        if search.hits:
            missed.append("a row that has the record without its tag")
    with tempfile.TemporaryDirectory() as directory:
        with open(os.path.join(directory, "file"), "wb") as file:
            file.write(secrets.token_bytes(8 * CHUNK) + b"the quick brown fox, example.org, " * 10_000)
        search = Search(made)
        search.path(directory)
        if search.hits:
            missed.append("found where nothing is")
    for name in missed:
        print(f"MISSED {name}")
    print(f"{len(planted)} byte strings and 15 hiding places: {len(missed)} missed")
    return 1 if missed or len(planted) < 300 else 0


# --- the command -----------------------------------------------------------------------------------------------------


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write(path, made):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(made, file, indent=2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("markers")
    commands.add_parser("control")
    for name, more in [("plant", ["url", "form"]), ("take", ["database", "record"])]:
        command = commands.add_parser(name)
        for argument in ["markers", *more]:
            command.add_argument(argument)
        if name == "take":
            command.add_argument("table", nargs="*", help="the tables that hold what is sealed; all of them if none is named")
    find = commands.add_parser("find")
    find.add_argument("--only", choices=["texts", "binary"], help="the visitor's words alone, or the sealed bytes alone")
    find.add_argument("markers")
    find.add_argument("path", nargs="+")
    given = parser.parse_args()
    if given.command == "markers":
        print(json.dumps(markers(), indent=2))
        return 0
    if given.command == "control":
        return control()
    made = read(given.markers)
    if given.command == "plant":
        print(json.dumps(visitor.send(given.url, given.form, values(made))))
        return 0
    if given.command == "take":
        taken = take(given.database, given.record, given.table)
        made["binary"].update(taken)
        write(given.markers, made)
        print(json.dumps(sorted(taken)))
        return 0
    texts = ("stem:", "digits:", *(f"{kind}:" for kind in values(made)))
    search = Search(made, lambda name: not given.only or name.startswith(texts) == (given.only == "texts"))
    for path in given.path:
        if not os.path.lexists(path):
            search.blind.append(f"{path}: not there")
        search.path(path)
    return search.report()


if __name__ == "__main__":
    sys.exit(main())
