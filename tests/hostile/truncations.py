"""Every truncation of captures, of their compressed forms, and of messages: a cut is named with
file, offset and reason, what came before it is kept, and the exit code says that it is there.

Many cut files go through one process; the exit codes are asked of single runs."""
import gzip
import json
import os
import shutil
import struct
import tempfile
from pathlib import Path

import frames as f
import make
from checking import equal, holds
from running import ROOT, check

FILES_A_RUN = 400
RECORDS_OF_OUTBREAK = 300
SHARED_BYTES_MOST = 300000
SHARED_FILES_A_FOLDER = 6
INFECTED, OTHER = make.HOST, make.OTHER


def small_packets():
    """Ordinary things, then an infected host, then more ordinary things."""
    web = [
        f.segment(OTHER, 3000 + n, "192.0.2.80", 443, f.SYN, 1, 0, identification=n) for n in (1, 2)
    ]
    look_up = f.datagram(
        OTHER, 5000, make.RESOLVER, 53, f.dns(1, [f.dns_name("www.example.org")]), 3
    )
    return [*web, look_up, make.message_packet(), web[0]]


def small_pcap(order="<", magic=0xA1B2C3D4):
    return f.pcap(1, make.timed([f.ethernet(packet) for packet in small_packets()]), order, magic)


def outbreak(records):
    """The first records of the sample."""
    with gzip.open(ROOT / "samples" / "outbreak.pcap.gz") as file:
        data = file.read(1 << 20)
    return data[: pcap_ends(data)[records]]


def pcap_ends(data, order="<"):
    """Where the header ends, and each record; a cut in the last is no end."""
    ends = [24]
    while ends[-1] + 16 <= len(data):
        (captured,) = struct.unpack_from(order + "I", data, ends[-1] + 8)
        if ends[-1] + 16 + captured > len(data):
            break
        ends.append(ends[-1] + 16 + captured)
    return ends


def pcapng_ends(data):
    """[(end of block, packets until there)]; the section header says the byte order."""
    ends, order = [], "<"
    at = packets = 0
    while at < len(data):
        if data[at : at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, size = struct.unpack_from(order + "II", data, at)
        packets += kind == 6
        at += size
        ends.append((at, packets))
    return ends


def inputs_of_cuts(program, data, cuts):
    """Yields (cut, what hunt says of the data cut there)."""
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, len(cuts), FILES_A_RUN):
            some = cuts[start : start + FILES_A_RUN]
            for cut in some:
                (Path(folder) / str(cut)).write_bytes(data[:cut])
            done = program.hunt(*(Path(folder) / str(cut) for cut in some))
            equal(len(done.inputs), len(some), "inputs")
            found = any(h["verdict"] == "infected" and h["home"] for h in done.hosts)
            damaged = any(each["damage"] for each in done.inputs)
            equal(done.code, 1 if found else 3 if damaged else 0, "exit code of many")
            equal(done.summary["complete"], not damaged, "complete")
            for cut, each in zip(some, done.inputs):
                path = os.path.join(folder, str(cut))
                equal(each["name"], path, "name")
                for damage in each["damage"]:
                    told = f"wormsign: {path}: {damage['reason']}\n"
                    holds(told in done.err, f"cut at {cut}: stderr lacks {told!r}")
                yield cut, each
                os.unlink(path)


def check_cut(cut, each, records, start, is_end):
    """Of a file cut at `cut` within what began at `start`, behind so many records."""
    where = f"cut at {cut}"
    equal(each["records"], records, f"{where}: records")
    equal(len(each["damage"]), 0 if is_end else 1, f"{where}: damages")
    if is_end:
        return
    damage = each["damage"][0]
    equal(damage["offset"], start, f"{where}: offset")
    holds("cut" in damage["reason"] or "no format" in damage["reason"] or "it is empty" == damage["reason"], f"{where}: {damage}")


def check_pcap_cuts(program, data, cuts, order="<"):
    ends = pcap_ends(data, order)
    for cut, each in inputs_of_cuts(program, data, cuts):
        whole = [end for end in ends if end <= cut]
        start = whole[-1] if whole else 0
        check_cut(cut, each, max(len(whole) - 1, 0), start, cut == start and cut > 0)


