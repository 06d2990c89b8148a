#!/usr/bin/env python3
"""What a hunt says of its inputs: which of them it read, within which span and filter, what was
damaged in them, and what was not read because somebody ended the run. By the text and the JSON of
real runs over the samples and over files made of them.

Runs with $WORMSIGN (else build/wormsign) and with $WORMSIGN_ASAN where it is set."""
import gzip
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "rig"))
from checking import check, check_with_all, equal, holds  # noqa: E402

OUTBREAK = ROOT / "samples" / "outbreak.pcap.gz"
ARCHIVE = ROOT / "samples" / "argus" / "v5" / "mixed.argus"
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


HEAD_BYTES = 24
SPAN = ["--since", "2009-04-21T16:30:00Z", "--until", "2009-04-21T17:00:00Z"]


@check
def the_span_of_time_is_told(program, folder):
    outbreak(folder)
    whole = Run(program, folder, "hunt", "--json", "outbreak.pcap").summary
    equal([key for key in ("since", "until", "records_outside", "filter") if key in whole], [])
    for jobs in 1, 2:
        run = Run(program, folder, "hunt", "--json", "-j", jobs, *SPAN, "outbreak.pcap")
        s = run.summary
        equal((s["since"], s["until"]), ("2009-04-21T16:30:00.000000Z", "2009-04-21T17:00:00.000000Z"))
        holds(0 < s["records_outside"] < s["inputs"][0]["records"], s)
    outside = s["records_outside"]
    text = " ".join(Run(program, folder, "hunt", *SPAN, "--html", "page", "outbreak.pcap").text.split())
    span = ("Looked at: nothing but what is of 2009-04-21T16:30:00.000000Z or later and before "
            f"2009-04-21T17:00:00.000000Z; {outside} records lie outside.")
    holds(span in text, text[-900:])
    page = (Path(folder) / "page").read_text()
    holds(f"{outside:,} records lie outside" in page, "the page does not tell the span")
    for schema, where in ("eve", lambda line: line["stats"]["wormsign"]), ("ecs", lambda line: line["wormsign"]):
        run = Run(program, folder, "hunt", "--json", "--schema", schema, *SPAN, "outbreak.pcap")
        equal(where(run.summary)["records_outside"], outside, schema)
    equal(Run(program, folder, "hunt", "-q", *SPAN, "--partial", "part", "outbreak.pcap").code, 1)
    merged = Run(program, folder, "merge", "--json", "part").summary
    equal((merged["since"], merged["until"]), (s["since"], s["until"]), "span of the merge")
    holds("records_outside" not in merged, merged)
    equal(Run(program, folder, "hunt", "-q", "--partial", "all", "outbreak.pcap").code, 1)
    merged = Run(program, folder, "merge", "part", "all")
    holds("another span of time" in merged.text and "Looked at" not in merged.text, merged.text[-900:])


@check
def a_span_in_which_nothing_lies_is_told(program, folder):
    outbreak(folder)
    run = Run(program, folder, "hunt", "--since", "2030-01-01", "outbreak.pcap")
    holds("nothing was looked at: no record lies within" in run.text, run.text)
    equal(run.code, 0, "exit: all was read")
    run = Run(program, folder, "hunt", "--json", "--since", "2030-01-01", "outbreak.pcap")
    equal(run.summary["records_outside"], run.summary["inputs"][0]["records"])
    holds("nothing was looked at" in run.talk, run.talk)
    run = Run(program, folder, "hunt", "--json", "--since", "2030-01-01", ARCHIVE)
    equal((run.code, run.summary["inputs"][0]["format"]), (0, "argus"))
    holds("nothing was looked at" in run.talk, run.talk)


@check
def the_words_of_a_filter_are_told(program, folder):
    outbreak(folder)
    words = ["outbreak.pcap", "-", "port 53", "or", "host\t10.9.1.11"]
    told = "port 53 or host\\x0910.9.1.11"
    run = Run(program, folder, "hunt", "--json", *words)
    equal(run.summary["filter"], told)
    run = Run(program, folder, "hunt", "--html", "page", *words)
    holds(told in " ".join(run.text.split()), run.text[-900:])
    holds(told in (Path(folder) / "page").read_text(), "the page does not tell the filter")


