#!/usr/bin/env python3
"""What a hunt says of its inputs: which of them it read, within which span and filter, what was
damaged in them, and what was not read because somebody ended the run. By the text and the JSON of
real runs over the samples and over files made of them.

Runs with $WORMSIGN (else build/wormsign) and with $WORMSIGN_ASAN where it is set."""
import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "rig"))
from checking import CHECKS, check, equal, holds, result  # noqa: E402

OUTBREAK = ROOT / "samples" / "outbreak.pcap.gz"
TIMEOUT_SECONDS = 120


class Run:
    """One run in a folder: its code, its text, and its lines of JSON where it was asked for them."""

    def __init__(self, program, folder, *words, feed=b""):
        done = subprocess.run(
            [str(program), *map(str, words)], cwd=folder, input=feed, capture_output=True,
            timeout=TIMEOUT_SECONDS, check=False,
        )
        self.code, self.text, self.talk = done.returncode, done.stdout.decode(), done.stderr.decode()
        if "--json" in words:
            self.lines = [json.loads(line) for line in self.text.splitlines()]

    @property
    def summary(self):
        return self.lines[-1]

    def names(self):
        return [one["name"] for one in self.summary["inputs"]]


def outbreak(folder, name="outbreak.pcap"):
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(OUTBREAK) as file:
        path.write_bytes(file.read())
    return path


@check
def folders_behind_links_are_read(program, folder):
    outbreak(folder, "elsewhere/day.pcap")
    mix = Path(folder) / "mix"
    mix.mkdir()
    (mix / "days").symlink_to("../elsewhere")
    (mix / "home").symlink_to(".")
    run = Run(program, folder, "hunt", "--json", "-R", "mix")
    equal((run.code, run.names()), (1, ["mix/days/day.pcap"]))


@check
def a_link_to_nowhere_is_named_as_one(program, folder):
    outbreak(folder, "mix/day.pcap")
    (Path(folder) / "mix" / "gone").symlink_to("../nowhere")
    run = Run(program, folder, "hunt", "--json", "mix")
    gone = run.summary["inputs"][1]
    equal((run.code, run.summary["complete"], gone["name"]), (1, False, "mix/gone"))
    holds("symbolic link" in gone["damage"][0]["reason"], gone)
    for verb in "flows", "dns":
        run = Run(program, folder, verb, "mix")
        holds("mix/gone" in run.talk and "symbolic link" in run.talk, run.talk)
        equal(run.code, 3, f"exit of {verb}")


def main():
    programs = {"": os.environ.get("WORMSIGN", str(ROOT / "build" / "wormsign"))}
    if "WORMSIGN_ASAN" in os.environ:
        programs["asan "] = os.environ["WORMSIGN_ASAN"]
    failed = 0
    for before, program in programs.items():
        for function, _ in CHECKS:
            with tempfile.TemporaryDirectory() as folder:
                name = before + function.__name__.replace("_", " ")
                failed += not result(name, function, os.path.abspath(program), folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
