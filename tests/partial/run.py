#!/usr/bin/env python3
"""`hunt --partial` and `merge` from outside: the sample split by time into 1 to 8 captures, hunted
apart and merged, says what one hunt over all of them says; an exploit chain spread over captures is
told whole; and a file that is damaged, or a place that a file must not be written to, is refused
with its reason.

Runs with $WORMSIGN (else build/wormsign) and with $WORMSIGN_ASAN where it is set. Prints `ok NAME`
or `not ok NAME: reason`."""
import gzip
import itertools
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import chain
import by_threads

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLE = ROOT / "samples" / "outbreak.pcap.gz"
PROGRAMS = {"": os.environ.get("WORMSIGN", ROOT / "build" / "wormsign")}
if "WORMSIGN_ASAN" in os.environ:
    PROGRAMS[" asan"] = os.environ["WORMSIGN_ASAN"]
HEAD_BYTES, RECORD_BYTES = 24, 16
HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
TIMEOUT_SECONDS = 120


class Wrong(Exception):
    pass


def holds(condition, what):
    if not condition:
        raise Wrong(what)


def equal(got, wanted, what):
    holds(got == wanted, f"{what} is {str(got)[:300]!r}, not {str(wanted)[:300]!r}")


class Bench:
    """A program, and a folder for what it reads and writes."""

    def __init__(self, program, folder):
        self.program, self.folder = program, Path(folder)

    def run(self, *words, code=None):
        done = subprocess.run(
            [str(self.program), *map(str, words)],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        if code is not None:
            equal(done.returncode, code, f"exit code of {' '.join(map(str, words))}: {done.stderr}")
        return done

    def write(self, name, data):
        (self.folder / name).write_bytes(data)
        return name


def frames_of(capture):
    """[(seconds, record)] of a little-endian pcap."""
    frames, at = [], HEAD_BYTES
    while at < len(capture):
        seconds, _, size = struct.unpack_from("<III", capture, at)
        frames.append((seconds, capture[at : at + RECORD_BYTES + size]))
        at += RECORD_BYTES + size
    return frames


def split(capture, parts):
    """Captures of equal spans of time."""
    frames = frames_of(capture)
    first, last = frames[0][0], frames[-1][0] + 1
    out = [[] for _ in range(parts)]
    for seconds, record in frames:
        out[(seconds - first) * parts // (last - first)].append(record)
    return [capture[:HEAD_BYTES] + b"".join(records) for records in out]


def reports_equal(one, other):
    """The same bytes, but for the summary's verb, seconds and the order of inputs."""
    a, b = one.splitlines(), other.splitlines()
    equal(b[:-1], a[:-1], "the hosts")
    summaries = [json.loads(lines[-1]) for lines in (a, b)]
    for summary in summaries:
        holds(summary.pop("verb") in ("hunt", "merge"), "the verb")
        summary.pop("seconds")
        summary["inputs"].sort(key=lambda each: each["name"])
    equal(summaries[1], summaries[0], "the summary")


def parts_of(bench, capture, parts):
    names = [bench.write(f"{i}.pcap", part) for i, part in enumerate(split(capture, parts))]
    return names, [f"{i}.wsev" for i in range(parts)]


def check_any_order(bench, capture):
    dice = random.Random(2009)
    for parts in range(1, 9):
        captures, files = parts_of(bench, capture, parts)
        for one, file in zip(captures, files):
            bench.run("hunt", "-q", "--json", "--partial", file, one)
        whole = bench.run("hunt", "-q", "--json", *captures, code=1)
        dice.shuffle(files)
        merged = bench.run("merge", "-q", "--json", *files, code=1)
        reports_equal(whole.stdout, merged.stdout)


def check_any_grouping(bench, capture):
    captures, _ = parts_of(bench, capture, 8)
    whole = bench.run("hunt", "-q", "--json", *captures, code=1)
    for cut in (1, 3, 6):
        bench.run("hunt", "-q", "--partial", "left.wsev", *captures[:cut])
        bench.run("hunt", "-q", "--partial", "right.wsev", *captures[cut:])
        merged = bench.run("merge", "-q", "--json", "right.wsev", "left.wsev", code=1)
        reports_equal(whole.stdout, merged.stdout)
        kept = bench.run("merge", "-q", "--partial", "all.wsev", "left.wsev", "right.wsev", code=1)
        holds("INFECTED" in kept.stdout, "a merge that keeps reports, too")
        reports_equal(whole.stdout, bench.run("merge", "--json", "all.wsev", code=1).stdout)


def check_report_beside(bench, _capture):
    plain = bench.run("hunt", "--json", SAMPLE, code=1).stdout
    beside = bench.run("hunt", "--json", "--partial", "x.wsev", SAMPLE, code=1).stdout
    reports_equal(plain, beside)
    equal(sorted(bench.folder.glob("x.wsev*")), [bench.folder / "x.wsev"], "what is left")


def check_once(bench, capture):
    captures, _ = parts_of(bench, capture, 3)
    whole = bench.run("hunt", "--json", *captures, code=1).stdout
    bench.run("hunt", "--partial", "a.wsev", *captures[:2])
    bench.run("hunt", "--partial", "b.wsev", *captures[1:])
    merged = bench.run("merge", "--json", "a.wsev", "b.wsev", "a.wsev", code=1)
    reports_equal(whole, merged.stdout)
    holds("1 input is the same as another" in merged.stderr, merged.stderr)
    holds("1 evidence file is the same as another" in merged.stderr, merged.stderr)


def check_copy(bench, capture):
    """A copy under another name; one byte of a payload more is another capture."""
    bench.write("a.pcap", capture)
    bench.write("copy.pcap", capture)
    once = bench.run("hunt", "--json", "a.pcap", code=1)
    twice = bench.run("hunt", "--json", "a.pcap", "copy.pcap", code=1)
    equal(twice.stdout.splitlines()[:-1], once.stdout.splitlines()[:-1], "the hosts")
    inputs = json.loads(twice.stdout.splitlines()[-1])["inputs"]
    equal([(i["name"], i["records"] > 0) for i in inputs], [("a.pcap", True), ("copy.pcap", False)], "inputs")
    holds("1 input is the same as another" in twice.stderr, twice.stderr)
    middle = len(capture) // 2
    bench.write("other.pcap", capture[:-1] + bytes([capture[-1] ^ 1]))
    bench.write("changed.pcap", capture[:middle] + bytes([capture[middle] ^ 1]) + capture[middle + 1 :])
    for other in ("other.pcap", "changed.pcap"):
        more = bench.run("hunt", "--json", "a.pcap", other)
        inputs = json.loads(more.stdout.splitlines()[-1])["inputs"]
        holds(inputs[1]["records"] > 0, f"{other} is read")


def check_compressed(bench, capture):
    bench.write("a.pcap", capture)
    bench.run("hunt", "--partial", "a.wsev", "a.pcap")
    bench.write("a.wsev.gz", gzip.compress((bench.folder / "a.wsev").read_bytes()))
    whole = bench.run("hunt", "--json", "a.pcap", code=1)
    reports_equal(whole.stdout, bench.run("merge", "--json", "a.wsev.gz", code=1).stdout)


def check_damage(bench, capture):
    captures, files = parts_of(bench, capture, 2)
    for one, file in zip(captures, files):
        bench.run("hunt", "--partial", file, one)
    good = (bench.folder / files[1]).read_bytes()
    alone = bench.run("merge", "--json", files[0]).stdout
    for what, bad in {
        "cut": good[:-5],
        "changed": good[:999] + bytes([good[999] ^ 4]) + good[1000:],
        "longer": good + b"\0",
        "empty": b"",
        "a capture": capture,
    }.items():
        bench.write("bad.wsev", bad)
        done = bench.run("merge", "--json", files[0], "bad.wsev")
        equal(done.stdout.splitlines()[:-1], alone.splitlines()[:-1], f"{what}: hosts")
        summary = json.loads(done.stdout.splitlines()[-1])
        equal(summary["complete"], False, f"{what}: complete")
        equal(len(summary["inputs"][1]["damage"]), 1, f"{what}: damage")
        holds("bad.wsev: " in done.stderr, f"{what}: {done.stderr}")
        bench.run("merge", "bad.wsev", code=4)
    bench.run("merge", "missing.wsev", code=4)


def check_incomplete(bench, capture):
    bench.write("cut.pcap", capture[:-3])
    bench.run("hunt", "--partial", "cut.wsev", "cut.pcap")
    summary = json.loads(bench.run("merge", "--json", "cut.wsev").stdout.splitlines()[-1])
    equal(summary["complete"], False, "complete")
    equal(len(summary["inputs"][0]["damage"]), 1, "damage")


def check_pipe(bench, capture):
    """stdin has no name to compare, but its bytes are digested."""
    bench.write("a.pcap", capture)
    with open(bench.folder / "a.pcap", "rb") as file:
        subprocess.run(
            [str(bench.program), "hunt", "-q", "--partial", "stdin.wsev"],
            cwd=bench.folder,
            stdin=file,
            stdout=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    bench.run("hunt", "--partial", "a.wsev", "a.pcap")
    merged = bench.run("merge", "--json", "a.wsev", "stdin.wsev", code=1)
    holds("1 input is the same as another" in merged.stderr, merged.stderr)


def check_places(bench, capture):
    bench.write("a.pcap", capture)
    bench.write("other.pcap", capture[:2000])
    os.symlink("/dev/null", bench.folder / "device")
    for place, code, words in (
        ("a.pcap", 4, "is also to be read"),
        ("other.pcap", 4, "holds a capture"),
        ("-", 2, "is stdout"),
        ("nowhere/x.wsev", 4, "No such file or directory"),
        ("device", 4, "is no file that could be replaced"),
        (".", 4, "is no file that could be replaced"),
    ):
        done = bench.run("hunt", "--partial", place, "a.pcap", code=code)
        holds(words in done.stderr, f"{place}: {done.stderr}")
    done = bench.run("hunt", "--partial", "x", "-oJ", "x", "a.pcap", code=4)
    holds("is also to hold a report" in done.stderr, done.stderr)
    holds(not (bench.folder / "x").exists(), "nothing is written")
    bench.run("hunt", "--partial", "x.wsev", "a.pcap", code=1)
    done = bench.run("hunt", "-oN", "x.wsev", "a.pcap", code=4)
    holds("holds evidence" in done.stderr, done.stderr)
    bench.run("hunt", "--partial", "x.wsev", "a.pcap", code=1)  # evidence replaces evidence
    equal((bench.folder / "a.pcap").read_bytes(), capture, "the capture")


def check_names_beside(bench, capture):
    """The name that a run would take first is there already, as a link to something dear."""
    bench.write("a.pcap", capture)
    bench.write("dear", b"dear")
    for option in ("--partial", "--html"):
        place = bench.folder / f"x{option}"

        def lie_in_wait(place=place):
            os.symlink("dear", f"{place}.{os.getpid()}.tmp")

        done = subprocess.run(
            [str(bench.program), "hunt", option, place, "a.pcap"], cwd=bench.folder,
            capture_output=True, timeout=TIMEOUT_SECONDS, check=False, preexec_fn=lie_in_wait,
        )  # fmt: skip
        equal(done.returncode, 1, f"exit code with {option}: {done.stderr}")
        equal((bench.folder / "dear").read_bytes(), b"dear", "what the link is of")
        holds(place.stat().st_size > 1000, f"{place} is not written")
        left = [one for one in bench.folder.glob(f"x{option}.*") if not one.is_symlink()]
        equal(left, [], "what is left")


def check_two_runs_at_once(bench, capture):
    """Both write beside the same place, and each is whole: the last that ends stays."""
    for option in ("--partial", "--html"):
        alone = bench.folder / f"alone{option}"
        both = bench.folder / f"both{option}"
        bench.write("a.pcap", capture)
        bench.run("hunt", option, alone, "a.pcap", code=1)
        runs = []
        for number in (1, 2):
            pipe = bench.folder / f"{option}{number}"
            os.mkfifo(pipe)
            hunt = subprocess.Popen(
                [str(bench.program), "hunt", option, both, pipe], cwd=bench.folder,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip
            runs.append((hunt, open(pipe, "wb")))  # opens when the other side has
        equal(len(list(bench.folder.glob(f"both{option}.*.tmp"))), 2, "files beside")
        for hunt, pipe in runs:
            pipe.write(capture)
            pipe.close()
            _, said = hunt.communicate(timeout=TIMEOUT_SECONDS)
            equal(hunt.returncode, 1, f"exit code: {said}")
            holds(both.stat().st_size > alone.stat().st_size * 9 // 10, "it is not whole")
        equal(list(bench.folder.glob(f"both{option}.*")), [], "what is left")


def check_end_by_signal(bench, capture):
    """Who is asked for an end writes what there is; nothing is left beside."""
    for option in ("--partial", "--html"):
        place, pipe = bench.folder / f"x{option}", bench.folder / f"pipe{option}"
        os.mkfifo(pipe)
        hunt = subprocess.Popen(
            [str(bench.program), "hunt", option, place, pipe], cwd=bench.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        with open(pipe, "wb") as to:
            to.write(capture[:3000])
            to.flush()
            hunt.send_signal(signal.SIGINT)
        _, said = hunt.communicate(timeout=TIMEOUT_SECONDS)
        holds(hunt.returncode in (1, 3), f"exit code {hunt.returncode}: {said}")
        equal(sorted(bench.folder.glob(f"x{option}*")), [place], "what is there")


def check_home(bench, capture):
    bench.write("a.pcap", capture)
    bench.run("hunt", "--partial", "a.wsev", "a.pcap", code=1)
    options = ("--home", "192.0.2.0/24", "--site", "here", "--exempt", "10.9.3.33")
    whole = bench.run("hunt", "--json", *options, "a.pcap")
    merged = bench.run("merge", "--json", *options, "a.wsev", code=whole.returncode)
    reports_equal(whole.stdout, merged.stdout)


def names_case(bench):
    """Captures of the case with names, and what a hunt says of all of them."""
    sys.path.insert(0, str(ROOT / "tests" / "cases"))
    import run as cases

    below = bench.folder / "names"
    below.mkdir()
    found = cases.copy_of(ROOT / "tests" / "cases" / "hunt-names", below).rglob("*.pcap")
    frames = frames_of(next(iter(found)).read_bytes())
    return frames, bench.write("all.pcap", HEAD + b"".join(record for _, record in frames))


def check_names(bench, _capture):
    """Who a host is stands in one capture, what it did in another."""
    frames, everything = names_case(bench)
    whole = bench.run("hunt", "--json", everything, code=1).stdout
    told = [line for line in map(json.loads, whole.splitlines()) if line["type"] == "host"]
    holds(any(line["names"] for line in told) and any(line.get("mac") for line in told), "nobody is named")
    files = []
    for number, (_, record) in enumerate(frames):
        capture = bench.write(f"{number}.pcap", HEAD + record)
        files.append(f"{number}.wsev")
        bench.run("hunt", "-q", "--partial", files[-1], capture)
    for order in (files, files[::-1]):
        merged = bench.run("merge", "--json", *order, code=1).stdout
        equal(merged.splitlines()[:-1], whole.splitlines()[:-1], "the hosts")
    half = len(files) // 2
    bench.run("merge", "--partial", "left.wsev", *files[: half + 2])
    bench.run("merge", "--partial", "right.wsev", *files[half:])
    merged = bench.run("merge", "--json", "--store", "a.db", "right.wsev", "left.wsev", code=1).stdout
    equal(merged.splitlines()[:-1], whole.splitlines()[:-1], "the hosts of merged files")
    kept = bench.run("report", "--json", "a.db", code=1).stdout
    equal(kept.splitlines()[:-1], whole.splitlines()[:-1], "the hosts in the store")


def check_usage(bench, _capture):
    done = bench.run("merge", code=2)
    holds("hunt --partial" in done.stderr, done.stderr)


def told_by(report):
    """{host: its line}, [(from, to, cause)]."""
    lines = [json.loads(line) for line in report.splitlines()]
    infections = [line for line in lines if line["type"] == "infection"]
    return (
        {line["host"]: line for line in lines if line["type"] == "host"},
        sorted((line["from"], line["to"], line["cause"]) for line in infections),
    )


def chain_holds(report):
    hosts, infections = told_by(report)
    equal(infections, chain.INFECTIONS, "who infected whom")
    for host in chain.HOSTS:
        equal((hosts[host]["verdict"], hosts[host]["weight"]), ("infected", "proof"), host)
    for by, host, *_ in chain.LINKS:
        holds(f"Infected by {by} at " in hosts[host]["says"], hosts[host]["says"])


def chain_files(bench):
    """Names of the captures and of their evidence."""
    captures = [
        bench.write(f"{kind.__name__}.pcap", chain.capture([kind])) for kind in chain.KINDS
    ]
    files = [f"{name}.wsev" for name in captures]
    for one, file in zip(captures, files):
        bench.run("hunt", "-q", "--partial", file, one)
    return captures, files


def check_chain_orders(bench, _capture):
    captures, files = chain_files(bench)
    bench.write("all.pcap", chain.capture(chain.KINDS))
    whole = bench.run("hunt", "-q", "--json", *captures, code=1).stdout
    chain_holds(whole)
    at_once = bench.run("hunt", "-q", "--json", "all.pcap", code=1).stdout
    equal(whole.splitlines()[:-1], at_once.splitlines()[:-1], "the hosts of one capture")
    for order in itertools.permutations(range(len(captures))):
        hunted = bench.run("hunt", "-q", "--json", *[captures[i] for i in order], code=1)
        reports_equal(whole, hunted.stdout)
        merged = bench.run("merge", "-q", "--json", *[files[i] for i in order], code=1)
        reports_equal(whole, merged.stdout)


def check_chain_groups(bench, _capture):
    captures, files = chain_files(bench)
    whole = bench.run("hunt", "-q", "--json", *captures, code=1).stdout
    for alone in range(len(files)):
        others = files[:alone] + files[alone + 1 :]
        bench.run("merge", "-q", "--partial", "others.wsev", *others)
        for pair in ((files[alone], "others.wsev"), ("others.wsev", files[alone])):
            reports_equal(whole, bench.run("merge", "-q", "--json", *pair, code=1).stdout)


def check_chain_gaps(bench, _capture):
    """What a chain looks like without one of its captures: so each of them is needed above."""
    captures, files = chain_files(bench)
    proven = {  # without: what is proven, and who is infected
        "attack": ([], [chain.B, chain.C]),
        "fetch": ([one for one in chain.INFECTIONS if one[2] == "exploit"], list(chain.HOSTS)),
        "sign": (chain.INFECTIONS, [chain.A, chain.B]),
    }
    for left, kind in enumerate(chain.KINDS):
        for verb, names in (("hunt", captures), ("merge", files)):
            done = bench.run(verb, "-q", "--json", *names[:left], *names[left + 1 :], code=1)
            hosts, infections = told_by(done.stdout)
            infected = sorted(h for h, line in hosts.items() if line["verdict"] == "infected")
            equal((infections, infected), proven[kind.__name__], f"{verb} without {kind.__name__}")


def check_threads(bench, capture):
    archive = next((ROOT / "samples" / "argus" / "v3").glob("*.argus")).read_bytes()
    by_threads.hunts_alike(bench, split(capture, 8), archive, equal, holds)


def check_threads_share(bench, capture):
    by_threads.shares_one(bench, frames_of(capture), capture[:HEAD_BYTES], equal, holds)


def check_threads_without_files(bench, capture):
    by_threads.ends_without_files(bench, frames_of(capture), capture[:HEAD_BYTES], equal, holds)


def check_threads_share_archives(bench, capture):
    samples = sorted((ROOT / "samples" / "argus" / "v3").glob("*.full.argus"))
    archive = b"".join(path.read_bytes() for path in samples)
    by_threads.shares_archives(bench, archive, frames_of(capture), capture[:HEAD_BYTES], equal, holds)


def check_threads_stop_sharing(bench, capture):
    by_threads.stops_shares(bench, frames_of(capture), capture[:HEAD_BYTES], equal)


def check_threads_stop(bench, capture):
    by_threads.stops(bench, split(capture, 3), equal, holds)


CHECKS = {
    "parts in any order say what the whole says": check_any_order,
    "parts in any grouping say what the whole says": check_any_grouping,
    "the report is the same with and without evidence": check_report_beside,
    "an input in two files counts once": check_once,
    "a copy of a capture is read once": check_copy,
    "compressed evidence is read": check_compressed,
    "nothing of a damaged file is used": check_damage,
    "damage of an input outlives the run": check_incomplete,
    "a capture from a pipe is known again": check_pipe,
    "evidence is written over no capture and no report": check_places,
    "a link under the name beside is not followed": check_names_beside,
    "two runs that write the same file are whole each": check_two_runs_at_once,
    "a run that is asked for an end leaves nothing beside": check_end_by_signal,
    "home, site and exempt are the merge's own": check_home,
    "names of hosts outlive the run": check_names,
    "a merge of nothing is wrong usage": check_usage,
    "a hunt by many threads says what one thread says": check_threads,
    "a large capture is read by many threads as by one": check_threads_share,
    "threads wait for none that cannot read": check_threads_without_files,
    "large archives are read by many threads as by one": check_threads_share_archives,
    "threads that read one capture end when asked to": check_threads_stop_sharing,
    "a hunt by many threads ends when it is asked to": check_threads_stop,
    "a chain over several captures is told in any order": check_chain_orders,
    "a chain over several captures is told in any grouping": check_chain_groups,
    "a chain without one of its captures is told as far as it goes": check_chain_gaps,
}


def main():
    capture = gzip.decompress(SAMPLE.read_bytes())
    failed = 0
    for suffix, program in PROGRAMS.items():
        for name, check in CHECKS.items():
            with tempfile.TemporaryDirectory() as folder:
                try:
                    check(Bench(program, folder), capture)
                    print(f"ok {name}{suffix}", flush=True)
                except (Wrong, subprocess.TimeoutExpired, ValueError, OSError) as wrong:
                    failed += 1
                    print(f"not ok {name}{suffix}: {wrong}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