def interrupted(program, folder, *words, feed=b""):
    """A run that gets SIGINT while it reads; its code, its lines and what it said."""
    with subprocess.Popen(
        [str(program), *map(str, words)], cwd=folder, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as running:
        feeder = threading.Thread(target=running.stdin.write, args=[feed])
        feeder.start()
        threading.Timer(1, running.send_signal, [signal.SIGINT]).start()
        # Our end of the pipe stays open: nothing but the signal ends the run.
        lines, talk = running.stdout.read(), running.stderr.read()
        feeder.join()
    return running.returncode, lines.decode(), talk.decode()


def long_capture(folder):
    """One that takes longer than a moment: the outbreak over and over, in members of gzip."""
    whole = outbreak(folder, "one").read_bytes()
    path = Path(folder) / "long.pcap.gz"
    body = gzip.compress(whole[HEAD_BYTES:], 1)
    path.write_bytes(gzip.compress(whole[:HEAD_BYTES]) + 3000 * body)
    return path


@check
def a_lone_dash_with_nothing_behind_it_is_no_filter(program, folder):
    capture = outbreak(folder).read_bytes()
    for words in (["hunt", "-"], ["hunt", "-", ""], ["hunt", "--partial", "part", "-"]):
        run = Run(program, folder, *words, feed=capture)
        equal(run.code, 1, f"exit of {words}")
        holds("filter" not in run.text + run.talk, run.text[-900:])
    for verb in "hunt", "flows", "dns":
        run = Run(program, folder, verb, "outbreak.pcap", "-")
        holds("so there is no filter; stdin is -r -" in run.talk, run.talk)
        run = Run(program, folder, verb, "outbreak.pcap", "port", "445")
        holds("a filter stands behind a lone -" in run.talk, run.talk)


@check
def an_empty_stdin_was_opened(program, folder):
    run = Run(program, folder, "hunt", "--json")
    equal((run.code, run.summary["inputs"][0]["damage"][0]["reason"]), (3, "it is empty"))


@check
def a_damaged_gzip_is_told_as_one(program, folder):
    packed = bytearray(OUTBREAK.read_bytes())
    packed[20000] ^= 0x55  # makes records of rubbish, and the capture ends before the gzip does
    (Path(folder) / "bad.gz").write_bytes(packed)
    said = "the compressed file is damaged"
    damage = Run(program, folder, "hunt", "--json", "bad.gz").summary["inputs"][0]["damage"]
    holds(said in damage[0]["reason"] and "incorrect data check" in damage[0]["reason"], damage[0])
    holds(len(damage) > 1 and not any(said in one["reason"] for one in damage[1:]), damage)
    run = Run(program, folder, "flows", "bad.gz")
    holds(run.talk.count(said) == 1 and run.code == 3, run.talk)
    packed[20000] ^= 0x55
    packed[-5] ^= 0x55  # nothing but the checksum is wrong: all frames are there
    (Path(folder) / "bad.gz").write_bytes(packed)
    run = Run(program, folder, "hunt", "--json", "bad.gz").summary["inputs"][0]
    equal((len(run["damage"]), said in run["damage"][0]["reason"], run["records"]), (1, True, 20312))


@check
def an_interruption_is_no_damage(program, folder):
    long_capture(folder)
    outbreak(folder, "next.pcap")
    words = ["hunt", "-j", 1, "--partial", "part", "long.pcap.gz", "next.pcap"]
    code, text, _ = interrupted(program, folder, *words)
    holds("long.pcap.gz (pcap)" in text and "INTERRUPTED at byte" in text, text[-900:])
    holds("next.pcap: could not be read: the run was interrupted before" in text, text[-900:])
    holds("DAMAGED" not in text and "2 inputs were not read to their ends" in text, text[-900:])
    equal(code, 1, "exit")
    run = Run(program, folder, "merge", "--json", "part")
    places = [(one["damage"], one["interrupted_at"] > 0) for one in run.summary["inputs"]]
    equal(places, [([], True)], "places in the merge")
    equal((run.code, run.summary["complete"]), (1, False))
    run = Run(program, folder, "merge", "part")
    holds("DAMAGED" not in run.text and "INTERRUPTED at byte" in run.text, run.text[-900:])


@check
def an_interrupted_pipe_is_not_damaged(program, folder):
    capture = outbreak(folder).read_bytes()
    code, text, talk = interrupted(program, folder, "hunt", "--json", feed=capture)
    summary = json.loads(text.splitlines()[-1])
    one = summary["inputs"][0]
    equal((one["damage"], one["interrupted_at"] > 0, one["records"] > 0), ([], True, True))
    equal((code, summary["complete"]), (1, False))
    holds("stdin: interrupted at byte" in talk and "system call" not in talk, talk)
    code, text, talk = interrupted(program, folder, "hunt", "--json")
    equal(json.loads(text)["inputs"][0].get("interrupted_at"), 0, "of a silent pipe")
    for verb in "flows", "dns":
        code, text, talk = interrupted(program, folder, verb, feed=capture)
        equal(code, 3, f"exit of {verb}")
        holds("interrupted at offset" in talk and "system call" not in talk, talk)


if __name__ == "__main__":
    sys.exit(check_with_all(ROOT / "build" / "wormsign"))
