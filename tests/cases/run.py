#!/usr/bin/env python3
"""The cases: a folder tests/cases/NAME/ is a run of the program with what must come of it; adding
one adds no code. In it:

  args           the command line, one line, split as a shell would; run from the project's root.
                 $CASE is a copy of the folder with each NAME.pcap.txt made the capture NAME.pcap
  exit           the exit code; 0 where this file is absent
  expect.json    objects (a JSON list, or one a line), each of which must be contained in exactly
                 one line of the output, in this order. Contained: each key of ours is there with
                 our value. null means absent or null; {"~": [low, high]} a number between them; a
                 list of objects that each is contained in one of the other's, in order; other
                 lists and values are equal
  absent.json    objects of which none may be contained in any line
  stdout, stderr lines of text, each of which must occur in that output
  stdin          what it reads, or stdin.pcap.txt; nothing where both are absent
  in.*           anything else: captures, folders of them. make.py here makes most of them

NAME.pcap.txt: a frame a line, `TIME LINKTYPE HEX...`, with TIME in seconds or as
2009-04-21T16:00:00.25Z; a line that begins with a blank goes on with the hex of the one before;
`#` begins a comment.

Runs every case with $WORMSIGN (else build/wormsign) and with $WORMSIGN_ASAN where it is set.
Prints `ok NAME` or `not ok NAME: reason`; first come tests of this runner itself. `run.py
NAME...` runs some."""
import datetime
import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import make

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TIMEOUT_SECONDS = 120
SNAPLEN = 262144
KNOWN = {"args", "exit", "expect.json", "absent.json", "stdout", "stderr", "stdin", "README.md"}
KNOWN |= {"stdin.pcap.txt"}


def contains(actual, wanted):
    """Whether wanted, as expect.json writes it, is contained in actual."""
    if isinstance(wanted, dict) and set(wanted) == {"~"}:
        low, high = wanted["~"]
        return (
            isinstance(actual, (int, float))
            and not isinstance(actual, bool)
            and low <= actual <= high
        )
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(
            contains(actual.get(key), wanted[key]) for key in wanted
        )
    if isinstance(wanted, list) and wanted and isinstance(wanted[0], dict):
        return isinstance(actual, list) and contained_in_order(actual, wanted)
    return type(actual) is type(wanted) and actual == wanted


def contained_in_order(actual, wanted):
    rest = iter(actual)
    return all(any(contains(item, each) for item in rest) for each in wanted)


def objects_of(text):
    """The objects of a JSON list, or of JSON Lines."""
    return (
        json.loads(text)
        if text.lstrip().startswith("[")
        else [json.loads(line) for line in text.splitlines() if line.strip()]
    )


def complaints_about(lines, expected, absent):
    """What is wrong with the JSON lines of an output."""
    before = -1
    for wanted in expected:
        where = [number for number, line in enumerate(lines) if contains(line, wanted)]
        if len(where) != 1:
            yield f"{len(where)} lines contain {json.dumps(wanted)}"
        elif where[0] <= before:
            yield f"out of order: {json.dumps(wanted)}"
        else:
            before = where[0]
    for unwanted in absent:
        for line in lines:
            if contains(line, unwanted):
                yield f"{json.dumps(line)} contains {json.dumps(unwanted)}"


def microseconds_of(time):
    if "T" not in time:
        seconds, _, fraction = time.partition(".")
        return int(seconds) * 1000000 + int(fraction[:6].ljust(6, "0"))
    moment = datetime.datetime.fromisoformat(time.replace("Z", "+00:00"))
    return (
        moment - datetime.datetime.fromtimestamp(0, datetime.timezone.utc)
    ) // datetime.timedelta(microseconds=1)


