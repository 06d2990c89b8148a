#!/usr/bin/env python3
"""Stores as a user meets them: what hunts, scans and merges leave in one comes back as the same verdicts;
what changed between runs is told apart; a program that is killed, a full disk, two writers at once and
files made to harm cost nothing that was there before.

Runs with $WORMSIGN (else build/wormsign) and, what is not slow, with $WORMSIGN_ASAN where it is set;
$WORMSIGN_CORRUPTIONS says how many stores are damaged at random (60). Prints
`ok NAME`, `not ok NAME: reason` or `skip NAME: reason`. Sends to loopback alone."""
import csv
import gzip
import json
import os
import random
import re
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / name) for name in ("rig", "schema", "scan", "watch", "formats")]
import reading
import smb
import watching
from checking import CHECKS, check, check_once, equal, holds
from flows import worm_speaks
from scanning import Program
from schema import Schema
from server import Server
from told import SUSPECT, WHEN, forever

SAMPLE = ROOT / "samples" / "outbreak.pcap.gz"
TIMEOUT_SECONDS = 120
HEAD_BYTES, RECORD_BYTES = 24, 16
KILLS, CORRUPTIONS = 8, int(os.environ.get("WORMSIGN_CORRUPTIONS", 60))
TABLES = {"runs", "inputs", "run_inputs", "kinds", "evidence", "answers", "names", "verdicts", "edges",
          "acknowledgements", "sites"}


class Skip(Exception):
    pass


class Done:
    def __init__(self, words, process):
        self.words, self.code = words, process.returncode
        self.out, self.err = process.stdout.decode(), process.stderr.decode()

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, kind):
        return [line for line in self.lines if line["type"] == kind]

    @property
    def hosts(self):
        return {line["host"]: line for line in self.of("host")}

    @property
    def summary(self):
        return self.lines[-1]


class Bench:
    """A program, and a folder for what it reads and writes."""

    def __init__(self, program, folder):
        self.program, self.path, self.folder = program, program.path, Path(folder)

    def run(self, *words, code=None, **more):
        done = subprocess.run([self.path, *map(str, words)], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=TIMEOUT_SECONDS, check=False, **more)
        done = Done(words, done)
        for words_of_a_crash in ("Sanitizer", "runtime error"):
            holds(words_of_a_crash not in done.err, f"{words_of_a_crash}: {done.err[:400]}")
        if code is not None:
            equal(done.code, code, f"exit code of {' '.join(map(str, words))[:200]} ({done.err[-300:]})")
        return done

    def hunt(self, *words, **more):
        return self.run("hunt", "-q", "--json", *words, **more)

    def report(self, *words, **more):
        done = self.run("report", "-q", "--json", *words, **more)
        if done.code not in (2, 4):
            equal(list(Schema().complaints_of_output(done.out))[:3], [], "what docs/json.md has against it")
        return done

    def put(self, name, data):
        (self.folder / name).write_bytes(data)
        return name

    def ask(self, store, question, *values):
        with closing(sqlite3.connect(self.folder / store)) as db:
            return db.execute(question, values).fetchall()

    def change(self, store, *statements):
        with closing(sqlite3.connect(self.folder / store)) as db:
            for statement in statements:
                db.execute(statement)
            db.commit()

    def is_sound(self, store):
        equal(self.ask(store, "PRAGMA integrity_check"), [("ok",)], "integrity_check")


def sample():
    return gzip.decompress(SAMPLE.read_bytes())


def records_of(capture):
    """[(seconds, record)] of a little-endian pcap."""
    found, at = [], HEAD_BYTES
    while at < len(capture):
        seconds, _, size = struct.unpack_from("<III", capture, at)
        found.append((seconds, capture[at : at + RECORD_BYTES + size]))
        at += RECORD_BYTES + size
    return found


def capture_of(records):
    return sample()[:HEAD_BYTES] + b"".join(record for _, record in records)


