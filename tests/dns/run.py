#!/usr/bin/env python3
"""`wormsign dns` from outside: captures and archives alike, held against what radump and tcpdump
print of the same; names of the worm's lists on the right and the wrong day; several messages in one
buffer, cut ones, hostile names; what is said of wrong use and of damage.

Runs with $WORMSIGN (else build/wormsign), hostile input also with $WORMSIGN_ASAN. Prints
`ok NAME`, `not ok NAME: reason` or `skip NAME: reason`."""
import datetime
import gzip
import itertools
import json
import os
import re
import shutil
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "rig"))
from calling import call, path_of
from checking import Skip, check, check_all, equal, holds

SAMPLES = ROOT / "samples"
VECTORS = ROOT / "tests" / "vectors"
SHARED = Path(os.environ.get("WORMSIGN_SHARED", ROOT / ".." / "shared"))
PROGRAM = os.environ.get("WORMSIGN", str(ROOT / "build" / "wormsign"))
PROGRAMS = [p for p in (PROGRAM, os.environ.get("WORMSIGN_ASAN")) if p]
DAY = datetime.timedelta(days=1)
A, NS, PTR, AAAA, ANY = 1, 2, 12, 28, 255
NXDOMAIN = 3


def run(*words, program=PROGRAM, stdin=None):
    return call(program, *words, stdin=stdin)


def lines(*words, code=0, program=PROGRAM, stdin=None):
    done = run("dns", *words, program=program, stdin=stdin)
    equal(done.returncode, code, f"the exit code of dns {words} ({done.stderr[:300]})")
    return done.stdout.splitlines()


def objects(*words, **how):
    return [json.loads(line) for line in lines("--json", *words, **how)]


def columns(fields, *words, **how):
    return [tuple(line.split("|")) for line in lines("-c", "|", "-s", fields, *words, **how)]


# Captures


def name_bytes(name):
    """A name in text, or labels as bytes."""
    labels = [label.encode() for label in name.split(".")] if isinstance(name, str) else name
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def message(ident, name, *, answers=False, code=0, qtype=A, addresses=()):
    flags = (0x8180 | code) if answers else 0x0100
    out = struct.pack(">HHHHHH", ident, flags, 1, len(addresses), 0, 0)
    out += name_bytes(name) + struct.pack(">HH", qtype, 1)
    for address in addresses:
        out += b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 60, 4) + bytes(map(int, address.split(".")))
    return out


IP_IDS = itertools.count(1)  # a frame with the id of another passes for a mirror's copy


def datagram(payload, *, client="10.0.0.5", server="10.0.0.53", port=1025, back=False, server_port=53):
    ends = [bytes(map(int, a.split("."))) for a in (client, server)]
    ports = [port, server_port]
    if back:
        ends.reverse()
        ports.reverse()
    udp = struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), next(IP_IDS) & 0xFFFF, 0, 64, 17, 0) + ends[0] + ends[1]
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + ip[12:]
    return bytes.fromhex("020000000002020000000001") + b"\x08\0" + ip + udp


