#!/usr/bin/env python3
"""check_corpus.py CORPUS: hunts over real captures of other projects, many broken on purpose,
none known to hold the worm.

First the sanitizer tree, made as tests/run makes it, a process a file: nothing may crash, hang or
be found by a sanitizer, and nobody, at home or outside, may be called infected. Then build/wormsign
over the whole folder in one process, which must read as many records, infect nobody either and
suspect at most one in 1,000: evidence of unrelated captures piles up there on the same private addresses.

Prints what was read, damaged and not recognised, and every infected or suspicious host with its
sentence. Exits 1 where something is wrong."""
import collections
import concurrent.futures
import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = "build-asan"
TIMEOUT_SECONDS = 120
SUSPICIOUS_MOST = 1 / 1000  # of the hosts seen
CODES = (0, 1, 3, 4)  # 4: the one file is none that can be opened
COMPLAINTS = ("Sanitizer", "runtime error", "Assertion", "Aborted")


def sanitizer_tree():
    """The environment to run it in; the tree is up to date then."""
    loader = importlib.machinery.SourceFileLoader("tests_run", str(ROOT / "tests/run"))
    tests = importlib.util.module_from_spec(importlib.util.spec_from_loader("tests_run", loader))
    loader.exec_module(tests)
    command = ["tests/house/tree", TREE, "-Dtests=true", *tests.SANITIZERS, "--", "wormsign"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "CC": "clang"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
    )
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nthe sanitizer tree cannot be built")
    os.chdir(ROOT)
    return {**os.environ, **tests.sanitizer_options(TREE)}


class Hunt:
    """A run over some paths: how it ended and what it said."""

    def __init__(self, program, paths, environment, timeout_seconds=TIMEOUT_SECONDS):
        self.hosts, self.summary, self.faults = [], None, []
        command = [program, "hunt", "-q", "--json", *paths]
        began = time.monotonic()
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                env=environment,
                stdin=subprocess.DEVNULL,
                timeout=timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self.code = None
            self.faults.append(f"not ready after {timeout_seconds} s")
            return
        self.seconds = time.monotonic() - began
        self.code = done.returncode
        self.read(done.stdout, done.stderr.decode(errors="replace"))

    def read(self, output, complaints):
        if self.code not in CODES:
            self.faults.append(f"exit {self.code}: {complaints.strip()[:2000]}")
        elif any(word in complaints for word in COMPLAINTS):
            self.faults.append(complaints.strip()[:2000])
        try:
            lines = [json.loads(line) for line in output.splitlines()]
        except ValueError as error:
            self.faults.append(f"its output is no JSON: {error}")
            return
        self.hosts = [line for line in lines if line["type"] == "host"]
        if lines and lines[-1]["type"] == "summary":
            self.summary = lines[-1]
        elif self.code in CODES:
            self.faults.append("no summary")
        if self.code == 4 and any("format" in i for i in self.inputs()):
            self.faults.append(f"exit 4, yet the file was opened: {complaints.strip()[:500]}")

    def inputs(self):
        return self.summary["inputs"] if self.summary else []

    def records(self):
        return sum(i["records"] for i in self.inputs())

    def suspects(self):
        return [host for host in self.hosts if host["verdict"] in ("infected", "suspicious")]


def say_counts(hunts, seconds):
    inputs = [i for hunt in hunts for i in hunt.inputs()]
    formats = collections.Counter(i.get("format", "no known format") for i in inputs)
    codes = collections.Counter(str(hunt.code) for hunt in hunts)
    by_format = ", ".join(f"{n} {name}" for name, n in formats.items())
    print(f"  inputs               {len(inputs)}: {by_format}")
    print(f"  damaged              {sum(bool(i['damage']) for i in inputs)}")
    print(f"  records              {sum(hunt.records() for hunt in hunts)}")
    print("  exit codes           " + ", ".join(f"{n} x {c}" for c, n in sorted(codes.items())))
    print(f"  seconds              {seconds:.1f}")


def say_suspects(name, hunt):
    """How many are infected; they and the suspicious are named."""
    for host in hunt.suspects():
        place = "home" if host["home"] else "outside"
        print(f"  {host['verdict'].upper()} {name}: {host['host']} ({place}): {host['says']}")
    return sum(host["verdict"] == "infected" for host in hunt.suspects())


def say_faults(name, hunt):
    for fault in hunt.faults:
        print(f"  FAULT {name}: {fault}")
    return len(hunt.faults)


def each_alone(corpus, environment):
    """(wrong, records): every file by a process of its own."""
    files = sorted(path for path in corpus.rglob("*") if path.is_file())
    if not files:
        sys.exit(f"{corpus} holds no file")
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        hunts = list(pool.map(lambda f: Hunt(f"{TREE}/wormsign", [str(f)], environment), files))
    print("each file alone, ASan and UBSan")
    say_counts(hunts, time.monotonic() - began)
    wrong = 0
    for path, hunt in zip(files, hunts):
        name = str(path.relative_to(corpus))
        wrong += say_faults(name, hunt) + say_suspects(name, hunt)
    return wrong, sum(hunt.records() for hunt in hunts)


def all_together(corpus, records_alone):
    hunt = Hunt("build/wormsign", ["-R", str(corpus)], None)
    print("all in one process, gcc")
    say_counts([hunt], hunt.seconds if hunt.code is not None else TIMEOUT_SECONDS)
    for limit in hunt.summary["limits_hit"] if hunt.summary else []:
        print(f"  limit hit            {limit}")
    wrong = say_faults("all", hunt) + say_suspects("all", hunt)
    seen = hunt.summary["hosts"]["seen"] if hunt.summary else 0
    if len(hunt.suspects()) > SUSPICIOUS_MOST * seen:
        print(f"  FAULT {len(hunt.suspects())} suspicious of {seen} hosts seen")
        wrong += 1
    if hunt.records() != records_alone:
        print(f"  FAULT {records_alone} records alone, {hunt.records()} together")
        wrong += 1
    return wrong


def main():
    corpus = Path(sys.argv[1]).resolve()
    environment = sanitizer_tree()
    wrong, records = each_alone(corpus, environment)
    wrong += all_together(corpus, records)
    print(f"  corpus: {'NOT MET' if wrong else 'met'}, {wrong} wrong")
    sys.exit(1 if wrong else 0)


main()