def split(parts):
    """The sample as so many captures of equal spans of time."""
    records = records_of(sample())
    first, last = records[0][0], records[-1][0] + 1
    out = [[] for _ in range(parts)]
    for each in records:
        out[(each[0] - first) * parts // (last - first)].append(each)
    return [capture_of(part) for part in out]


def address_bytes(text):
    return bytes(int(part) for part in text.split("."))


def moved(capture, old, new):
    """The capture with one IPv4 address in place of another in its packets (checksums are not looked at)."""
    return capture.replace(address_bytes(old), address_bytes(new))


def later(capture, days):
    records = [(s, struct.pack("<I", s + 86400 * days) + r[4:]) for s, r in records_of(capture)]
    return capture_of(records)


def without(capture, *addresses):
    """The capture without the packets of these hosts."""
    wanted = [address_bytes(a) for a in addresses]
    return capture_of([r for r in records_of(capture) if not any(a in r[1] for a in wanted)])


def verdicts_of(done):
    return sorted(json.dumps(line) for line in done.lines if line["type"] in ("host", "infection"))


@check
def a_report_says_what_the_hunt_said(b):
    plain = b.hunt(SAMPLE, code=1)
    kept = b.hunt("--store", "a.db", SAMPLE, code=1)
    told = b.report("a.db", code=1)
    equal(kept.out.rsplit("\n", 2)[0], plain.out.rsplit("\n", 2)[0], "the hunt with a store")
    equal(told.out.rsplit("\n", 2)[0], plain.out.rsplit("\n", 2)[0], "the report")
    for key in ("hosts", "inputs", "complete", "limits_hit", "expected_false_hosts"):
        equal(told.summary[key], plain.summary[key], key)
    equal(told.summary["verb"], "report", "verb")
    b.is_sound("a.db")
    tables = {name for (name,) in b.ask("a.db", "SELECT name FROM sqlite_schema WHERE type = 'table'")}
    equal(tables, TABLES, "tables")


@check
def parts_in_any_order_and_number_of_runs_are_one_hunt(b):
    whole = b.hunt(b.put("whole.pcap", sample()), code=1)
    names = [b.put(f"{i}.pcap", part) for i, part in enumerate(split(4))]
    at_once = b.hunt(*names)
    for name in (names[2], names[0], names[3], names[1]):
        b.hunt("--store", "parts.db", name)
    told = b.report("parts.db", code=1)
    equal(verdicts_of(told), verdicts_of(at_once), "four runs and one")
    equal({h: line["verdict"] for h, line in told.hosts.items() if line["home"]},
          {h: line["verdict"] for h, line in whole.hosts.items() if line["home"]}, "parts and whole")
    b.hunt("--partial", "p.wsev", *names)
    b.run("merge", "--store", "merged.db", "p.wsev", code=1)
    equal(verdicts_of(b.report("merged.db", code=1)), verdicts_of(b.run("merge", "--json", "p.wsev")), "a merge")


@check
def threads_keep_what_one_keeps(b):
    names = [b.put(f"{i}.pcap", part) for i, part in enumerate(split(6))]
    for jobs in ("1", "4"):
        b.hunt("-j", jobs, "--store", f"j{jobs}.db", *names)
    question = "SELECT name, host, day, detector, slot FROM evidence JOIN inputs USING(input) JOIN kinds USING(kind) ORDER BY 1, 2, 3, 4"
    equal(b.ask("j4.db", question), b.ask("j1.db", question), "evidence of four threads")


@check
def an_input_counts_once_and_again_with_other_settings(b):
    once = b.hunt("--store", "a.db", SAMPLE, code=1)
    again = b.run("hunt", "--json", "--store", "a.db", SAMPLE, code=1)
    holds("1 input was there before, and counted once" in again.err, again.err)
    equal(b.ask("a.db", "SELECT count(*) FROM inputs"), [(1,)], "inputs")
    equal(b.ask("a.db", "SELECT count(*) FROM run_inputs"), [(2,)], "runs that met it")
    equal(verdicts_of(b.report("a.db", code=1)), verdicts_of(once), "the report")
    b.hunt("--store", "a.db", "--until", "2009-04-21T16:30:00Z", SAMPLE)
    equal(b.ask("a.db", "SELECT count(*) FROM inputs"), [(2,)], "inputs with another setting")
    b.hunt("--store", "a.db", "--site", "elsewhere", SAMPLE)
    equal(b.ask("a.db", "SELECT count(*) FROM inputs"), [(3,)], "inputs at another site")


@check
def the_same_address_at_two_sites_is_two_hosts(b):
    b.hunt("--store", "a.db", "--site", "north", SAMPLE, code=1)
    quiet = b.put("quiet.pcap", without(sample(), "10.9.1.11"))
    b.hunt("--store", "a.db", "--site", "south", quiet, code=1)
    both = b.report("a.db", code=1)
    at = {line["site"]: line["verdict"] for line in both.of("host") if line["host"] == "10.9.1.11"}
    equal(at, {"north": "infected"}, "10.9.1.11")
    at = {line["site"]: line["verdict"] for line in both.of("host") if line["host"] == "10.9.3.33"}
    equal(at, {"north": "infected", "south": "infected"}, "10.9.3.33")
    one = b.report("--site", "south", "a.db", code=1)
    equal({line["site"] for line in one.of("host")}, {"south"}, "sites of --site south")
    equal(both.summary["hosts"]["infected"], 4 + one.summary["hosts"]["infected"], "the sum")


def scanned(b, *words, code, rig):
    with rig:
        return b.run("scan", "-q", "--json", *words, code=code)


@check
def a_report_says_what_the_scan_said(b):
    rig, at = b.program.play("valid", "wrong-checksum", "silent", "udp-only")
    extra = b.program.addresses(1)
    done = scanned(b, "--store", "a.db", *at.values(), *extra, code=1, rig=rig)
    told = b.report("a.db", code=1)
    equal(verdicts_of(told), verdicts_of(done), "the report")
    equal({k: v for k, v in told.summary["hosts"].items() if k != "seen"},
          {k: v for k, v in done.summary["hosts"].items() if k != "seen"}, "counts")
    words = dict(b.ask("a.db", "SELECT host, hearing FROM answers"))
    equal((words[at["valid"]], words[extra[0]]), ("some", "refused"), "hearing")
    text = b.run("report", "a.db", code=1).out
    holds("6/6 checks: Host is likely INFECTED" in text or "4/4 checks: Host is likely INFECTED" in text, text[:300])


@check
def a_hunt_and_a_scan_of_a_host_end_in_one_verdict(b):
    rig, at = b.program.play("valid", "refuses")
    valid, refusing = at["valid"], at["refuses"]
    capture = moved(moved(sample(), "10.9.1.11", valid), "10.9.2.22", refusing)
    home = ("--home", "127.0.0.0/8,10.0.0.0/8")
    hunted = b.hunt(*home, "--store", "a.db", b.put("a.pcap", capture), code=1)
    asked = scanned(b, "--store", "a.db", valid, refusing, code=1, rig=rig)
    for words in (home, ()):  # the store knows by which networks the hunt judged
        told = b.report(*words, "a.db", code=1)
        signs = {host: {s["sign"] for s in told.hosts[host]["signs"]} for host in (valid, refusing)}
        seen = {host: {s["sign"] for s in hunted.hosts[host]["signs"]} for host in (valid, refusing)}
        equal(signs[valid], seen[valid] | {"p2p-answer"}, "signs of both")
        equal(signs[refusing], seen[refusing], "signs where the scan found none")
        equal(told.hosts[refusing]["verdict"], "infected", "a refusal takes nothing back")
        equal(told.hosts[valid]["checks"], asked.hosts[valid]["checks"], "checks")
        equal(len(told.of("host")), len(told.hosts), "lines a host")
        holds(told.hosts[valid]["home"], "it is not home")


@check
@smb.with_smb
def a_later_clean_answer_is_said_and_takes_nothing_back(b):
    rig, roles = smb.played(b.program, "patched", "unpatched", "denied-setup")
    clean, unpatched, denying = roles
    capture = moved(sample(), "10.9.1.11", clean)
    b.hunt("--home", "127.0.0.0/8,10.0.0.0/8", "--store", "a.db", b.put("a.pcap", capture), code=1)
    with rig:
        b.run("scan", "-q", "--checks", "smb,netbios", "--store", "a.db", *roles, code=0)
    told = b.report("a.db", code=1)
    equal({h: told.hosts[h]["verdict"] for h in roles},
          {clean: "infected", unpatched: "clean", denying: "unknown"}, "verdicts")
    holds("after its last sign, it answered as a clean host does" in told.hosts[clean]["says"], "not said")
    equal(told.hosts[clean]["smb"]["result"], "clean", "the answer")
    text = b.run("report", "a.db", code=1).out
    holds("after its last sign" in " ".join(text.split()), "not said in text")
    since = b.report("--since", time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400)), "a.db", code=0)
    equal(since.hosts[clean]["verdict"], "clean", "judged by what is younger")
    holds(since.hosts[clean]["says"].startswith("Clean when it was asked at 20"), since.hosts[clean]["says"])
    # A scan that asks less does not make the answer unsaid.
    b.run("scan", "-q", "--checks", "p2p", "--store", "a.db", unpatched, code=0)
    equal(b.report("a.db", code=1).hosts[unpatched]["verdict"], "clean", "after a scan by P2P alone")
    changes = {c["host"]: c for c in b.report("--diff", "1..2", "a.db").of("change")}
    equal((changes[clean]["change"], changes[clean]["after"]), ("cured", "clean"), "the change")


@check
def changes_tell_new_still_cured_and_gone_apart(b):
    monday = b.put("monday.pcap", without(sample(), "10.9.4.44"))
    # 10.9.1.11 still looks up names, but none of the worm's; of 10.9.2.22 nothing is there.
    tuesday = later(without(sample(), "10.9.2.22"), 30)
    keep = {address_bytes("10.9.1.11")}
    first = {}
    records = []
    for seconds, record in records_of(tuesday):
        of = next((a for a in keep if a in record), None)
        if of is not None:
            first[of] = first.get(of, 0) + 1
            if first[of] > 20:
                continue
        records.append((seconds, record))
    tuesday = b.put("tuesday.pcap", capture_of(records))
    b.hunt("--store", "a.db", monday, code=1)
    b.hunt("--store", "a.db", tuesday)
    told = b.report("--diff", "last-1..last", "a.db", code=1)
    runs = [{h: line["verdict"] for h, line in b.hunt(name).hosts.items() if line["home"]} for name in (monday, tuesday)]
    bad = ("infected", "suspicious")
    seen = {h for (h,) in b.ask("a.db", "SELECT DISTINCT host FROM evidence JOIN run_inputs USING(input) JOIN kinds "
                                        "USING(kind) WHERE run = 2 AND detector NOT IN ('exploit', 'callback')")}
    wanted = {}
    for host in {h for run in runs for h, v in run.items() if v in bad}:
        was, now = (run.get(host) in bad for run in runs)
        wanted[host] = "still" if was and now else "new" if now else "cured" if host in seen else "gone"
    equal({c["host"]: c["change"] for c in told.of("change")}, wanted, "changes")
    equal(set(wanted.values()), {"new", "still", "cured", "gone"}, "kinds in this test")
    equal(wanted["10.9.2.22"], "gone", "of whom nothing was seen")
    kinds = [c["change"] for c in told.of("change")]
    equal(kinds, sorted(kinds, key=("new", "still", "cured", "gone").index), "the order")
    text = b.run("report", "-q", "--diff", "1..2", "a.db").out
    today = time.strftime("%Y-%m-%d", time.gmtime())
    holds(f"NEW, from run 1 (hunt of {today}) to run 2 (hunt of {today})" in " ".join(text.split()), text[:300])
    for words in ("STILL INFECTED", "CURED: ", "NO LONGER SEEN: "):
        holds(words in text, f"{words!r} is not in the text")