def capture(path, frames, snap=65535):
    """frames: (seconds since 1970, bytes)."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for when, frame in frames:
        us = round(when * 1000000)
        kept = frame[:snap]
        out += struct.pack("<IIII", us // 1000000, us % 1000000, len(kept), len(frame)) + kept
    Path(path).write_bytes(out)
    return path


def seconds_of(date):
    return datetime.datetime.combine(date, datetime.time(12), datetime.timezone.utc).timestamp()


def sensor_of(path, limit=512):
    archive = Path(f"{path}.{limit}.argus")
    archive.unlink(missing_ok=True)
    run("-X", "-U", limit, "-S", "3600", "-r", path, "-w", archive, program=path_of("argus"))
    holds(archive.exists(), f"argus made no archive of {path}")
    return archive


def outbreak(folder):
    path = Path(folder) / "outbreak.pcap"
    path.write_bytes(gzip.decompress((SAMPLES / "outbreak.pcap.gz").read_bytes()))
    return path


# What they have in common


@check
def captures_and_archives_tell_the_same_look_ups(_folder):
    wanted = lines(SAMPLES / "argus" / "dns.pcap")
    equal(len(wanted), 17, "lines with the titles")
    for version in ("v3", "v5"):
        for archive in sorted((SAMPLES / "argus" / version).glob("dns*.argus")):
            equal(lines(archive), wanted, f"{version}/{archive.name}")


@check
def the_outbreak_and_its_archive_tell_the_same_look_ups(folder):
    path = outbreak(folder)
    fields = "client,sport,server,dport,id,name,type,code,addresses,mark,tries"
    wanted = columns(fields, path)
    got = columns(fields, sensor_of(path))
    equal(sorted(got), sorted(wanted), "the look-ups")
    equal(len(wanted) > 3600, True, f"{len(wanted)} look-ups")
    marked = columns("name,mark", path, "--marked")
    equal(len(marked), len([row for row in wanted if row[9] != "-"]), "marked look-ups")
    variants = {mark.split()[0] for _, mark in marked}
    equal(variants, {"A", "B/C", "D"}, "the lists that are met")


@check
def radump_reads_the_same_questions(folder):
    radump = path_of("radump")
    question = re.compile(r"(\d+)\+? .{0,9}?(A|AAAA|PTR)\? (\S+?)\.? \(\d+\)")
    for archive in (SAMPLES / "argus" / "v3" / "dns.argus", sensor_of(outbreak(folder))):
        done = run("-n", "-r", archive, "-L", "-1", "-c", "|", "-s", "saddr", "daddr", "suser:256", "-", "udp and port 53", program=radump)
        theirs = []
        for line in done.stdout.splitlines():
            client, server, said = (part.strip() for part in line.split("|")[:3])
            found = question.search(said)
            if found:
                theirs.append((client, server, found[1], found[2], found[3].lower()))
        ours = [row for row in columns("client,server,id,type,name", archive, "-", "udp") if row[3] in ("A", "AAAA", "PTR")]
        holds(len(theirs) > 10, f"radump prints {len(theirs)} questions")
        equal(sorted(set(theirs) - set(ours)), [], "questions that radump alone reads")
        holds(len(set(ours) - set(theirs)) <= len(set(ours)) // 100, "more than 1 % that radump does not read")


def questions_of_tcpdump(path):
    """What tcpdump reads of plain names: (id, type, name)."""
    done = run("-nn", "-t", "-r", path, "udp dst port 53", program=path_of("tcpdump"))
    question = re.compile(r"\.53: (\d+)[+%$]* (?:\[[^]]*\] )?(A|AAAA|PTR|MX|TXT|NS|SRV|ANY|SOA|CNAME)\? ([A-Za-z0-9._-]+)\. \(\d+\)$")
    found = (question.search(line) for line in done.stdout.splitlines())
    return {(m[1], m[2], m[3].lower()) for m in found if m}


@check
def tcpdump_reads_the_same_questions(_folder):
    corpus = SHARED / "corpus"
    if not corpus.is_dir():
        raise Skip("there is no corpus here ($WORMSIGN_SHARED/corpus)")
    path_of("tcpdump")
    files = questions = 0
    for path in sorted(corpus.glob("*/*dns*.pcap")):
        theirs = questions_of_tcpdump(path)
        done = run("dns", "-q", "-c", "|", "-s", "id,type,name", path)
        holds(done.returncode in (0, 3), f"{path.name}: {done.stderr[:200]}")
        ours = {tuple(line.split("|")) for line in done.stdout.splitlines()}
        equal(sorted(theirs - ours), [], f"questions of {path.name} that tcpdump alone reads")
        files += bool(theirs)
        questions += len(theirs)
    holds(files > 30 and questions > 200, f"only {questions} questions of {files} files")


# Marks


def vectors_of(letter, dates):
    """The first ten names of each date in the vectors."""
    rows = {}
    for line in (VECTORS / f"domains-{letter}.tsv").read_text().splitlines():
        date, _, rest = line.partition("\t")
        index, _, name = rest.partition("\t")
        if index.isdigit() and int(index) < 10 and len(rows.setdefault(date, [])) < 10:
            rows[date].append(name)
    return dict(sorted(rows.items())[:dates])


@check
def names_are_marked_by_variant_and_day(folder):
    for letter, mark in (("a", "A"), ("b", "B/C"), ("d", "D")):
        vectors = vectors_of(letter, 5)
        holds(len(vectors) >= 3, f"{len(vectors)} dates in the vectors of {letter}")
        for date, names in vectors.items():
            day = datetime.date.fromisoformat(date)
            for days_later, wanted in ((0, "today"), (1, "-1"), (-1, "+1"), (2, None), (-2, None)):
                start = seconds_of(day + days_later * DAY)
                frames = [(start + i, datagram(message(i, name))) for i, name in enumerate(names)]
                path = capture(Path(folder) / "marks.pcap", frames)
                marks = {row[1] for row in columns("name,mark", path)}
                found = {m for one in marks for m in one.split(",") if m.startswith(mark + " ")}
                equal(found, {f"{mark} {wanted}"} if wanted else set(), f"marks of list {mark}, {date} {days_later:+}")


@check
def a_mark_says_in_json_which_name_of_which_list_it_is(folder):
    names = vectors_of("d", 1)
    (date, rows), = names.items()
    start = seconds_of(datetime.date.fromisoformat(date) + DAY)
    path = capture(Path(folder) / "one.pcap", [(start, datagram(message(1, rows[3])))])
    (one,) = objects(path, "--marked")
    equal(one["marks"], [{"variants": ["D", "E"], "date": date, "offset": -1, "position": 3}], "marks")
    equal((one["answered"], one["asked"], "code" in one), (False, True, False), "an unanswered look-up")


# Buffers


@check
def several_messages_in_one_buffer_are_told_apart(folder):
    """One port pair and number: two questions, then two answers. argus has two of each in a record."""
    names = ["one.example", "two.example"]
    frames = [(100 + i, datagram(message(7, n))) for i, n in enumerate(names)]
    frames += [(103 + i, datagram(message(7, n, answers=True, addresses=[f"192.0.2.{i + 1}"]), back=True)) for i, n in enumerate(names)]
    path = capture(Path(folder) / "several.pcap", frames)
    wanted = [("one.example", "NOERROR", "192.0.2.1"), ("two.example", "NOERROR", "192.0.2.2")]
    archive = sensor_of(path)
    equal(run("flows", "-n", "-c", "|", "-s", "spkts,dpkts", archive).stdout, "2|2\n", "the record")
    for each in (path, archive):
        equal(columns("name,code,addresses", each), wanted, each.name)


@check
def a_cut_message_shows_what_is_there(folder):
    """An answer of 60 addresses, of which a sensor keeps 64 bytes, and a capture less."""
    many = [f"192.0.2.{i}" for i in range(1, 61)]
    frames = [(100, datagram(message(9, "cut.example"))), (101, datagram(message(9, "cut.example", answers=True, addresses=many), back=True))]
    archive = sensor_of(capture(Path(folder) / "whole.pcap", frames), 64)
    cut = capture(Path(folder) / "cut.pcap", frames, snap=120)
    for each in (archive, cut):
        ((name, code, addresses),) = columns("name,code,addresses", each)
        equal((name, code), ("cut.example", "NOERROR+cut"), each.name)
        holds(addresses.startswith("192.0.2.1,192.0.2.2"), f"addresses are {addresses}")
        (one,) = objects(each)
        equal(one["cut"], True, "cut in JSON")


@check
def a_question_whose_name_is_cut_is_counted(folder):
    path = capture(Path(folder) / "name.pcap", [(100, datagram(message(9, "cut.example")))], snap=14 + 20 + 8 + 15)
    done = run("dns", path)
    equal(len(done.stdout.splitlines()), 1, "lines")
    holds("1 message on port 53 could not be read" in done.stderr, done.stderr)


@check
def look_ups_over_tcp_are_shown(_folder):
    corpus = SHARED / "corpus" / "OISF+suricata-verify"
    path = corpus / "tests__dns__dns-tcp-www-google-com__dns.pcap"
    if not path.exists():
        raise Skip("there is no corpus here ($WORMSIGN_SHARED/corpus)")
    rows = columns("proto,name,code", path)
    holds(("tcp", "www.google.com", "NOERROR") in rows, f"{rows}")


# Hostile names


@check
def hostile_names_are_shown_escaped(folder):
    hostile = {
        "escape": ([b"\x1b[31mred", b"test"], "\\x1b[31mred.test"),
        "newline and NUL": ([b"a\nb\0c"], "a\\x0ab\\x00c"),
        "a dot in a label": ([b"a.b", b"com"], "a\\xffb.com"),
        "blank and backslash": ([b"a b\\c"], "a\\x20b\\\\c"),
        "the longest": ([b"x" * 63] * 3 + [b"y" * 61], ".".join(["x" * 63] * 3 + ["y" * 61])),
        "no UTF-8": ([b"\xff\xfe\x80"], "\\xff\\xfe\\x80"),
        "the root": ([], "."),
    }
    for program in PROGRAMS:
        for what, (labels, wanted) in hostile.items():
            path = capture(Path(folder) / "hostile.pcap", [(100, datagram(message(1, labels)))])
            aligned = lines(path, program=program)
            equal(len(aligned), 2, f"lines of {what}")
            equal(aligned[1].split()[3], wanted, what)
            equal(len(aligned[1].split()), 8, f"columns of {what}")
            if " " not in wanted:
                (one,) = objects(path, program=program)
                equal(one["name"], wanted.replace("\\x20", " "), f"{what} in JSON")


@check
def a_separator_in_a_name_is_escaped(folder):
    path = capture(Path(folder) / "bar.pcap", [(100, datagram(message(1, [b"a|b", b"c"])))])
    equal(columns("name,id", path), [("a\\x7cb.c", "1")], "columns")


@check
def noise_on_port_53_ends_nothing(folder):
    """Every truncation of an answer, and bytes that are no DNS at all."""
    whole = message(7, "www.example.com", answers=True, addresses=["192.0.2.1", "192.0.2.2"])
    frames = [(100 + n, datagram(whole[:n], back=True, port=2000 + n)) for n in range(len(whole) + 1)]
    frames += [(500 + n, datagram(bytes((n * i) & 255 for i in range(90)), port=3000 + n)) for n in range(200)]
    path = capture(Path(folder) / "noise.pcap", frames)
    for program in PROGRAMS:
        rows = columns("name,code,addresses", path, program=program)
        holds(("www.example.com", "NOERROR", "192.0.2.1,192.0.2.2") in rows, "the whole one is there")
        holds(("www.example.com", "NOERROR+cut", "192.0.2.1") in rows, "one that is cut is there")


# Use


@check
def wrong_use_is_said_in_words(_folder):
    sample = SAMPLES / "argus" / "dns.pcap"
    for words, said in {
        ("-s", "nam"): "did you mean name?",
        ("--json", "-u"): "-s, -c, -u, -p and -n are of text",
        ("-s", "name:x"): "the width of 'name' is a number up to 512",
        ("-c", "ab"): "-c takes one printable character",
        ("--since", "2009-01-02", "--until", "2009-01-01"): "--since must be before --until",
        ("-e", "("): "missing",
    }.items():
        done = run("dns", *words, sample)
        equal(done.returncode, 2, f"the exit code of {words}")
        holds(said in done.stderr, f"{words}: {done.stderr}")
        equal(done.stdout, "", f"stdout of {words}")
    done = run("dns", sample, "-", "pkts", "gt", "5")
    equal((done.returncode, done.stdout), (2, ""), "a filter about counters, of packets")
    holds("'pkts' asks of a whole flow what packets do not tell" in done.stderr, done.stderr)
    equal(len(lines(SAMPLES / "argus" / "v3" / "dns.argus", "-", "src pkts lt 5")), 17, "the same, of an archive")


@check
def look_ups_are_picked_by_filter_list_name_and_time(folder):
    path = outbreak(folder)
    everything = columns("client,name", path)
    one = [row for row in everything if row[0] == "10.9.1.11"]
    equal(columns("client,name", path, "-", "src host 10.9.1.11"), one, "by a filter")
    equal(columns("client,name", path, "-f", "-", "--side", "src", stdin="10.9.1.11\n"), one, "by a list")
    equal(columns("client,name", path, "--not-f", "-", stdin="10.9.0.0/16\n"), [r for r in everything if ":" in r[0]], "without a list")
    wanted = [row for row in everything if re.search(r"^g.f", row[1])]
    equal(columns("client,name", path, "-e", "^g.f"), wanted, "by a name")
    holds(wanted, "some name fits")
    early = lines("-u", "-c", "|", "-s", "time", path, "--until", "2009-04-21T16:30:00")
    late = lines("-u", "-c", "|", "-s", "time", path, "--since", "2009-04-21T16:30:00")
    # A look-up that the moment cuts in two is on both sides.
    holds(0 <= len(early) + len(late) - len(everything) <= 3, f"{len(early)} and {len(late)} of {len(everything)}")


@check
def columns_are_what_was_asked_for(_folder):
    sample = SAMPLES / "argus" / "dns.pcap"
    equal(columns("saddr,daddr,sport,dport,proto,delay", sample)[0], ("10.1.1.7", "10.0.0.53", "1100", "53", "udp", "0.015000"), "ra's words")
    equal(lines("-n", "-u", "-p", "0", "-c", ",", "-s", "time,type,code,proto", sample)[0], "1238630400,1,3,17", "numbers")
    equal(lines("-N", "2", "-s", "name:3,type", sample), ["name type", "aaidhe.net A", "bqlgkt.org A"], "narrow columns")
    equal([len(lines("-N", "3", "--json", sample))], [3], "JSON lines")


@check
def damage_is_told_and_the_rest_is_shown(folder):
    whole = (SAMPLES / "argus" / "dns.pcap").read_bytes()
    path = Path(folder) / "cut.pcap"
    path.write_bytes(whole[:-5])
    done = run("dns", path)
    equal((done.returncode, len(done.stdout.splitlines())), (3, 17), "exit code and lines")
    holds("cut.pcap: offset" in done.stderr, done.stderr)
    equal(run("dns", Path(folder) / "none").returncode, 4, "without any input")
    done = run("dns", "--json", SAMPLES / "argus" / "dns.pcap", Path(folder) / "none")
    equal((done.returncode, len(done.stdout.splitlines())), (3, 16), "one of two inputs")


@check
def an_archive_without_user_data_says_so(folder):
    archive = sensor_of(shutil.copy(SAMPLES / "argus" / "dns.pcap", folder), 0)
    done = run("dns", archive)
    holds("without user data" in done.stderr and "argus -U 512" in done.stderr, done.stderr)


if __name__ == "__main__":
    sys.exit(check_all())
