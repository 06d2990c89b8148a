#!/usr/bin/env python3
"""How far a hunt is, as a person sees it: the line on a terminal and the notes of --stats-every,
by one thread, by two, and of a capture that is read in shares. What they say is held against each
other and against the summary: the share that is read, the rest of the time that follows from it,
hosts with proof so far, records, speed.

A hunt over a file is too quick to be watched, so it is stopped and let run on by turns for its
first seconds, and until it has said everything; nothing depends on how far it comes in a turn.
Runs with $WORMSIGN (else build/wormsign) and with $WORMSIGN_ASAN where it is set."""
import fcntl
import gzip
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "rig"))
from checking import check, check_with_all, equal, holds  # noqa: E402

SHARED_LEAST = 64 << 20  # bytes of a capture that is read in shares
HEAD_BYTES = 24
SLOWED_SECONDS, SLOWED_MOST_SECONDS = 4, 20
RUN_SECONDS, STOP_SECONDS = 0.002, 0.1
WHOLE_NOTE = re.compile(rb"wormsign: note: [^\r\n]* with proof so far, [^\r\n]* M/s")
END_SECONDS = 120
COLUMNS = 100
LINE = re.compile(
    r"(?P<name>[^:]*): "
    r"(?:(?P<percent>[\d.]+) % of (?P<size>[\d.]+) MB read, )?"
    r"(?:about (?P<left>\d+) (?P<unit>s|min) left, )?"
    r"(?:(?P<proven>\d+) hosts? with proof so far, )?"
    r"(?P<seconds>\d+) s"
    r"(?:, (?P<records>\d+) records?)?"
    r"(?:, (?P<speed>[\d.]+) M/s)?"
)


class Hunt:
    """One run: its lines of JSON, what was drawn on the terminal, and the notes."""

    def __init__(self, program, folder, *words, slowed=True, feed=None):
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, COLUMNS, 0, 0))
        with tempfile.TemporaryFile() as results:
            self.process = subprocess.Popen(
                [str(program), "hunt", "--json", *map(str, words)],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=results, stderr=theirs,
            )
            os.close(theirs)
            self.shown = b""
            self.feed(ours, slowed, feed)
            os.close(ours)
            self.code = self.process.wait(timeout=END_SECONDS)
            results.seek(0)
            self.lines = [json.loads(line) for line in results.read().decode().splitlines()]
        text = self.shown.decode()
        self.drawn = [
            one for one in re.split(r"\r\x1b\[K|\r\n", text) if one and not one.startswith("wormsign: ")
        ]
        self.notes = re.findall(r"wormsign: note: ([^\r\n]*: [^\r\n]* s(?:,[^\r\n]*)?)\r\n", text)

    def feed(self, ours, slowed, feed):
        """Reads the terminal to its end; the process is slowed, or fed, meanwhile."""
        began = time.monotonic()
        if feed is not None:
            feed()
        while True:
            seconds = time.monotonic() - began
            late = seconds - SLOWED_SECONDS
            if slowed and (late < 0 or (seconds < SLOWED_MOST_SECONDS
                                        and not WHOLE_NOTE.search(self.shown))):
                self.process.send_signal(signal.SIGSTOP)
                time.sleep(STOP_SECONDS)
                self.process.send_signal(signal.SIGCONT)
                # One that is slow by itself, or on a busy machine, gets longer turns by and by.
                wait = RUN_SECONDS * 2 ** max(int(late) + 1, 0)
            else:
                wait = END_SECONDS
            if not select.select([ours], [], [], wait)[0]:
                holds(wait < END_SECONDS, "the run does not end")
                continue
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux says so when the other side is closed
                return
            if not piece:
                return
            self.shown += piece

    @property
    def summary(self):
        return self.lines[-1]

    @property
    def proven(self):
        """Home hosts that have a proof in the end, or had one until they turned out a scanner's or
        a relay's."""
        hosts = [line for line in self.lines if line["type"] == "host" and line["home"]]
        return sum(
            any(s["weight"] == "proof" for s in h["signs"]) or bool({"scanner", "relay"} & {*h["marks"]})
            for h in hosts
        )