@check
def older_evidence_cures_nobody(b):
    """Archives are not hunted in the order of time."""
    now, before = b.put("now.pcap", sample()), b.put("before.pcap", later(sample(), -3))
    bad = {h for h, line in b.hunt("--store", "a.db", now, code=1).hosts.items()
           if line["home"] and line["verdict"] in ("infected", "suspicious")}
    b.hunt("--until", "2009-04-21T16:00:30Z", "--store", "a.db", now)
    b.hunt("--until", "2009-04-18T16:00:30Z", "--store", "a.db", before)
    for runs, words in (("1..2", "the later run saw of it is of 2009-04-21, the same day."),
                        ("1..3", "the later run saw of it is of 2009-04-18.")):
        told = {c["host"]: c for c in b.report("--diff", runs, "a.db").of("change")
                if c.get("after") not in ("infected", "suspicious")}
        equal({c["change"] for c in told.values()}, {"gone"}, f"changes of {runs}")
        holds(any(words in c["says"] for c in told.values()), f"{runs}: {[c['says'] for c in told.values()]}")
        holds(set(told) <= bad, "who was not bad")
    b.hunt("--since", "2009-04-18T16:30:00Z", "--store", "a.db", before)
    b.hunt("--until", "2009-04-21T16:00:30Z", "--store", "a.db", b.put("copy.pcap.gz", gzip.compress(sample())))
    cured = [c["says"] for c in b.report("--diff", "4..5", "a.db").of("change") if c["change"] == "cured"]
    holds(cured and all("; seen again on 2009-04-21, it showed no sign" in says for says in cured), cured)


@check
def every_format_tells_what_the_store_holds(b):
    """Read back by readers that are not ours: the same verdicts; and in the page and the table also
    what people said of hosts, which is text as foreign as any other."""
    b.hunt("--store", "a.db", SAMPLE, code=1)
    b.hunt("--store", "a.db", b.put("later.pcap", later(without(sample(), "10.9.3.33"), 7)))
    b.put("sites.csv", b'10.9.0.0/16,ward,"<b>Ann</b>, =1+1"\n')
    b.run("report", "--sites-csv", "sites.csv", "--ack", "10.9.4.44", "--until", "2099-12-31", "--note",
          "</script><script>alert(1)</script>", "a.db")
    files = {name: b.folder / f"told.{name}" for name, (option, _, _) in reading.READERS.items() if option}
    words = [word for name, path in files.items() for word in (reading.READERS[name][0], path)]
    told = b.report("--diff", "1..2", *words, "a.db", code=1)
    wanted = {host: (line["verdict"], line["variants"]) for host, line in told.hosts.items()}
    for name, path in files.items():
        _, read, is_whole = reading.READERS[name]
        equal(read(path.read_bytes()), wanted if is_whole else reading.alarming(wanted), f"verdicts in {name}")
    page = files["html"].read_text()
    changes = page.partition('id="changes"')[2].partition("</section>")[0]
    rows = re.findall(r'<tr><td>(\w+)</td><th scope="row"><a href="#host-([0-9.]+)[^"]*">', changes)
    equal(sorted(rows), sorted((c["change"], c["host"]) for c in told.of("change")), "changes of the page")
    holds(("gone", "10.9.3.33") in rows, "10.9.3.33 is not gone")
    everything = page + "".join(p for pieces in reading.unpacked(files["html"].read_bytes()).values() for p in pieces)
    for harm in ("<b>Ann", "<script>alert"):
        holds(harm not in everything, f"{harm} is markup of the page")
    holds("&lt;b&gt;Ann" in everything, "the owner is not in the page")
    table = {row["host"]: row for row in csv.DictReader(files["csv"].read_text().splitlines())}
    equal(table["10.9.4.44"]["acknowledged_until"], "2099-12-31", "acknowledged, in the table")
    holds(table["10.9.1.11"]["owner"].endswith("<b>Ann</b>, =1+1"), "the owner is not in the table")
    done = b.run("report", "--diff", "1..2", "--anonymise", b.put("key", b"k" * 32), "a.db", code=2)
    holds("leave out --diff" in done.err, done.err)


@check
def runs_are_named_by_number_place_and_date(b):
    for _ in range(3):
        b.hunt("--store", "a.db", SAMPLE)
    tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400))
    for name, wanted in {"1..3": (1, 3), "last": (2, 3), "last-2..last-1": (1, 2), "1..": (1, 3),
                         f"2..{tomorrow}": (2, 3)}.items():
        change = b.report("--diff", name, "a.db").of("change")[0]
        equal((change["from_run"], change["to_run"]), wanted, name)
    for _ in range(2):
        b.hunt("--store", "a.db", "--site", "south", SAMPLE)
    change = b.report("--diff", "last", "--site", "south", "a.db").of("change")[0]
    equal((change["from_run"], change["to_run"], change["site"]), (4, 5, "south"), "of a site")
    for name, words in {"3..1": "earlier run to a later", "1..9": "no run '9'", "1..4": "run 4 of 'south'",
                        "x..1": "names no run", "1": "two runs", "2..2000-01-01": "no run '2000-01-01'"}.items():
        done = b.report("--diff", name, "a.db", code=2)
        holds(words in done.err, f"{name}: {done.err}")
        equal(done.out, "", "stdout")


@check
def who_is_acknowledged_stands_apart_and_does_not_count(b):
    b.hunt("--store", "a.db", SAMPLE, code=1)
    before = b.report("a.db", code=1)
    infected = sorted(h for h, line in before.hosts.items() if line["verdict"] == "infected" and line["home"])
    for number, host in enumerate(infected):
        last = number == len(infected) - 1
        told = b.report("--ack", host, "--until", "9999-12-31", "--note", "a <b>\x1b[2J", "a.db", code=0 if last else 1)
    equal(told.hosts[infected[0]]["acknowledged"], {"until": "9999-12-31", "note": "a <b>\\x1b[2J"}, "what is said")
    equal((told.summary["hosts"]["infected"], told.summary["hosts"]["acknowledged"]), (0, len(infected)), "counts")
    equal({h: line["verdict"] for h, line in told.hosts.items()},
          {h: line["verdict"] for h, line in before.hosts.items()}, "verdicts")
    text = b.run("report", "-q", "a.db", code=0).out
    holds("ACKNOWLEDGED: SOMEBODY KNOWS OF THESE HOSTS" in text and "\x1b" not in text, "the text")
    b.report("--ack", infected[0], "--until", "2009-12-31", "a.db", code=1)
    done = b.run("report", "--ack", "10.9.250.250", "--until", "2009-12-31", "a.db")
    holds("no run without a site has said anything of 10.9.250.250" in done.err, done.err)
    for words in (("--ack", infected[0]), ("--until", "2009-12-31"), ("--note", "x")):
        b.report(*words, "a.db", code=2)


