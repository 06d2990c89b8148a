#!/usr/bin/env python3
"""Flow records of captures, held against those that a real sensor makes of the same captures: argus
writes an archive, told to write no status records, and `flows` prints both. They must tell the same
flows, with addresses, ports, packets, bytes, state, times to live and user data. What a flow is cut
into differs by when it counts as ended, so records of the same ends are summed first.

Each difference must be one of EXPLAINED, and each of these must have been met. Runs with $WORMSIGN
(else build/wormsign), a part also with $WORMSIGN_ASAN. Prints `ok NAME`, `not ok NAME: reason` or
`skip NAME: reason`."""
import gzip
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "rig"))
from calling import call, path_of
from checking import Skip, check, check_all, equal, holds

SAMPLES = ROOT / "samples"
SHARED = Path(os.environ.get("WORMSIGN_SHARED", ROOT / ".." / "shared"))
PROGRAM = os.environ.get("WORMSIGN", str(ROOT / "build" / "wormsign"))
ASAN = os.environ.get("WORMSIGN_ASAN")
FIELDS = "stime ltime proto saddr sport daddr dport spkts dpkts sbytes dbytes sttl dttl state suser:1200 duser:1200".split()
NAMES = [field.split(":")[0] for field in FIELDS]
COUNTED = ("spkts", "dpkts", "sbytes", "dbytes")
DATA_LIMIT = 512
SLL_HEADER = 16
# Files of the corpus, by what is in them: twenty of its captures, of many kinds.
CORPUS = HERE / "corpus.txt"


def run(*words, program=PROGRAM):
    return call(program, *words)


def sensor_of(capture, folder):
    """The archive that argus makes of it, or None where it makes none."""
    program = path_of("argus")
    archive = Path(folder) / (Path(capture).name + ".argus")
    archive.unlink(missing_ok=True)
    run("-X", "-U", DATA_LIMIT, "-S", "3600", "-r", capture, "-w", archive, program=program)
    return archive if archive.exists() and archive.stat().st_size > 128 else None


def records_of(path, program=PROGRAM):
    done = run("flows", "-n", "-u", "-p", "6", "-c", "\\t", "--hex", "-s", ",".join(FIELDS), path, program=program)
    holds(done.returncode in (0, 3), f"flows {path} exits {done.returncode}: {done.stderr[:300]}")
    return [dict(zip(NAMES, line.split("\t"))) for line in done.stdout.splitlines()]


def data_of(text):
    """s[N]=HEX, without the padding that rounds N up."""
    return bytes.fromhex(text.partition("=")[2]) if "=" in text else b""


def ends_of(record):
    return tuple(record[key] for key in ("proto", "saddr", "sport", "daddr", "dport"))


def summed(records):
    """By ends: the sums of the counts, the first and the last time, and the rest of the first."""
    groups = {}
    for record in sorted(records, key=lambda r: float(r["stime"])):
        ends = ends_of(record)
        if ends not in groups:
            groups[ends] = {**record, "records": 1, **{c: int(record[c]) for c in COUNTED}}
            continue
        group = groups[ends]
        group["records"] += 1
        for name in COUNTED:
            group[name] += int(record[name])
        group["ltime"] = max(group["ltime"], record["ltime"], key=float)
    return groups


# What differs, by a name: (why, does it explain this field of this flow?). A test is asked with the
# field, and the summed records of ours and of the sensor's; of a flow that only one of them has, the
# field and the other record are None.
def one_icmp_error(record):
    return record["proto"] == "icmp" and int(record["sport"] or "0", 16) in (3, 5, 11)


def is_data(field, ours, theirs):
    return field in ("suser", "duser")


def is_cooked(field, ours, theirs):
    packets = {"sbytes": "spkts", "dbytes": "dpkts"}.get(field)
    if packets is not None:
        return ours[field] == theirs[field] + SLL_HEADER * ours[packets]
    return is_data(field, ours, theirs) and len(data_of(ours[field])) > len(data_of(theirs[field]))


def is_beginning(field, ours, theirs):
    mine, other = data_of(ours[field]), data_of(theirs[field])
    return mine.startswith(other) or other.startswith(mine)


def proto(record):
    return record["proto"]


def either(ours, theirs):
    return ours or theirs