def single_codes(program, data, cuts, is_end, found_from):
    """Exit codes, through stdin: 1 once the infected host is in what is left, else 3 or 0."""
    for cut in cuts:
        done = program.hunt("-r", "-", stdin=data[:cut])
        wanted = 1 if cut >= found_from else 0 if is_end(cut) else 3
        equal(done.code, wanted, f"cut at {cut}: exit code")
        equal(done.summary["complete"], is_end(cut), f"cut at {cut}: complete")
        equal(
            [h["host"] for h in done.hosts],
            [INFECTED] if cut >= found_from else [],
            f"cut at {cut}: hosts",
        )


@check
def every_cut_of_a_pcap_is_told_and_what_came_before_kept(program):
    data = small_pcap()
    check_pcap_cuts(program, data, range(len(data) + 1))


@check
def every_cut_of_a_big_endian_nanosecond_pcap_too(program):
    data = small_pcap(">", 0xA1B23C4D)
    check_pcap_cuts(program, data, range(len(data) + 1), ">")


@check
def every_cut_of_a_pcap_through_a_pipe_ends_with_its_exit_code(program):
    data = small_pcap()
    ends = pcap_ends(data)
    cuts = sorted({*range(0, len(data) + 1, 9 if program.sanitized else 3), *ends})
    single_codes(program, data, cuts, lambda cut: cut in ends, ends[4])


@check
def every_cut_of_a_pcapng_is_told_and_what_came_before_kept(program):
    data = make.pcapng()
    ends = [(0, 0), *pcapng_ends(data)]
    equal(ends[-1], (len(data), 3), "end of the sample")
    for cut, each in inputs_of_cuts(program, data, range(len(data) + 1)):
        start, packets = [end for end in ends if end[0] <= cut][-1]
        check_cut(cut, each, packets, start, cut == start and cut > 0)


@check
def every_cut_of_all_five_compressions_is_told(program):
    data = small_pcap()
    for name, compress in make.compressors().items():
        if name in ("zst", "lz4") and not shutil.which({"zst": "zstd"}.get(name, name)):
            return f"{name} is not installed"
        packed, before = compress(data), 0
        for cut, each in inputs_of_cuts(program, packed, range(len(packed) + 1)):
            where = f"{name} cut at {cut}"
            holds(each["records"] >= before, f"{where}: fewer records than of a shorter cut")
            before = each["records"]
            equal(len(each["damage"]), int(cut < len(packed)), f"{where}: damages")
            for damage in each["damage"]:
                holds(
                    any(word in damage["reason"] for word in ("cut", "no format", "it is empty")),
                    f"{where}: {damage}",
                )
        equal(before, 5, f"{name}: records of the whole")


@check
def every_cut_of_a_compressed_pcap_through_a_pipe_ends_with_3_or_1(program):
    data = small_pcap()
    for name, compress in make.compressors().items():
        packed = compress(data)
        for cut in range(0, len(packed), 29 if program.sanitized else 7):
            done = program.hunt("-r", "-", stdin=packed[:cut])
            equal(done.code, 1 if done.hosts else 3, f"{name} cut at {cut}: exit code")
            equal(done.summary["complete"], False, f"{name} cut at {cut}: complete")


@check
def cuts_near_every_record_of_the_sample_are_told(program):
    data = outbreak(RECORDS_OF_OUTBREAK)
    near = {end + by for end in pcap_ends(data) for by in range(-2, 3)}
    cuts = sorted({*near, *range(0, len(data), 97)} - {len(data) + 1, len(data) + 2})
    check_pcap_cuts(program, data, cuts[:: 7 if program.sanitized else 1])