@check
def the_longest_network_names_site_and_owner(b):
    b.hunt("--store", "a.db", SAMPLE, code=1)
    b.put("sites.csv", b'prefix,site,owner\n# ours\n10.9.0.0/16, "North, ""old""" ,Ann\n10.9.3.0/24,West,\n10.9.3.33,Ward 3,"B\xc3\xb6b"\n')
    told = b.report("--sites-csv", "sites.csv", "a.db", code=1).hosts
    at = {h: (told[h]["site"], told[h].get("owner")) for h in ("10.9.1.11", "10.9.3.33")}
    equal(at, {"10.9.1.11": ('North, "old"', "Ann"), "10.9.3.33": ("Ward 3", "B\u00f6b")}, "site and owner")
    equal(b.report("a.db", code=1).hosts["10.9.1.11"].get("owner"), "Ann", "kept for the next report")
    for data, words in {b"10.9.0.0/16\n": "prefix,site,owner", b"10.9.0.1/16,a,b\n": "line 1", b"x,a,b\n": "line 1",
                        b'10.0.0.0/8,"a,b\n': "quote", b"10.0.0.0/8,a,b,c\n": "more than three"}.items():
        done = b.report("--sites-csv", b.put("wrong.csv", data), "a.db", code=2)
        holds(words in done.err, f"{data}: {done.err}")
    equal(b.report("a.db", code=1).hosts["10.9.1.11"].get("owner"), "Ann", "after lists that were wrong")


@check
def the_site_of_a_run_stays_and_chooses_the_owner(b):
    b.hunt("--store", "a.db", "--site", "north", SAMPLE, code=1)
    b.put("sites.csv", b"10.9.1.0/24,south,Sue\n10.9.0.0/16,north,Nat\n")
    told = b.report("--sites-csv", "sites.csv", "a.db", code=1).hosts["10.9.1.11"]
    equal((told["site"], told["owner"]), ("north", "Nat"), "site and owner")


@check
def old_evidence_goes_and_the_input_stays_known(b):
    b.hunt("--store", "a.db", b.put("old.pcap", sample()), code=1)
    b.hunt("--store", "a.db", b.put("new.pcap", later(without(sample(), "10.9.1.11", "10.9.2.22"), 10)))
    equal(b.report("a.db", code=1).hosts["10.9.1.11"]["verdict"], "infected", "before")
    seen = b.report("a.db").summary["hosts"]["seen"]
    held = b.ask("a.db", "SELECT * FROM evidence")
    done = b.report("--keep", "5", "a.db", code=2)
    holds("would let go of all before 2009-04-27, and with it of 2 infected hosts (10.9.2.22, 10.9.1.11): say --yes" in done.err, done.err)
    equal((done.out, b.ask("a.db", "SELECT * FROM evidence")), ("", held), "after it was refused")
    done = b.run("report", "--json", "--keep", "5", "--yes", "a.db")
    holds(re.search(r"--keep 5 lets go of all before 2009-04-27: \d+ hosts on 1 day, of which 2 are infected by it", done.err), done.err)
    told = b.report("a.db")
    holds("10.9.1.11" not in told.hosts, "it is still there")
    # Of the old capture nobody is left, and the new one met more than half of all.
    new = b.hunt("new.pcap").summary["hosts"]["seen"]
    equal(told.summary["hosts"]["seen"], new, f"addresses seen (before: {seen})")
    done = b.run("report", "--keep", "5", "a.db")
    holds(": 0 hosts on 0 days, of which 0 are infected" in done.err, done.err)
    b.hunt("--store", "a.db", "old.pcap", code=1)
    holds("10.9.1.11" not in b.report("a.db").hosts, "it came back with the file")
    b.is_sound("a.db")


