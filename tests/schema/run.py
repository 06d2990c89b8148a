#!/usr/bin/env python3
"""Holds every line that `hunt --json` prints over the samples and the cases against docs/json.md.

The validator is tested first, by lines that are wrong. Prints `ok NAME` or `not ok NAME: reason`."""
import copy
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cases"))
import run as cases  # the runner of the cases, which makes their captures
from schema import Schema

PROGRAMS = {"": os.environ.get("WORMSIGN", ROOT / "build" / "wormsign")}
if "WORMSIGN_ASAN" in os.environ:
    PROGRAMS["asan "] = os.environ["WORMSIGN_ASAN"]

SIGN = {
    "sign": "p2p-ports",
    "weight": "statistical",
    "false_alarm_log10": -12.5,
    "count": 5,
    "of": 6,
    "first": "2009-04-21T16:44:11.000000Z",
    "says": "5 of 6.",
    "facts": {"met": ["192.0.2.1:4000/udp"]},
}
HOST = {
    "type": "host",
    "schema": 1,
    "host": "10.0.0.5",
    "home": True,
    "site": None,
    "names": [],
    "verdict": "infected",
    "variants": ["D", "E"],
    "marks": ["relay"],
    "weight": 9.3,
    "day": "2009-04-21",
    "says": "It is infected.",
    "signs": [SIGN],
}
SUMMARY = {
    "type": "summary",
    "schema": 1,
    "verb": "hunt",
    "complete": False,
    "hosts": {
        "infected": 1,
        "suspicious": 0,
        "clean": 0,
        "unknown": 0,
        "outside_infected": 0,
        "seen": 2,
    },
    "inputs": [{"name": "-", "records": 0, "bytes": 0, "damage": [{"offset": 0, "reason": "x"}]}],
    "limits_hit": [],
    "expected_false_hosts": 1e-9,
    "seconds": 1,
}
WRONG = {  # where, and the value that is put there; None: taken away
    "a field that is missing": (("verdict",), None),
    "a field that is not on the page": (("colour",), "red"),
    "a word that does not exist": (("verdict",), "sick"),
    "true for 1": (("schema",), True),
    "another schema": (("schema",), 2),
    "a number for a text": (("says",), 5),
    "a control byte": (("says",), "a\x1b[2J"),
    "a time without microseconds": (("signs", 0, "first"), "2009-04-21T16:44:11Z"),
    "a date that is a time": (("day",), "2009-04-21T16:44:11.000000Z"),
    "an address that is a name": (("host",), "ward3-pc"),
    "a fraction for a count": (("signs", 0, "count"), 5.5),
    "a count below 0": (("signs", 0, "of"), -1),
    "a variant that does not exist": (("variants", 0), "F"),
    "a mark that does not exist": (("marks", 0), "tall"),
    "a fact that is not on the page": (("signs", 0, "facts", "size"), 5),
    "a text for a list": (("signs", 0, "facts", "met"), "192.0.2.1"),
    "null for a list": (("names",), None),
}


def output_of(*objects):
    return "".join(json.dumps(each) + "\n" for each in objects)


def changed(path, value):
    host = copy.deepcopy(HOST)
    place = host
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return host


def self_test(schema):
    yield "validator allows what is right", schema.complaints_of_output(output_of(HOST, SUMMARY))
    outputs = {what: output_of(changed(*how), SUMMARY) for what, how in WRONG.items()}
    outputs["another order"] = output_of({"schema": 1, **HOST}, SUMMARY)
    outputs["a summary that is not last"] = output_of(SUMMARY, HOST)
    outputs["a second summary"] = output_of(SUMMARY, SUMMARY)
    outputs["no summary"] = output_of(HOST)
    outputs["an unknown type"] = output_of({"type": "guest", "schema": 1}, SUMMARY)
    outputs["a line without end"] = output_of(HOST, SUMMARY)[:-1]
    outputs["half a line"] = output_of(HOST)[:50] + "\n" + output_of(SUMMARY)
    for what, output in outputs.items():
        found = list(schema.complaints_of_output(output))
        yield f"validator catches {what}", [] if found else ["it was not caught"]


def hunts(folder):
    """{name: (files, input)}: every capture of the cases, and the samples."""
    found = {path.name: [path] for path in (ROOT / "samples").glob("*.pcap*")}
    for case in sorted(path for path in cases.HERE.glob("hunt-*") if path.is_dir()):
        below = Path(folder) / case.name
        below.mkdir()
        made = cases.copy_of(case, below)
        files = [
            p
            for p in sorted(made.rglob("*"))
            if p.is_file() and (".pcap" in p.name or p.name.startswith("in."))
        ]
        if files:
            found[case.name] = files
    return found


def check_hunt(schema, program, files, options=()):
    done = subprocess.run(
        [str(program), "hunt", "--json", *options, *map(str, files)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    if done.returncode not in (0, 1, 3, 4):
        yield f"exits {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}"
        return
    try:
        output = done.stdout.decode()
    except UnicodeDecodeError as error:
        yield f"the output is no UTF-8: {error}"
        return
    yield from schema.complaints_of_output(output)


def main():
    schema, failed = Schema(), 0
    results = [(name, list(found)) for name, found in self_test(schema)]
    with tempfile.TemporaryDirectory() as folder:
        for name, files in hunts(folder).items():
            for before, program in PROGRAMS.items():
                results.append((before + name, list(check_hunt(schema, program, files))))
        odd = ("--site", "a\x1b[2J\u202e\\", "--home", "203.0.113.0/24", "--sampling", "9")
        sample = [ROOT / "samples" / "outbreak.pcap.gz", Path(folder) / "no\nsuch\x07file"]
        for before, program in PROGRAMS.items():
            found = list(check_hunt(schema, program, sample, odd))
            results.append((before + "all options and a missing file", found))
    for name, found in results:
        failed += bool(found)
        print(f"not ok {name}: {found[0]}" if found else f"ok {name}")
        for line in found[1:10]:
            print(f"  {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