def large(folder, name, least=SHARED_LEAST):
    """The outbreak again and again, as one capture of more than so many bytes."""
    with gzip.open(ROOT / "samples" / "outbreak.pcap.gz") as file:
        capture = file.read()
    body = capture[HEAD_BYTES:]
    with open(Path(folder) / name, "wb") as out:
        out.write(capture[:HEAD_BYTES])
        for _ in range(least // len(body) + 1):
            out.write(body)
        return out.tell()


def numbers_of(text):
    """What a whole line says, as numbers; None where it does not say it."""
    found = LINE.fullmatch(text)
    holds(found, f"this is no line of progress: {text!r}")
    return {
        key: value if key in ("name", "unit") or value is None else float(value)
        for key, value in found.groupdict().items()
    }


def agrees(said, size, hunt):
    """One whole line, with itself and with the end of the run."""
    equal(said["size"], round(size / 1e6), "MB")
    holds(0 <= said["percent"] <= 100, f"{said['percent']} % are read")
    records = sum(one["records"] for one in hunt.summary["inputs"])
    holds((said["records"] or 0) <= records, f"{said['records']} of {records} records")
    holds((said["proven"] or 0) <= hunt.proven, f"{said['proven']} of {hunt.proven} proofs")
    if said["speed"] is not None:  # seconds and speed are rounded
        least = said["records"] / (said["seconds"] + 0.5) / 1e6 - 0.051
        most = said["records"] / max(said["seconds"] - 0.5, 1.5) / 1e6 + 0.051
        holds(least <= said["speed"] <= most, f"{said} does not fit together")
    if said["left"] is not None:
        share = [min(max(said["percent"] + d, 0.01), 100) / 100 for d in (-0.06, 0.06)]
        most = (1 - share[0]) / share[0] * (said["seconds"] + 0.5)
        least = (1 - share[1]) / share[1] * (said["seconds"] - 0.5)
        unit = 60 if said["unit"] == "min" else 1
        holds(least - unit <= said["left"] * unit <= most + unit, f"{said} does not fit together")


def says_all(hunt, size):
    """Of the notes each agrees, none goes back, and the last ones say everything."""
    said = [numbers_of(note) for note in hunt.notes]
    holds(len(said) >= 2, f"{len(said)} notes in {SLOWED_SECONDS} s: {hunt.shown[-300:]}")
    for one in said:
        agrees(one, size, hunt)
    for key in ("percent", "proven", "seconds", "records"):
        values = [one[key] or 0 for one in said]
        equal(values, sorted(values), f"{key} of the notes")
    drawn = [float(one) for one in re.findall(r": ([\d.]+) % of", "\n".join(hunt.drawn))]
    equal(drawn, sorted(drawn), "the share that was drawn")
    whole = [one for one in said if None not in one.values()]
    holds(whole, f"no note says share, rest, proofs, records and speed: {hunt.notes}")
    holds(all(one["seconds"] >= 1 for one in whole), "a speed is told too early")


def draws_alike(hunt):
    """The line on the terminal is the beginning of such a line, and fits."""
    holds(len(hunt.drawn) >= 3, f"drawn {len(hunt.drawn)} times")
    for line in hunt.drawn:
        holds(len(line) < COLUMNS, f"{len(line)} columns of {COLUMNS}: {line!r}")
    for line in hunt.drawn[1:]:  # the first may stand there while files are still listed
        holds(re.match(r"[^:]*: \d+\.\d % of \d+ MB read, ", line), f"{line!r}")
    holds(any(re.search(r" about \d+ (s|min) left, \d+ hosts? with proof", line)
              for line in hunt.drawn), f"no rest and proofs in {hunt.drawn}")
    equal(hunt.summary["complete"], True, "complete")


@check
def one_thread_says_how_far_it_is(program, folder):
    size = large(folder, "a.pcap", SHARED_LEAST // 2) + large(folder, "b.pcap", SHARED_LEAST // 4)
    hunt = Hunt(program, folder, "-j", 1, "--stats-every", "1", "a.pcap", "b.pcap")
    says_all(hunt, size)
    draws_alike(hunt)


@check
def two_threads_say_how_far_they_are_together(program, folder):
    """The second is read long before the first, and joined behind it."""
    size = large(folder, "a.pcap", SHARED_LEAST * 3 // 4) + large(folder, "b.pcap", SHARED_LEAST // 8)
    hunt = Hunt(program, folder, "-j", 2, "--stats-every", "1", "a.pcap", "b.pcap")
    says_all(hunt, size)
    draws_alike(hunt)


@check
def a_capture_in_shares_counts_once(program, folder):
    size = large(folder, "a.pcap")
    hunt = Hunt(program, folder, "-j", 2, "--stats-every", "1", "a.pcap")
    says_all(hunt, size)
    draws_alike(hunt)


@check
def of_a_pipe_nobody_knows_the_rest(program, folder):
    pipe = Path(folder) / "pipe"
    os.mkfifo(pipe)
    large(folder, "a.pcap", SHARED_LEAST // 8)

    def feed():
        with open(pipe, "wb") as to:
            to.write((Path(folder) / "a.pcap").read_bytes())
            to.flush()
            time.sleep(0.5)

    hunt = Hunt(program, folder, "-j", 1, "pipe", slowed=False, feed=feed)
    holds(hunt.drawn, "nothing is drawn")
    for line in hunt.drawn:
        said = numbers_of(line)
        equal((said["percent"], said["left"]), (None, None), "share and rest")


@check
def who_wants_quiet_or_has_no_terminal_gets_no_line(program, folder):
    large(folder, "a.pcap", SHARED_LEAST // 8)
    equal(Hunt(program, folder, "-q", "a.pcap").shown, b"", "with -q")
    done = subprocess.run([str(program), "hunt", "--json", "a.pcap"], cwd=folder, timeout=END_SECONDS,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    holds(b"read, " not in done.stderr, f"without a terminal: {done.stderr[:300]}")


if __name__ == "__main__":
    sys.exit(check_with_all(ROOT / "build" / "wormsign"))