@check
def cuts_of_the_compressed_sample_keep_what_came_out(program):
    packed = (ROOT / "samples" / "outbreak.pcap.gz").read_bytes()
    count, before = 10 if program.sanitized else 40, 0
    cuts = [len(packed) * number // count for number in range(1, count)] + [len(packed) - 1]
    for cut, each in inputs_of_cuts(program, packed, cuts):
        equal(each["format"], "pcap", f"cut at {cut}: format")
        holds(
            each["records"] > before or cut == cuts[-1],
            f"cut at {cut}: no more than of a shorter cut",
        )
        before = each["records"]
        equal(len(each["damage"]), 1, f"cut at {cut}: damages")
        holds("the gzip data is cut" in each["damage"][0]["reason"], str(each["damage"]))
    holds(before > 20000, f"{before} records of nearly all of the sample")


def rows():
    for row in f.table("packets.tsv"):
        yield row["proto"], bytes.fromhex(row["hex_wire"]), row


@check
def every_cut_of_every_message_is_decoded_or_says_what_is_cut(program):
    cuts = [(proto, data, cut) for proto, data, _ in rows() for cut in range(len(data) + 1)]
    text = "".join(f"{proto} {data[:cut].hex()}\n" for proto, data, cut in cuts)
    done = program.run("decode", stdin=text.encode())
    equal((done.code, done.err), (0, ""), "exit code and stderr")
    lines = [json.loads(line) for line in done.out.splitlines()]
    equal(len(lines), len(cuts), "lines")
    wholes = {}
    for (proto, data, cut), line in zip(cuts, lines):
        where = f"{proto} {data.hex()} cut at {cut}"
        equal((line["type"], line["proto"]), ("message", proto), where)
        parsed = line["parse"] == "ok"
        holds(parsed or line["parse"].startswith(("cut: ", "prefix says ")), f"{where}: {line}")
        equal("checksum" in line, parsed, f"{where}: checksum")
        holds(not parsed or cut >= 14, f"{where}: too short to be one")
        if cut == len(data):
            wholes[(proto, data)] = line
    for proto, data, row in rows():
        equal(
            wholes[(proto, data)]["parse"] == "ok",
            row["parse_ok"] == "1",
            f"{proto} {data.hex()} whole",
        )


@check
def half_bytes_of_messages_are_refused_by_line(program):
    data = [bytes_.hex() for _, bytes_, _ in rows() if bytes_]
    done = program.run("decode", stdin="".join(f"udp {text[:-1]}\n" for text in data).encode())
    equal((done.code, done.out), (3, ""), "what came")
    holds(len(data) > 20, "too few for the next line")
    equal(done.err.count("\n"), 21, "20 complaints and a count")
    holds(f"and {len(data) - 20} more wrong lines" in done.err, done.err[-200:])


def order_of_whole_pcap(path):
    """The byte order of an Ethernet pcap whose last record ends with the file, else None."""
    with open(path, "rb") as file:
        data = file.read(SHARED_BYTES_MOST + 1)
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    known = data[:4] in tuple(struct.pack(order + "I", m) for m in (0xA1B2C3D4, 0xA1B23C4D))
    if not known or not 24 < len(data) <= SHARED_BYTES_MOST:
        return None
    ethernet = struct.unpack_from(order + "I", data, 20) == (1,)
    return order if ethernet and pcap_ends(data, order)[-1] == len(data) else None


def captures_at_hand(shared):
    """(path, byte order) of the first few small captures of each folder, whatever their names."""
    folders = {}
    for path in sorted(path for path in shared.rglob("*") if path.is_file()):
        of_folder = folders.setdefault(path.parent, [])
        if len(of_folder) < SHARED_FILES_A_FOLDER and (order := order_of_whole_pcap(path)):
            of_folder.append((path, order))
    return [each for of_folder in folders.values() for each in of_folder]


@check
def cuts_of_other_captures_that_are_at_hand(program):
    shared = Path(os.environ.get("WORMSIGN_SHARED", ROOT / ".." / "shared"))
    if not shared.is_dir():
        return f"there is no {shared.name} folder"
    captures = captures_at_hand(shared)
    holds(captures, "the shared folder holds no capture")
    for path, order in captures:
        data = path.read_bytes()
        step = max(1, len(data) // (20 if program.sanitized else 200))
        check_pcap_cuts(program, data, list(range(0, len(data) + 1, step)), order)
    return None