def capture_of(text):
    """A classic pcap, little-endian, microseconds, of the lines of a .pcap.txt."""
    frames = []
    for line in re.sub(r"#.*", "", text).splitlines():
        words = line.split()
        if words and line[0].isspace():
            frames[-1][2] += bytes.fromhex("".join(words))
        elif words:
            frames.append(
                [microseconds_of(words[0]), int(words[1]), bytes.fromhex("".join(words[2:]))]
            )
    if len({linktype for _, linktype, _ in frames}) != 1:
        raise ValueError("the frames of a capture must be of one link type")
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAPLEN, frames[0][1])
    for time, _, frame in frames:
        out += struct.pack("<IIII", time // 1000000, time % 1000000, len(frame), len(frame)) + frame
    return out


def copy_of(case, folder):
    """The case's folder, copied, with its captures made."""
    copy = Path(folder) / "case"
    shutil.copytree(case, copy)
    for text in copy.rglob("*.pcap.txt"):
        text.with_suffix("").write_bytes(capture_of(text.read_text()))
        text.unlink()
    return copy


def complaints_of_run(copy, done, read):
    expected_code = int(read("exit") or 0)
    if done.returncode != expected_code:
        yield f"exits {done.returncode}, not {expected_code}"
    for name, output in (("stdout", done.stdout), ("stderr", done.stderr)):
        for line in (read(name) or "").splitlines():
            if line not in output:
                yield f"{name} lacks: {line}"
    expected, absent = read("expect.json"), read("absent.json")
    if expected or absent:
        try:
            lines = [json.loads(line) for line in done.stdout.splitlines()]
        except ValueError as error:
            yield f"a line of the output is no JSON: {error}"
            return
        yield from complaints_about(lines, objects_of(expected or "[]"), objects_of(absent or "[]"))


def run_case(case, program):
    """What is wrong, as a list of lines; empty if all is right."""
    names = {path.name for path in case.iterdir()}
    unknown = [name for name in names - KNOWN if not name.startswith("in.")]
    if "args" not in names or unknown:
        return [f"no args, or files that mean nothing: {unknown}"]
    if not names & {"exit", "expect.json", "absent.json", "stdout", "stderr"}:
        return ["expects nothing"]
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_of(case, folder)

        def read(name):
            return (copy / name).read_text() if (copy / name).exists() else None

        arguments = [word.replace("$CASE", str(copy)) for word in shlex.split(read("args"))]
        done = subprocess.run(
            [str(program), *arguments],
            cwd=ROOT,
            input=b"".join(path.read_bytes() for path in copy.glob("stdin*")),
            check=False,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
        )
        done.stdout = done.stdout.decode(errors="replace")
        done.stderr = done.stderr.decode(errors="replace")
        found = list(complaints_of_run(copy, done, read))
    if found:
        found += [
            "stdout:",
            *done.stdout.splitlines()[:40],
            "stderr:",
            *done.stderr.splitlines()[:40],
        ]
    return found


# The runner itself, with a program that prints stdin and a file, a word to stderr, and exits.
SELF_PROGRAM = """#!/bin/sh
cat; cat "$1"; echo "$2" >&2; exit "$3"
"""
SELF_OUTPUT = (
    '{"type":"a","n":3,"l":["x"],"o":[{"k":1},{"k":2}],"z":null}\n{"type":"b","n":4.5,"t":true}\n'
)
SELF_RIGHT = {
    "a subset in order": {"expect.json": '{"type":"a","n":3}\n{"type":"b"}\n'},
    "a JSON list": {"expect.json": '[{"type":"a"},\n {"type":"b"}]'},
    "a number between two": {"expect.json": '{"n":{"~":[4,5]}}'},
    "absence by null": {"expect.json": '{"type":"a","z":null,"missing":null}'},
    "objects in a list": {"expect.json": '{"o":[{"k":2}]}'},
    "equal lists": {"expect.json": '{"l":["x"]}'},
    "what must not be": {"absent.json": '{"type":"c"}'},
    "texts": {"stdout": '"n":4.5\n', "stderr": "talk\n"},
    "another exit code": {"args": "$CASE/in.jsonl talk 3", "exit": "3\n"},
    "its input": {"stdin": '{"type":"in"}\n', "expect.json": '{"type":"in"}'},
}
SELF_WRONG = {
    "nothing expected": {},
    "an object that is not there": {"expect.json": '{"type":"c"}'},
    "another value": {"expect.json": '{"type":"a","n":4}'},
    "true for 1": {"expect.json": '{"t":1}'},
    "two lines for one object": {"expect.json": '{"missing":null}'},
    "another order": {"expect.json": '{"type":"b"}\n{"type":"a"}'},
    "one line for two objects": {"expect.json": '{"type":"a"}\n{"n":3}'},
    "a number outside": {"expect.json": '{"type":"b","n":{"~":[5,6]}}'},
    "presence despite null": {"expect.json": '{"type":"b","n":null}'},
    "another order in a list": {"expect.json": '{"o":[{"k":2},{"k":1}]}'},
    "a longer list": {"expect.json": '{"l":["x","y"]}'},
    "what must not be": {"absent.json": '{"type":"b","t":true}'},
    "a text that is not there": {"stderr": "silence\n"},
    "an exit code": {"args": "$CASE/in.jsonl talk 1", "stderr": "talk\n"},
    "output that is no JSON": {"stdin": "words\n", "expect.json": '{"type":"a"}'},
    "a file that means nothing": {"expect.jsn": "{}", "exit": "0"},
}


def self_test():
    """Yields (name, complaints) of the runner's own tests."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program"
        program.write_text(SELF_PROGRAM)
        program.chmod(0o755)
        for word, table in (("allows", SELF_RIGHT), ("catches", SELF_WRONG)):
            for number, (what, files) in enumerate(table.items()):
                case = Path(folder) / f"{word}{number}"
                case.mkdir()
                for name, text in {
                    "args": "$CASE/in.jsonl talk 0",
                    "in.jsonl": SELF_OUTPUT,
                    **files,
                }.items():
                    (case / name).write_text(text)
                found = run_case(case, program)
                caught = [] if found else ["it was not caught"]
                yield f"runner {word} {what}", found if word == "allows" else caught
    made = capture_of("# two frames\n2009-04-21T16:00:00.25Z 1 00 01 # first\n   0203\n1.5 1 ff\n")
    right = bytes.fromhex(
        "d4c3b2a1020004000000000000000000"
        "0000040001000000"
        "80eded49"
        "90d00300"
        "0400000004000000"
        "00010203"
        "0100000020a10700"
        "0100000001000000"
        "ff"
    )
    yield "runner makes captures", [] if made == right else [made.hex()]
    differing = [f"{name} is not what make.py makes" for name in make.differing(write=False)]
    yield "captures are those that make.py makes", differing


def main():
    programs = {"": os.environ.get("WORMSIGN", ROOT / "build/wormsign")}
    if "WORMSIGN_ASAN" in os.environ:
        programs[" asan"] = os.environ["WORMSIGN_ASAN"]
    cases = sorted(path for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__")
    cases = [path for path in cases if not sys.argv[1:] or path.name in sys.argv[1:]]
    results = list(self_test())
    if not cases:
        results.append(("there are cases", ["there is none"]))
    for case in cases:
        for suffix, program in programs.items():
            try:
                results.append((case.name + suffix, run_case(case, program)))
            except (OSError, ValueError, subprocess.TimeoutExpired) as error:
                results.append((case.name + suffix, [str(error)]))
    for name, found in results:
        print(f"not ok {name}: {found[0]}" if found else f"ok {name}")
        for line in found[1:]:
            print(f"  {line}")
    return 1 if any(found for _, found in results) else 0


if __name__ == "__main__":
    sys.exit(main())
