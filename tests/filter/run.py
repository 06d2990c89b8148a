#!/usr/bin/env python3
"""The filter language from outside: `wormsign flows ARCHIVE - EXPRESSION` prints the records of
expressions.tsv and says what stands in errors.tsv; and a ra of Argus 3 says of each expression what
the table says it does.

Runs with $WORMSIGN (else build/wormsign). ra is from Debian's argus-client; without it, or with one
of another version, its tests are skipped. Prints `ok NAME`, `not ok NAME: reason` or
`skip NAME: reason`."""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
SAMPLES = ROOT / "samples" / "argus"
PROGRAM = os.environ.get("WORMSIGN", str(ROOT / "build" / "wormsign"))
TIMEOUT_SECONDS = 60
FIELDS = "stime,ltime,proto,saddr,sport,daddr,dport,spkts,dpkts,sbytes,dbytes,seq"
AGREES_MIN = 50  # a table that ra is hardly asked about says nothing
MESSAGE_WORDS = re.compile(r"\bman\b")  # flows prints records of management where asked for


def rows(name):
    lines = (HERE / name).read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)


def ours(archive, *words):
    return run(PROGRAM, "flows", "-n", "-u", "-p", "6", "-c", "|", "-s", FIELDS, str(archive), "-", *words)


def ra(archive, *words):
    return run("ra", "-n", "-u", "-p", "6", "-L", "-1", "-c", "|", "-s", FIELDS, "-r", str(archive), *words)


class Numbered:
    """The records of an archive as a program prints them, and which of them a filter leaves."""

    def __init__(self, everything):
        self.lines = everything.stdout.splitlines()

    def numbers(self, printed):
        found, at = [], 0
        for line in printed.stdout.splitlines():
            at = self.lines.index(line, at) + 1
            found.append(at)
        return found


def spelt_out(ranges):
    if ranges == "none":
        return []
    found = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def check_ours():
    archives, wrong = {}, []
    for expression, archive, records, _ in rows("expressions.tsv"):
        if archive not in archives:
            archives[archive] = Numbered(ours(SAMPLES / archive, "man or not man"))
        all_lines = archives[archive]
        management = [n for n, line in enumerate(all_lines.lines, 1) if line.split("|")[2] == "man"]
        wanted = spelt_out(records)
        if not MESSAGE_WORDS.search(expression):
            wanted = [n for n in wanted if n not in management]
        answer = ours(SAMPLES / archive, expression)
        got = all_lines.numbers(answer)
        if answer.returncode != 0 or got != wanted:
            wrong.append(f"{expression} of {archive}: {got}, not {wanted} {answer.stderr.strip()}")
    return wrong


def check_errors():
    wrong = []
    for expression, message in rows("errors.tsv"):
        answer = ours(SAMPLES / "v3/mixed.argus", expression)
        if answer.returncode != 2 or message not in answer.stderr or answer.stdout != "":
            wrong.append(f"{expression}: exit {answer.returncode}, {answer.stderr.strip()!r}")
    return wrong


def check_words_may_be_many():
    archive = SAMPLES / "v3/mixed.argus"
    one, many = ours(archive, "tcp and not port 139"), ours(archive, "tcp", "and", "not", "port", "139")
    same = one.returncode == many.returncode == 0 and one.stdout == many.stdout != ""
    return [] if same else [f"{many.stdout!r} is not {one.stdout!r}"]


def hunted(path, *words):
    """({address: its signs}, the summary, the exit code) of a filtered hunt."""
    done = run(PROGRAM, "hunt", "-q", "--json", str(path), "-", *words)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    signs = {line["host"]: sorted(sign["sign"] for sign in line["signs"])
             for line in lines if line["type"] == "host"}
    return signs, lines[-1] if lines else {}, done.returncode


def check_hunt():
    """What a filter leaves out is not looked at; a capture is not asked what packets do not tell."""
    capture, wrong = ROOT / "samples" / "outbreak.pcap.gz", []
    everything = hunted(capture, "ip")[0]
    one = hunted(capture, "host", "10.9.3.33")[0]
    if one.get("10.9.3.33") != everything["10.9.3.33"] or "10.9.2.22" in one:
        wrong.append(f"host 10.9.3.33 leaves {one}")
    smb = hunted(capture, "tcp and dst port 445")[0]
    kinds = {sign for signs in smb.values() for sign in signs}
    if "exploit" not in kinds or not kinds <= {"exploit", "smb-sweep", "sweep-pattern", "callback"}:
        wrong.append(f"tcp and dst port 445 leaves {kinds}")
    signs, summary, code = hunted(capture, "pkts gt 2")
    reason = summary["inputs"][0]["damage"][0]["reason"]
    if signs or code != 3 or "'pkts' asks of a whole flow" not in reason:
        wrong.append(f"pkts of a capture: {code}, {reason}, {signs}")
    archive = SAMPLES / "v3" / "scan445.argus"
    some, none = hunted(archive, "pkts gt 0")[0], hunted(archive, "pkts gt 1000000")[0]
    if not some or none:
        wrong.append(f"pkts of an archive: {some}, {none}")
    said = run(PROGRAM, "hunt", "-q", str(capture), "-", "port", "53").stdout
    if "Looked at: nothing but what the filter lets through: port 53\n" not in said:
        wrong.append(f"the text does not tell the filter: {said[-600:]}")
    return wrong


def verdict_of_ra(all_lines, archive, expression, records):
    answer = ra(archive, "-", expression)
    if answer.stderr.strip():
        return "refused"
    return "agrees" if all_lines.numbers(answer) == spelt_out(records) else "differs"


def check_ra():
    archives, wrong, agrees = {}, [], 0
    for expression, archive, records, says in rows("expressions.tsv"):
        claim = says.partition(":")[0]
        if claim == "unasked":
            continue
        if archive not in archives:
            archives[archive] = Numbered(ra(SAMPLES / archive))
        found = verdict_of_ra(archives[archive], SAMPLES / archive, expression, records)
        agrees += found == "agrees"
        if found != claim:
            wrong.append(f"{expression} of {archive}: ra {found}, and the table says {says}")
    if agrees < AGREES_MIN:
        wrong.append(f"ra agrees {agrees} times only")
    return wrong


def why_no_ra():
    if shutil.which("ra") is None:
        return "there is no ra here"
    version = run("ra", "-h")
    found = re.search(r"Ra Version (\S+)", version.stdout + version.stderr)
    if found is None or not found[1].startswith("3."):
        return "ra is not of Argus 3"
    return None


def main():
    checks = [
        ("each expression prints the records of the table", check_ours, None),
        ("each error says what the table says, and exits with 2", check_errors, None),
        ("words of a filter may be one argument or many", check_words_may_be_many, None),
        ("a hunt looks at nothing but what its filter lets through", check_hunt, None),
        ("ra says what the table says that it does", check_ra, why_no_ra()),
    ]
    failed = False
    for name, check, reason in checks:
        if reason is not None:
            print(f"skip {name}: {reason}")
            continue
        wrong = check()
        failed |= bool(wrong)
        print(f"not ok {name}: {len(wrong)} wrong: {'; '.join(wrong[:5])}" if wrong else f"ok {name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