def while_it_waits(b, store, statements, *words):
    """A report that finds another writer at work: how it ends when that one has committed."""
    with closing(sqlite3.connect(b.folder / store, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        for statement, rows in statements:
            db.executemany(statement, rows)
        report = subprocess.Popen([b.path, "report", *words, store], cwd=b.folder, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(2 if b.program.is_sanitized else 1)
        equal(report.poll(), None, f"exit code of {words} before the other has committed")
        db.execute("COMMIT")
    out, err = report.communicate(timeout=TIMEOUT_SECONDS)
    return report.returncode, out.decode() + err.decode()


@check
def nothing_goes_that_another_writer_kept_just_now(b):
    """What --keep and --forget-run let go of is weighed as it is when they have the store."""
    b.hunt("--store", "a.db", b.put("old.pcap", sample()), code=1)
    b.hunt("--store", "a.db", b.put("new.pcap", later(without(sample(), "10.9.1.11", "10.9.2.22"), 10)))
    old = b.ask("a.db", "SELECT * FROM evidence WHERE input = 1")
    b.change("a.db", "DELETE FROM evidence WHERE input = 1")
    put = f"INSERT INTO evidence VALUES({','.join('?' * len(old[0]))})"
    code, said = while_it_waits(b, "a.db", [(put, old)], "--keep", "5")
    equal(code, 2, f"exit code of --keep ({said})")
    holds("of 2 infected hosts (10.9.2.22, 10.9.1.11): say --yes" in said, said)
    equal(b.ask("a.db", "SELECT * FROM evidence WHERE input = 1"), old, "the other's evidence")
    b.change("a.db", "UPDATE verdicts SET verdict = 'suspicious' WHERE run = 2")
    again = [("UPDATE verdicts SET verdict = 'infected' WHERE run = ?", [(2,)])]
    code, said = while_it_waits(b, "a.db", again, "--forget-run", "2")
    equal(code, 2, f"exit code of --forget-run ({said})")
    equal(b.ask("a.db", "SELECT count(*) FROM runs"), [(2,)], "runs")
    b.is_sound("a.db")


@check
def a_scan_of_today_does_not_make_an_old_hunt_go_unasked(b):
    b.hunt("--store", "a.db", SAMPLE, code=1)
    b.run("scan", "-q", "--store", "a.db", *b.program.addresses(1), code=0)
    done = b.report("--keep", "30", "a.db", code=2)
    holds("of 4 infected hosts (" in done.err, done.err)
    equal(b.report("a.db", code=1).summary["hosts"]["infected"], 4, "infected")
    told = b.report("--keep", "30", "--yes", "a.db", code=0)
    holds(told.summary["hosts"]["seen"] < 5, f"{told.summary['hosts']['seen']} addresses are seen still")
    for words in (("--yes",), ("--runs", "--diff", "last")):
        b.report(*words, "a.db", code=2)


@check
def since_counts_nobody_who_is_left_out(b):
    b.hunt("--store", "a.db", SAMPLE, code=1)
    equal(b.report("--since", "2020-01-01", "a.db", code=0).summary["hosts"]["seen"], 0, "addresses seen")
    equal(b.report("--since", "2009-04-21", "a.db", code=1).summary["hosts"]["seen"],
          b.report("a.db", code=1).summary["hosts"]["seen"], "addresses seen of all")


@check
def a_run_that_read_nothing_leaves_none(b):
    b.hunt("--store", "a.db", SAMPLE, code=1)
    done = b.run("hunt", "--store", "a.db", "nofile", code=4)
    holds("nothing was read, so this run is not kept" in done.err, done.err)
    b.run("hunt", "--store", "a.db", b.put("notes.txt", b"no capture"))
    equal(b.ask("a.db", "SELECT count(*) FROM runs"), [(1,)], "runs")
    equal(b.report("a.db", code=1).summary["complete"], True, "complete")


@check
def the_run_and_the_input_at_fault_are_named(b):
    quiet = b.put("quiet.pcap", sample()[:HEAD_BYTES])
    b.hunt("--store", "a.db", quiet, "no\x1bfile")
    b.report("a.db", code=3)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    said = "no\\x1bfile: cannot open: No such file or directory"
    text = " ".join(b.run("report", "a.db", code=3).out.split())
    holds(f"run 1 (hunt of {today}): {said}" in text, text[-500:])
    text = b.run("report", "--runs", "a.db", code=0).out
    holds("run 1: hunt at " in text and "NOT WHOLE" in text and said in text, text)
    b.hunt("--store", "a.db", SAMPLE, code=1)
    done = b.report("--forget-run", "7", "a.db", code=2)
    holds("no run '7': there are 1, 2" in done.err, done.err)
    done = b.report("--forget-run", "2", "a.db", code=2)
    holds("called 4 hosts infected: say --yes" in done.err, done.err)
    equal(b.report("--forget-run", "1", "a.db", code=1).summary["complete"], True, "complete without it")
    b.report("--forget-run", "2", "--yes", "a.db")
    equal(b.ask("a.db", "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM inputs), (SELECT count(*) FROM evidence), "
                        "(SELECT count(*) FROM verdicts)"), [(0, 0, 0, 0)], "rows")
    equal(b.run("report", "--runs", "a.db", code=0).out, "no run\n", "the list")


@check
def what_another_run_met_stays_when_one_is_forgotten(b):
    for _ in range(2):
        whole = b.hunt("--store", "a.db", SAMPLE, code=1)
    told = b.report("--forget-run", "1", "--yes", "a.db", code=1)
    equal(verdicts_of(told), verdicts_of(whole), "the report")


@check
def runs_are_listed(b):
    b.hunt("--store", "a.db", "--site", "north", SAMPLE, code=1)
    b.run("scan", "-q", "--store", "a.db", *b.program.addresses(1), code=0)
    lines = b.run("report", "--runs", "--json", "a.db", code=0).lines
    for line in lines:
        equal(list(Schema().complaints(line, "run", "run", "report")), [], "what docs/json.md has against it")
    equal([(r["run"], r["verb"], r["site"], r["inputs"], r["infected"], r["complete"], r["mended"]) for r in lines],
          [(1, "hunt", "north", 1, 4, True, False), (2, "scan", None, 0, 0, True, False)], "runs")
    text = b.run("report", "--runs", "--site", "north", "a.db", code=0).out
    holds(re.fullmatch(r"run 1: hunt at \S+, site north, 1 input, 4 infected, whole\n", text), text)


@check
def runs_without_a_common_host_are_told_apart(b):
    b.hunt("--store", "a.db", SAMPLE, code=1)
    b.run("scan", "-q", "--store", "a.db", *b.program.addresses(1), code=0)
    text = " ".join(b.run("report", "--diff", "last", "a.db", code=1).out.split())
    today = time.strftime("%Y-%m-%d", time.gmtime())
    holds(f"run 1 (hunt of {today}) and run 2 (scan of {today}) have no host in common" in text, text[-600:])
    b.hunt("--store", "a.db", SAMPLE, code=1)
    text = " ".join(b.run("report", "--diff", "1..3", "a.db", code=1).out.split())
    holds("in common" not in text, "though they have all")


@check
def changes_come_gravest_first_and_say_it_once(b):
    for _ in range(2):
        b.hunt("--store", "a.db", SAMPLE, code=1)
    told = b.report("--diff", "last", "a.db", code=1)
    order = [h for h, line in told.hosts.items() if line["verdict"] in ("infected", "suspicious") and line["home"]]
    equal([c["host"] for c in told.of("change")], order, "the order")
    for change in told.of("change"):
        holds(change["says"].lower().count(change["after"]) <= 1, change["says"])


@check
def a_site_of_the_list_is_a_site(b):
    b.hunt("--store", "a.db", SAMPLE, code=1)
    b.put("sites.csv", b"10.9.0.0/16,north,\n10.9.3.0/24,west,Ann\n")
    whole = b.report("--sites-csv", "sites.csv", "a.db", code=1)
    told = b.report("--site", "west", "a.db", code=1)
    equal(verdicts_of(told), sorted(json.dumps(line) for line in whole.of("host") if line["site"] == "west")
          + sorted(json.dumps(line) for line in told.of("infection")), "hosts")
    equal(set(told.hosts), {h for h, line in whole.hosts.items() if line["site"] == "west"}, "hosts")
    equal(told.summary["hosts"]["infected"], 1, "infected")
    done = b.report("--site", "east", "a.db", code=2)
    holds("names a site 'east': there are north, west" in done.err, done.err)
    known = b.report("--ack", "10.9.3.33", "--site", "west", "--until", "9999-12-31", "a.db", code=0)
    holds("acknowledged" in known.hosts["10.9.3.33"], "it is not acknowledged")
    equal(b.report("a.db", code=1).summary["hosts"]["acknowledged"], 1, "acknowledged among all")
    b.report("--ack", "10.9.3.33", "--site", "east", "--until", "9999-12-31", "a.db", code=2)


@check
def an_acknowledgement_is_confirmed(b):
    b.hunt("--store", "a.db", SAMPLE, code=1)
    done = b.run("report", "--ack", "10.9.1.11", "--until", "9999-12-31", "a.db", code=1)
    holds("10.9.1.11 is acknowledged until 9999-12-31: shown apart, and in no count" in done.err, done.err)
    done = b.run("report", "--ack", "10.9.1.11", "--until", "2009-12-31", "a.db", code=1)
    holds("2009-12-31 is past: no acknowledgement of 10.9.1.11 holds any more" in done.err, done.err)


@check
def names_that_were_told_come_back(b):
    case = ROOT / "tests" / "cases"
    found = [p for p in sorted(case.glob("hunt-*")) if "name" in p.name or "dhcp" in p.name or "netbios" in p.name]
    if not found:
        raise Skip("no case with names")
    sys.path.insert(0, str(case))
    import run as cases
    names = 0
    for number, each in enumerate(found):
        below = b.folder / str(number)
        below.mkdir()
        captures = [p for p in sorted(cases.copy_of(each, below).rglob("*")) if ".pcap" in p.name]
        for turn, capture in enumerate(captures):
            b.hunt("--store", f"{number}.db", capture)
        if not captures:
            continue
        equal(verdicts_of(b.report(f"{number}.db")), verdicts_of(b.hunt(*captures)), each.name)
        names += sum(len(line["names"]) for line in b.report(f"{number}.db").of("host"))
    holds(names > 0, "no name in any of them")


@check_once
def a_hunt_that_is_killed_costs_what_was_not_committed(b):
    names = [b.put(f"{i}.pcap", later(sample(), i)) for i in range(12)]
    b.hunt("--store", "a.db", names[0], code=1)
    before = verdicts_of(b.report("a.db", code=1))
    alive = random.Random(1)
    runs = 1
    for kill in range(KILLS):
        child = subprocess.Popen([b.path, "hunt", "-q", "-j1", "--store", "a.db", *names], cwd=b.folder,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while b.ask("a.db", "SELECT count(*) FROM runs") == [(runs,)] and child.poll() is None:
            time.sleep(0.01)
        runs += 1
        if kill + 1 < KILLS:  # the last one has no time to come to its end
            time.sleep(alive.uniform(0, 0.3))
        child.send_signal(signal.SIGKILL)
        child.wait()
        b.is_sound("a.db")
        told = b.report("a.db", code=1)
        equal(sorted(line["name"] for line in told.summary["inputs"]),
              sorted(name for (name,) in b.ask("a.db", "SELECT name FROM inputs")), "inputs")
        holds(b.ask("a.db", "SELECT count(*) FROM evidence WHERE input NOT IN (SELECT input FROM inputs)") == [(0,)],
              "evidence without its input")
    cut = b.ask("a.db", "SELECT count(*), max(run) FROM runs WHERE ended_us IS NULL")[0]
    equal(cut[1], runs, "the last run that was killed in its midst")
    equal(b.report("a.db").summary["complete"], False, "complete while a run was cut short")
    holds("before it was whole" in b.run("report", "a.db").out.replace("\n    ", " ")
          or "before they were whole" in b.run("report", "a.db").out.replace("\n    ", " "), "it is not said")
    whole = b.hunt("-j1", "--store", "a.db", *names, code=1)
    told = b.report("a.db", code=1)
    equal(verdicts_of(told), verdicts_of(whole), "when it was done again")
    equal(told.summary["complete"], True, "complete")
    holds(before != verdicts_of(told), "nothing was added")


@check_once
def a_scan_that_is_killed_keeps_the_hosts_that_were_done(b):
    rig, at = b.program.play("valid")
    silent = b.program.addresses(1)[0].rsplit(".", 1)[0]
    with rig:
        child = subprocess.Popen([b.path, "scan", "-q", "--store", "a.db", at["valid"], f"{silent}.1-250", "--max-rate", "100"],
                                 cwd=b.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        late = time.monotonic() + 30
        while time.monotonic() < late:
            time.sleep(0.2)
            if (b.folder / "a.db").exists() and b.ask("a.db", "SELECT count(*) FROM sqlite_schema WHERE name = 'answers'")[0][0] \
                    and b.ask("a.db", "SELECT count(*) FROM answers")[0][0] >= 3:
                break
        holds(child.poll() is None, "the scan was over before it could be killed")
        child.send_signal(signal.SIGKILL)
        child.wait()
    b.is_sound("a.db")
    kept = b.ask("a.db", "SELECT count(*) FROM answers")[0][0]
    holds(3 <= kept < 251, f"{kept} hosts were kept")
    told = b.report("a.db")
    equal(len(told.hosts), kept, "hosts")
    equal(told.summary["complete"], False, "complete")


@check
def a_watch_that_is_killed_keeps_what_it_told(b):
    watch = watching.Program("", b.path)
    records = worm_speaks(SUSPECT, "192.0.2.9", WHEN)
    with Server(forever(records)) as server:
        run = watch.begin(server.url, "--store", str(b.folder / "a.db"))
        run.wait_for('"verdict":"infected"')
        run.child.send_signal(signal.SIGKILL)
        run.child.wait()
        b.is_sound("a.db")
        told = b.report("a.db", code=1)
        equal((told.hosts[SUSPECT]["verdict"], told.summary["complete"]), ("infected", False), "after the kill")
        equal(b.ask("a.db", "SELECT verdict FROM verdicts WHERE host = ?", SUSPECT), [("infected",)], "the run's verdict")
        run = watch.begin(server.url, "--store", str(b.folder / "a.db"))
        run.wait_for('"verdict":"infected"')
        done = run.interrupt().ends(1)
    told = b.report("a.db", code=1)
    host = next(line for line in done.lines if line["type"] == "host" and line["host"] == SUSPECT)
    equal([s["sign"] for s in told.hosts[SUSPECT]["signs"]], [s["sign"] for s in host["signs"]], "signs")
    equal(told.summary["complete"], True, "complete, as the same watch was done whole")
    equal(b.report("--diff", "1..2", "a.db").of("change")[0]["change"], "still", "the change")


@check
def two_writers_wait_for_each_other(b):
    names = [[b.put(f"{w}-{i}.pcap", later(part, w)) for i, part in enumerate(split(6))] for w in range(3)]
    children = [subprocess.Popen([b.path, "hunt", "-q", "--json", "--store", "a.db", *each], cwd=b.folder,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                for each in names]
    ends = [(child.communicate(timeout=TIMEOUT_SECONDS)[1].decode(), child.returncode) for child in children]
    equal([code for _, code in ends], [1, 1, 1], f"exit codes ({ends})")
    b.is_sound("a.db")
    equal(b.ask("a.db", "SELECT count(*), min(complete) FROM runs"), [(3, 1)], "runs")
    equal(verdicts_of(b.report("a.db", code=1)), verdicts_of(b.hunt(*sum(names, []))), "the report")


@check_once
def a_writer_that_never_ends_is_named(b):
    b.hunt("--store", "a.db", SAMPLE)
    db = sqlite3.connect(b.folder / "a.db", isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    reader = b.report("a.db", code=1)  # who reads does not wait
    done = b.hunt("--store", "a.db", SAMPLE, code=4)
    db.execute("ROLLBACK")
    db.close()
    holds("another program has been writing to it for 30 s" in done.err, done.err)
    equal(verdicts_of(b.report("a.db", code=1)), verdicts_of(reader), "the report")


@check
def a_read_only_store_is_read_and_not_written(b):
    b.hunt("--store", "a.db", SAMPLE)
    before = b.report("a.db", code=1)
    unshare = ["unshare", "-rm", "sh", "-c"]
    script = 'mkdir ro && mount -t tmpfs none ro && cp a.db ro/ && mount -o remount,ro ro && "$0" report -q --json ro/a.db; ' \
             'echo $?; "$0" hunt -q --store ro/a.db "$1"; echo $?; "$0" report -q --ack 10.9.1.11 --until 9999-12-31 ro/a.db; echo $?'
    probe = subprocess.run([*unshare, "mkdir probe && mount -t tmpfs none probe"], cwd=b.folder, capture_output=True, check=False)
    if probe.returncode != 0:
        raise Skip("no namespaces with mounts here")
    done = subprocess.run([*unshare, script, b.path, str(SAMPLE)], cwd=b.folder, capture_output=True, text=True,
                          timeout=TIMEOUT_SECONDS, check=False)
    *lines, read, hunted, known = done.stdout.splitlines()
    equal((read, hunted, known), ("1", "4", "4"), f"exit codes ({done.stderr})")
    equal(lines[:-1], before.out.splitlines()[:-1], "what was read")
    equal(done.stderr.count("store ro/a.db: "), 2, f"complaints ({done.stderr})")


@check
def a_full_disk_is_said_and_what_was_there_stays(b):
    b.hunt("--store", "a.db", SAMPLE)
    before = b.report("a.db", code=1)
    names = [b.put(f"{i}.pcap", later(sample(), i + 1)) for i in range(4)]
    script = 'mount -t tmpfs -o size=1200k none disk && cp a.db disk/ && "$0" hunt -q -j1 --json --store disk/a.db "$@" ' \
             '>hunted; code=$?; cp -r disk copy; exit $code'
    (b.folder / "disk").mkdir()
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script, b.path, *names], cwd=b.folder, capture_output=True,
                          text=True, timeout=TIMEOUT_SECONDS, check=False)
    if "mount" in done.stderr or "unshare" in done.stderr:
        raise Skip("no namespaces with mounts here")
    equal(done.returncode, 4, f"exit ({done.stderr})")
    holds("disk/a.db: not all could be kept: " in done.stderr, done.stderr)
    holds("No space left on device" in done.stderr, done.stderr)
    equal(len((b.folder / "hunted").read_text().splitlines()) > 5, True, "the hunt's own report")
    b.is_sound("copy/a.db")
    told = b.report("copy/a.db", code=1)
    holds(set(before.hosts) <= set(told.hosts), "hosts that were there before are gone")
    equal(told.summary["complete"], False, "complete")


@check
def a_full_disk_is_read_from_and_costs_no_verdict(b):
    hunted = b.hunt("--store", "a.db", SAMPLE, code=1)
    before = b.report("a.db", code=1)
    for name in ("a.db-shm", "a.db-wal"):
        (b.folder / name).unlink(missing_ok=True)
    script = 'mount -t tmpfs -o size=900k none disk && cp a.db disk/ && dd if=/dev/zero of=disk/fill bs=4k 2>/dev/null; ' \
             'for each in "report -q --json disk/a.db" "hunt -q --json --store disk/a.db $1" "hunt -q --json --store disk/new.db $1"; ' \
             'do "$0" $each; echo $?; done'
    (b.folder / "disk").mkdir()
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script, b.path, b.put("in.pcap", sample())], cwd=b.folder,
                          capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    if "mount" in done.stderr or "unshare" in done.stderr:
        raise Skip("no namespaces with mounts here")
    parts = re.split(r"^([0-4])\n", done.stdout, flags=re.M)
    equal(parts[1::2], ["1", "4", "4"], f"exit codes ({done.stderr})")
    equal(parts[0].splitlines()[:-1], before.out.splitlines()[:-1], "the report of a full disk")
    for part in (parts[2], parts[4]):
        equal(part.splitlines()[:-1], hunted.out.splitlines()[:-1], "the hunt's verdicts")
    equal(done.stderr.count("No space left on device: nothing of this run is kept"), 2, f"complaints ({done.stderr})")


def files(b, store="a.db"):
    return sorted(path.name for path in b.folder.glob(f"{store}*"))


@check
def a_report_leaves_nothing_beside_the_store_and_nothing_in_it(b):
    b.hunt("--store", "a.db", SAMPLE, code=1)
    held, when = (b.folder / "a.db").read_bytes(), (b.folder / "a.db").stat().st_mtime_ns
    for words, code in (((), 1), (("--runs",), 0), (("--site", "nowhere"), 2)):
        b.run("report", "-q", *words, "a.db", code=code)
        equal(files(b), ["a.db"], f"what lies there after report {' '.join(words)}")
    now = (b.folder / "a.db").read_bytes(), (b.folder / "a.db").stat().st_mtime_ns
    equal(now, (held, when), "the store")
    # Of several the last who leaves takes the log away.
    with closing(sqlite3.connect(b.folder / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM runs").fetchall()
        b.report("a.db", code=1)
        equal(files(b), ["a.db", "a.db-shm", "a.db-wal"], "while another reads")
        other.execute("COMMIT")
        other.execute("INSERT INTO sites VALUES('10.9.1.0/24', 'north', 'Ann')")
        equal(b.report("a.db", code=1).hosts["10.9.1.11"]["site"], "north", "what another has written")
        equal(other.execute("SELECT site FROM sites").fetchall(), [("north",)], "what that one reads then")
    equal(files(b), ["a.db"], "when all have left")
    # What is in the log of one that was killed stays.
    script = "import os, sqlite3; db = sqlite3.connect('a.db'); db.execute(\"UPDATE sites SET site = 'south'\"); " \
             "db.commit(); os._exit(0)"
    subprocess.run([sys.executable, "-c", script], cwd=b.folder, check=True, timeout=TIMEOUT_SECONDS)
    holds((b.folder / "a.db-wal").stat().st_size > 0, "there is no log")
    for _ in range(2):
        equal(b.report("a.db", code=1).hosts["10.9.1.11"]["site"], "south", "what one that was killed has written")
    equal(files(b), ["a.db"], "after it was read")


@check
def a_run_that_was_killed_before_it_kept_anything_leaves_no_log_for_long(b):
    script = "import os, sqlite3; db = sqlite3.connect('a.db'); db.execute('PRAGMA journal_mode = WAL'); " \
             "db.execute('BEGIN IMMEDIATE'); db.execute('CREATE TABLE runs(run)'); os._exit(0)"
    subprocess.run([sys.executable, "-c", script], cwd=b.folder, check=True, timeout=TIMEOUT_SECONDS)
    equal(files(b), ["a.db", "a.db-shm", "a.db-wal"], "after it was killed")
    holds("it is empty: no run has written to it" in b.report("a.db", code=4).err, "not said")
    equal(files(b), ["a.db"], "after it was looked at")
    # So is that of a reader that was killed.
    b.hunt("--store", "b.db", SAMPLE, code=1)
    script = "import os, sqlite3; sqlite3.connect('b.db').execute('SELECT * FROM runs').fetchall(); os._exit(0)"
    subprocess.run([sys.executable, "-c", script], cwd=b.folder, check=True, timeout=TIMEOUT_SECONDS)
    equal(files(b, "b.db"), ["b.db", "b.db-shm", "b.db-wal"], "after the reader was killed")
    b.report("b.db", code=1)
    equal(files(b, "b.db"), ["b.db"], "after the next has left")


@check
def a_report_on_another_database_leaves_its_log_alone(b):
    with closing(sqlite3.connect(b.folder / "other.db")) as db:
        db.execute("PRAGMA journal_mode = WAL")
    script = "import os, sqlite3; db = sqlite3.connect('other.db'); db.execute('CREATE TABLE t(x)'); " \
             "db.commit(); os._exit(0)"
    subprocess.run([sys.executable, "-c", script], cwd=b.folder, check=True, timeout=TIMEOUT_SECONDS)
    held = {name: (b.folder / name).read_bytes() for name in ("other.db", "other.db-wal")}
    holds(held["other.db-wal"], "there is no log")
    b.report("other.db", code=4)
    equal({name: (b.folder / name).read_bytes() for name in held}, held, "the database and its log")


def as_nobody(b, *words):
    """Whoever runs this may write to everything, so somebody else asks; None where that cannot be."""
    if os.geteuid() != 0:
        return b.report(*words)
    for above in (b.folder, *b.folder.parents):
        if not above.stat().st_mode & 0o001 and above != b.folder:
            raise Skip(f"nobody may not look into {above}")
    return b.report(*words, user=65534, group=65534, extra_groups=[])


@check
def a_store_in_a_folder_of_somebody_else_is_read_and_nothing_is_put_there(b):
    b.hunt("--store", "a.db", SAMPLE, code=1)
    before = verdicts_of(b.report("a.db", code=1))
    for rights in (0o444, 0o666):
        (b.folder / "a.db").chmod(rights)
        b.folder.chmod(0o555)
        try:
            told = as_nobody(b, "a.db")
        finally:
            b.folder.chmod(0o755)
        equal(told.code, 1, f"exit code ({told.err})")
        equal(verdicts_of(told), before, f"verdicts, where the store's rights are {rights:o}")
        equal(files(b), ["a.db"], "what lies there")


@check
def places_where_no_store_can_be_are_named(b):
    done = b.report(".", code=4)
    holds("it is a directory" in done.err, done.err)
    for place, words in {".": "is a directory", "/dev/full": "is no ordinary file"}.items():
        done = b.run("hunt", "--store", place, SAMPLE, code=4)
        holds(f"{place} {words}: a store cannot be there" in done.err, done.err)


@check
def other_files_are_left_as_they_are(b):
    plain = sqlite3.connect(b.folder / "other.db")
    plain.execute("CREATE TABLE t(x)")
    plain.commit()
    plain.close()
    b.put("notes.txt", b"not a store, but long enough to be looked at\n" * 40)
    b.put("in.pcap", sample())
    b.hunt("--partial", "p.wsev", "in.pcap")
    for name in ("other.db", "notes.txt", "in.pcap", "p.wsev"):
        held = (b.folder / name).read_bytes()
        done = b.run("hunt", "--store", name, SAMPLE, code=4)
        equal((b.folder / name).read_bytes(), held, f"{name} after {done.err}")
        equal(done.out, "", "stdout")
        if name != "p.wsev":
            b.report(name, code=4)
    b.report("no such store", code=4)
    holds(not (b.folder / "no such store").exists(), "a store was made by a report")
    b.hunt("--store", "a.db", SAMPLE)
    done = b.run("hunt", "-oJ", "a.db", SAMPLE, code=4)
    holds("a store or another database, which the report would replace" in done.err, done.err)
    b.run("hunt", "--store", "x.db", "-oJ", "x.db", SAMPLE, code=4)
    b.report("a.db", code=1)
    for words in ((), ("a.db", "b.db")):
        b.report(*words, code=2)


@check
def versions_are_migrated_or_refused(b):
    b.put("empty.db", b"")
    b.report("empty.db", code=4)
    b.hunt("--store", "empty.db", SAMPLE, code=1)
    b.report("empty.db", code=1)
    # A file of SQLite that has nothing in it is version 0, as one whose making was ended is.
    b.change("zero.db", "PRAGMA user_version = 0", "CREATE TABLE t(x)", "DROP TABLE t")
    b.hunt("--store", "zero.db", SAMPLE, code=1)
    equal(b.ask("zero.db", "PRAGMA user_version"), [(1,)], "version")
    b.change("zero.db", "PRAGMA user_version = 2")
    held = (b.folder / "zero.db").read_bytes()
    for done in (b.report("zero.db", code=4), b.hunt("--store", "zero.db", SAMPLE, code=4)):
        holds("it is of version 2, and this build knows version 1" in done.err, done.err)
    equal((b.folder / "zero.db").read_bytes(), held, "the store of the future")


HOSTILE = {
    "a trigger": ["CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM evidence; END"],
    "a view in place of a table": ["DROP TABLE edges", "CREATE VIEW edges AS SELECT 1"],
    "a table more": ["CREATE TABLE more(x)"],
    "a table less": ["DROP TABLE edges"],
    "an address that is none": ["UPDATE evidence SET host = 'x' || host WHERE host LIKE '10.9.1.11'"],
    "an address in another form": ["UPDATE evidence SET host = '::ffff:10.9.1.11' WHERE host = '10.9.1.11'"],
    "a day beyond the calendar": ["UPDATE evidence SET day = 9999999999 WHERE host = '10.9.1.11'"],
    "a slot that is cut": ["UPDATE evidence SET slot = substr(slot, 1, length(slot) - 1) WHERE host = '10.9.1.11'"],
    "an empty slot": ["UPDATE evidence SET slot = x'' WHERE host = '10.9.1.11'"],
    "a slot that is text": ["UPDATE evidence SET slot = 'slot' WHERE host = '10.9.1.11'"],
    "a head that is cut": ["UPDATE inputs SET head = substr(head, 1, 40)"],
    "a head with more": ["UPDATE inputs SET head = head || x'00'"],
    "a count below zero": ["UPDATE inputs SET records = -1"],
    "a text with a NUL": ["UPDATE inputs SET name = 'a' || char(0) || 'b'"],
    "answers that are none": ["INSERT INTO answers VALUES(1, '10.9.1.11', 0, 'some', '', '', '', x'01')"],
    "names that are none": ["INSERT INTO names VALUES('', '10.9.1.11', 0, x'01')"],
    "a network that is none": ["INSERT INTO sites VALUES('10.9.0.1/8', 'a', 'b')"],
}


@check
def a_store_made_to_harm_is_refused_whole(b):
    b.hunt("--store", "good.db", SAMPLE)
    held = (b.folder / "good.db").read_bytes()
    for what, statements in HOSTILE.items():
        b.put("bad.db", held)
        b.change("bad.db", *statements)
        b.put("kept.jsonl", b"kept\n")
        since = ("--since", "0001-01-01") if "names" in what or "answers" in what else ()
        done = b.report(*since, "-oJ", "kept.jsonl", "bad.db", code=4)
        equal((done.out, done.err.count("\n")), ("", 1), f"{what}: stdout, and lines on stderr ({done.err[:300]})")
        holds(done.err.startswith("wormsign: store bad.db: "), f"{what}: {done.err}")
        equal((b.folder / "kept.jsonl").read_bytes(), b"kept\n", f"{what}: a report that was there")


@check
def evidence_of_unknown_detectors_is_passed_over_and_said(b):
    b.hunt("--store", "a.db", SAMPLE)
    b.change("a.db", "UPDATE kinds SET form = 999 WHERE detector = 'p2p-ports'")
    told = b.report("a.db", code=1)
    equal(told.summary["complete"], False, "complete")
    holds(any("does not know" in limit for limit in told.summary["limits_hit"]), told.summary["limits_hit"])


@check
def random_damage_is_said_or_harmless(b):
    b.hunt("--store", "good.db", SAMPLE)
    held = (b.folder / "good.db").read_bytes()
    good = verdicts_of(b.report("good.db", code=1))
    chance, refused = random.Random(9), 0
    for _ in range(CORRUPTIONS):
        data = bytearray(held)
        for _ in range(chance.choice((1, 1, 4, 64))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        b.put("bad.db", bytes(data))
        done = b.run("report", "-q", "--json", "bad.db")
        holds(done.code in (0, 1, 3, 4), f"exit {done.code}: {done.err[-500:]}")
        refused += done.code == 4
        equal(done.err.count("\n") if done.code == 4 else 1, 1, f"lines on stderr ({done.err[:300]})")
        written = b.run("hunt", "-q", "--json", "--store", "bad.db", SAMPLE)
        holds(written.code in (1, 4), f"exit {written.code}: {written.err[-500:]}")
    holds(refused > CORRUPTIONS // 4, f"only {refused} of {CORRUPTIONS} were refused")
    equal(verdicts_of(b.report("good.db", code=1)), good, "the good one")


@check_once
def the_page_shows_the_tables_and_the_commands_that_work(b):
    page = (ROOT / "docs" / "store.md").read_text()
    b.hunt("--store", "ward.db", SAMPLE)
    b.hunt("--store", "ward.db", SAMPLE)
    for table in TABLES:
        holds(f"\n| {table} | " in page, f"{table} is not on the page")
        for (column,) in b.ask("ward.db", f"SELECT name FROM pragma_table_info('{table}')"):
            row = next(line for line in page.splitlines() if line.startswith(f"| {table} | "))
            holds(column in row, f"{table}.{column} is not on the page")
    for line in page.splitlines():
        if line.startswith("    sqlite3 ward.db "):
            done = subprocess.run(["sh", "-c", line.strip()], cwd=b.folder, capture_output=True, text=True, check=False)
            if done.returncode == 127:
                raise Skip("sqlite3 is not installed")
            holds(done.returncode == 0 and done.stdout, f"{line}: {done.stderr}")


def programs():
    found = [("", Program("", os.environ.get("WORMSIGN", ROOT / "build" / "wormsign"), 0))]
    if os.environ.get("WORMSIGN_ASAN"):
        found.append(("asan ", Program("asan ", os.environ["WORMSIGN_ASAN"], 1)))
    return found


def main():
    wanted, failed = sys.argv[1:], 0
    for before, program in programs():
        for function, with_all in CHECKS:
            name = before + function.__name__.replace("_", " ")
            if not (with_all or before == "") or (wanted and not any(part in function.__name__ for part in wanted)) \
                    or function.__module__ not in ("__main__", __name__):
                continue
            with tempfile.TemporaryDirectory() as folder:
                try:
                    skipped = function(Bench(program, folder))
                    print(f"skip {name}: {skipped}" if skipped else f"ok {name}", flush=True)
                except Skip as reason:
                    print(f"skip {name}: {reason}", flush=True)
                except Exception as reason:  # any failure of a check is its answer
                    failed += 1
                    print(f"not ok {name}: {type(reason).__name__} {' '.join(str(reason).split())}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