EXPLAINED = {
    "igmp": (
        "argus 3 makes a flow of each IGMP report, and takes its ends from the report",
        lambda f, o, t: proto(either(o, t)) == "igmp",
    ),
    "icmp error": (
        "an ICMP error's user data begin with its own header here, there behind what it quotes",
        lambda f, o, t: f == "suser" and one_icmp_error(o),
    ),
    "neighbours": (
        "argus names a flow of neighbour and router discovery by its first message",
        lambda f, o, t: proto(either(o, t)) == "ipv6-icmp" and f is None,
    ),
    "arp": (
        "argus keeps the padding of an Ethernet frame as what ARP said",
        lambda f, o, t: proto(o) == "arp" and is_data(f, o, t) and not data_of(o[f]),
    ),
    "esp": (
        "argus turns the bytes of the SPI round where it keeps them as user data",
        lambda f, o, t: proto(o) == "esp" and is_data(f, o, t) and sorted(data_of(o[f])) == sorted(data_of(t[f])),
    ),
    "rtp": (
        "argus leaves the headers of RTP out of user data, from the third packet on",
        lambda f, o, t: proto(o) == "rtp" and is_data(f, o, t),
    ),
    "put in order": (
        "what TCP sent again stands once here, and what came late in its place",
        lambda f, o, t: proto(o) == "tcp" and is_data(f, o, t) and not is_beginning(f, o, t),
    ),
    "sent again at the end": (
        "the same, where nothing stands behind it",
        lambda f, o, t: proto(o) == "tcp" and is_data(f, o, t) and data_of(t[f]).startswith(data_of(o[f])),
    ),
    "another cut": (
        "argus waited for the rest of a flow, and shows the first bytes of all of it",
        lambda f, o, t: o["records"] > t["records"] and (f == "state" or is_data(f, o, t) and is_beginning(f, o, t)),
    ),
    "cooked": (
        "argus counts a Linux cooked frame without its header of 16 bytes, and cuts user data by them",
        lambda f, o, t: f is not None and is_cooked(f, o, t),
    ),
    "fin alone": (
        "a FIN without a connection is one here; argus does not look at it",
        lambda f, o, t: f == "state" and (o[f], t[f]) == ("FIN", "CON"),
    ),
    "two tags": (
        "argus takes 802.1ad for a protocol of its own; here what is behind the tags is read",
        lambda f, o, t: f is None and (proto(either(o, t)) == "34984" or either(o, t)["saddr"] == "10.20.1.1"),
    ),
}


def reason_for(field, ours, theirs):
    """The names of all that explain it: several may."""
    named = []
    for name, (_why, explains) in EXPLAINED.items():
        both = ours is not None and theirs is not None
        if (field is None) == both:
            raise AssertionError("a missing flow has no field")
        try:
            if explains(field, ours, theirs):
                named.append(name)
        except TypeError:  # it asks a record that is not there
            continue
    return named


def compare(capture, archive, met):
    """Holds both against each other; returns how many flows were compared."""
    ours, theirs = summed(records_of(capture)), summed(records_of(archive))
    for ends in sorted(set(ours) | set(theirs)):
        mine, other = ours.get(ends), theirs.get(ends)
        fields = [None] if mine is None or other is None else [f for f in NAMES if mine[f] != other[f]]
        for field in fields:
            named = reason_for(field, mine, other)
            said = f"{mine[field]} not {other[field]}" if field else f"{mine} not {other}"
            holds(named, f"{Path(capture).name}: {ends}: {field}: {said[:600]}")
            met.update(named)
    return len(ours)


def unpacked(path, folder):
    plain = Path(folder) / path.stem
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    return plain


@check
def the_samples_and_the_corpus_are_told_as_a_sensor_tells_them(folder):
    met, flows = set(), 0
    for capture in sorted((SAMPLES / "argus").glob("*.pcap")):
        flows += compare(capture, sensor_of(capture, folder), met)
    corpus = SHARED / "corpus"
    if not corpus.is_dir():
        raise Skip("the samples agree; there is no corpus here ($WORMSIGN_SHARED/corpus)")
    for name in CORPUS.read_text().split():
        flows += compare(corpus / name, sensor_of(corpus / name, folder), met)
    holds(flows > 2900, f"only {flows} flows were compared")
    equal(sorted(set(EXPLAINED) - met), [], "explanations that explain nothing")


@check
def the_outbreak_is_told_as_a_sensor_tells_it(folder):
    """20,000 frames, 19 of them seen twice and some in fragments and tags."""
    capture = unpacked(SAMPLES / "outbreak.pcap.gz", folder)
    flows = compare(capture, sensor_of(capture, folder), set())
    holds(flows > 4000, f"only {flows} flows were compared")


@check
def ends_and_sums_do_not_depend_on_damage_behind_them(folder):
    """A capture that is cut loses its last frame alone: all flows before it are given."""
    whole = (SAMPLES / "argus" / "dns.pcap").read_bytes()
    path = Path(folder) / "cut.pcap"
    path.write_bytes(whole[:-5])
    for program in filter(None, (PROGRAM, ASAN)):
        done = run("flows", "-n", "-c", "|", "-s", "saddr,dpkts", path, program=program)
        equal(done.returncode, 3, "the exit code")
        equal(len(done.stdout.splitlines()), 16, "flows")
        equal(done.stdout.splitlines()[-1], "2001:db8::7|0", "the one whose answer was cut")


@check
def captures_are_filtered_by_what_only_records_tell(_folder):
    for expression, count in {
        "rtp": 1,
        "dst port 139 and fin": 1,
        "unreach": 2,
        "icmp and echo": 4,
        "vid 100": 1,
        "pkts gt 30": 2,
    }.items():
        done = run("flows", "-n", "-c", "|", "-s", "saddr", SAMPLES / "argus" / "mixed.pcap", "-", *expression.split())
        equal(done.stdout.count("\n"), count, f"records by {expression!r} ({done.stderr[:200]})")


if __name__ == "__main__":
    sys.exit(check_all())
