#!/usr/bin/env python3
"""`hunt --evidence` and `hunt --around` from outside: what they write can be read by tcpdump and
proves the same again, from every kind of input, and nothing is written that should not be.

Runs with $WORMSIGN (else build/wormsign) and with $WORMSIGN_ASAN where it is set. Prints `ok NAME`,
`not ok NAME: reason` or `skip NAME: reason`. Nothing is sent anywhere."""
import datetime
import gzip
import json
import lzma
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "cases"), str(ROOT / "tests" / "rig")]
sys.dont_write_bytecode = True
import frames as f
from checking import equal, holds
import run as cases  # the runner of the cases, which makes their captures

SAMPLE = ROOT / "samples" / "outbreak.pcap.gz"
PLAIN = gzip.decompress(SAMPLE.read_bytes())
PROGRAMS = {"": os.environ.get("WORMSIGN", str(ROOT / "build" / "wormsign"))}
if "WORMSIGN_ASAN" in os.environ:
    PROGRAMS["asan "] = os.environ["WORMSIGN_ASAN"]
PROOF = {"10.9.3.33": ["p2p-answer", "p2p-message"], "10.9.4.44": ["p2p-message"]}
HOST, PEER, PORT, SECOND = "10.1.2.3", "192.0.2.77", 40832, 1000000
MESSAGE = f.messages("udp")[0]
START = f.TUESDAY
START_OF_33 = 1240329606 * SECOND + 138304  # its first sign, as the report says: 16:00:06.138304
TIMEOUT_SECONDS = 120
FILE_MAX = 20000
CHECKS = []
KEYS = [
    "type", "schema", "host", "verdict", "sign", "day", "file", "link_type", "packets", "bytes",
    "first", "last", "inputs", "input_count", "cut_short", "why",
]  # fmt: skip


class Skip(Exception):
    pass


def check(function):
    CHECKS.append(function)
    return function


class Bench:
    """A program under test in a folder of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def path(self, name):
        return self.folder / name

    def put(self, name, data):
        self.path(name).write_bytes(data)
        return name

    def hunt(self, *arguments, code=None, stdin=b"", **more):
        done = subprocess.run(
            [self.program, "hunt", *map(str, arguments)],
            input=stdin,
            cwd=self.folder,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
            **more,
        )
        done.out, done.err = done.stdout.decode(), done.stderr.decode()
        if code is not None:
            equal(done.returncode, code, f"exit of {arguments}: {done.err}; exit")
        return done

    def index(self, name="out"):
        """The rows of the index, each held against its file; no file may be without a row."""
        lines = (self.path(name) / "index.jsonl").read_text().splitlines()
        rows = [json.loads(line) for line in lines]
        for row in rows:
            self.check_row(row, self.path(name) / row["file"])
        there = {
            str(p.relative_to(self.path(name))) for p in self.path(name).rglob("*.pcap")
        }
        equal(there, {row["file"] for row in rows}, "the captures of the index")
        return rows

    def check_row(self, row, path):
        equal(list(row), [key for key in KEYS if key in row], "keys")
        header, records = records_of(path.read_bytes())
        equal(row["bytes"], path.stat().st_size, "bytes")
        equal(row["packets"], len(records), "packets")
        equal(row["link_type"], struct.unpack_from("<I", header, 20)[0], "link type")
        equal("why" in row, row["cut_short"], "a reason for being cut short")
        equal(oct(path.stat().st_mode & 0o777), "0o600", "who may read it")
        holds(not path.is_symlink(), "a file is a link")

    def signs_again(self, host, *paths):
        """The signs and verdict of a host when what was written is hunted."""
        lines = [json.loads(line) for line in self.hunt("--json", *paths).out.splitlines()]
        for line in lines:
            if line["type"] == "host" and line["host"] == host:
                return line["verdict"], [sign["sign"] for sign in line["signs"]]
        return None, []


def records_of(data):
    """The file header and [(seconds, fraction, wire length, bytes)] of a whole little-endian pcap."""
    at, records = 24, []
    while at < len(data):
        seconds, fraction, captured, wire = struct.unpack_from("<IIII", data, at)
        holds(at + 16 + captured <= len(data), "the last record is cut")
        records.append((seconds, fraction, wire, data[at + 16 : at + 16 + captured]))
        at += 16 + captured
    return data[:24], records


def pcap(records, link_type=1, magic=0xA1B2C3D4):
    head = struct.pack("<IHHIIII", magic, 2, 4, 0, 0, 262144, link_type)
    return head + b"".join(struct.pack("<IIII", s, u, len(b), w) + b for s, u, w, b in records)


def sample_records():
    return records_of(PLAIN)[1]


def ends_of(frame):
    """The two IPv4 addresses of an Ethernet frame, tagged or not."""
    at = 18 if frame[12:14] == b"\x81\0" else 14
    if frame[at - 2 : at] != b"\x08\0":
        return ()
    return frame[at + 12 : at + 16], frame[at + 16 : at + 20]


def proofs_hold(bench, rows, name="out"):
    """Each capture of a proof proves it alone, and the folder of the host does."""
    for host, signs in PROOF.items():
        for sign in signs:
            file = next(r["file"] for r in rows if r["host"] == host and r["sign"] == sign)
            verdict, again = bench.signs_again(host, f"{name}/{file}")
            equal(verdict, "infected", f"verdict on {host} from {file}")
            holds(sign in again, f"{sign} is not in {file}")
        equal(bench.signs_again(host, f"{name}/{host}")[0], "infected", f"verdict on {host}")


@check
def evidence_of_the_sample_proves_it_again(bench):
    before = bench.hunt(SAMPLE, code=1).out
    after = bench.hunt("--evidence", "out", SAMPLE, code=1).out
    rows = bench.index()
    wanted = {"10.9.3.33", "10.9.4.44", "10.9.2.22", "10.9.1.11"}
    holds(wanted <= {row["host"] for row in rows}, "an infected host is missing")
    proofs_hold(bench, rows)
    verdicts = before[: before.index("of about")]
    equal(after[: len(verdicts)], verdicts, "the report with evidence")


@check
def nothing_is_written_without_the_options(bench):
    bench.hunt(SAMPLE, code=1)
    equal(list(bench.folder.iterdir()), [], "what is in the folder")


@check
def every_packet_written_is_one_of_the_input_and_of_the_host(bench):
    bench.hunt("--evidence", "out", SAMPLE, code=1)
    given = {(s, u, w, b) for s, u, w, b in sample_records()}
    for row in bench.index():
        host = f.packed(row["host"])
        for record in records_of((bench.path("out") / row["file"]).read_bytes())[1]:
            holds(record in given, f"{row['file']}: a record is none of the input's")
            holds(host in ends_of(record[3]), f"{row['file']}: another's packet")


@check
def tcpdump_reads_every_file(bench):
    if not shutil.which("tcpdump"):
        raise Skip("tcpdump is not installed")
    bench.hunt("--evidence", "out", "--around", "10.9.3.33", SAMPLE, code=1)
    for row in bench.index():
        path = str(bench.path("out") / row["file"])
        done = subprocess.run(
            ["tcpdump", "-nn", "-tt", "-r", path], capture_output=True, text=True, check=False
        )
        equal(done.returncode, 0, f"exit of tcpdump: {done.stderr}")
        lines = re.findall(r"^\d{10}\.\d{6} ", done.stdout, re.MULTILINE)
        equal(len(lines), row["packets"], f"lines of tcpdump over {row['file']}")


@check
def a_sign_with_many_packets_is_cut_and_says_so(bench):
    done = bench.hunt("--evidence", "out", SAMPLE, code=1)
    cut = [row for row in bench.index() if row["cut_short"]]
    holds(cut, "no capture is cut")
    for row in cut:
        equal(row["why"], "packets", "why")
        holds(1000 <= row["packets"] <= 2000, f"{row['packets']} packets")
    holds(f"evidence: {len(cut)} captures have the first 1000 packets" in " ".join(done.out.split()),
          "the limit is not said")


@check
def around_writes_the_hour_of_a_host_and_nothing_else(bench):
    bench.hunt("--around", "10.9.3.33", SAMPLE, code=1)
    equal([p.name for p in bench.folder.iterdir()], ["around-10.9.3.33.pcap"], "what is written")
    _, records = records_of(bench.path("around-10.9.3.33.pcap").read_bytes())
    wanted = [
        record
        for record in sample_records()
        if f.packed("10.9.3.33") in ends_of(record[3])
        and abs(record[0] * SECOND + record[1] - START_OF_33) <= 1800 * SECOND
    ]
    holds(len(wanted) > 1000, "the sample has too few")
    equal(records, wanted, "the packets")



@check
def around_names_its_file_and_says_when_there_is_none(bench):
    done = bench.hunt("--around", "10.9.3.33", SAMPLE, code=1)
    holds("were written to around-10.9.3.33.pcap" in done.err, done.err)
    again = bench.hunt("--around", "10.9.3.33", SAMPLE, code=2)
    holds("is there already" in again.err, again.err)
    none = bench.hunt("--around", "10.9.9.200", SAMPLE, code=1)
    holds("10.9.9.200 has no sign" in none.err, none.err)
    bench.hunt("--around", "nobody", SAMPLE, code=2)


@check
def around_goes_into_the_folder_of_the_evidence(bench):
    bench.hunt("--evidence", "out", "--around", "10.9.4.44", SAMPLE, code=1)
    rows = [row for row in bench.index() if "sign" not in row]
    equal([row["file"] for row in rows], ["around-10.9.4.44.pcap"], "the capture around")
    equal([p.name for p in bench.folder.iterdir()], ["out"], "what is written")


@check
def stdin_and_pipes_are_refused_before_they_are_read(bench):
    for arguments in ([], ["-r", "-"], ["/dev/stdin"]):
        for option in (["--evidence", "out"], ["--around", HOST]):
            done = bench.hunt(*option, *arguments, code=2, stdin=PLAIN[:100])
            holds("cannot be read twice" in done.err, done.err)
            equal(done.out, "", "stdout")
    os.mkfifo(bench.path("pipe"))
    bench.hunt("--evidence", "out", "pipe", code=2)
    equal([p.name for p in bench.folder.iterdir()], ["pipe"], "what is written")


@check
def a_folder_that_holds_something_is_refused(bench):
    bench.path("out").mkdir()
    bench.put("out/mine", b"mine")
    holds("is not empty" in bench.hunt("--evidence", "out", SAMPLE, code=2).err, "words")
    bench.path("out/mine").rename(bench.path("mine"))
    holds("is no folder" in bench.hunt("--evidence", "mine", SAMPLE, code=2).err, "words")
    bench.path("link").symlink_to("out")
    holds("or a link" in bench.hunt("--evidence", "link", SAMPLE, code=2).err, "words")
    bench.hunt("--evidence", "no/such/place", SAMPLE, code=4)
    equal(list(bench.path("out").iterdir()), [], "what is in the folder")
    equal(bench.path("mine").read_bytes(), b"mine", "the file")
    bench.hunt("--evidence", "out", SAMPLE, code=1)
    bench.index()


@check
def compressed_and_pcapng_and_nanosecond_inputs_prove_it_again(bench):
    records = sample_records()
    blocks = [
        f.enhanced(0, (s * SECOND + u) * 1000 + 7, b) for s, u, _, b in records
    ]
    nanoseconds = f.resolution(9)
    inputs = {
        "a.pcap": PLAIN,
        "b.pcap.xz": lzma.compress(PLAIN, preset=0),
        "c.pcapng": f.section() + f.interface(1, nanoseconds) + b"".join(blocks),
        "d.pcap": pcap([(s, u * 1000 + 7, w, b) for s, u, w, b in records], magic=0xA1B23C4D),
    }
    for name, data in inputs.items():
        out = f"out-{name[0]}"
        bench.hunt("--evidence", out, bench.put(name, data), code=1)
        rows = bench.index(out)
        proofs_hold(bench, rows, out)
        equal({tuple(row["inputs"]) for row in rows}, {(name,)}, "the inputs")
        header, first = records_of((bench.path(out) / rows[0]["file"]).read_bytes())
        fine = name[0] in "cd"
        magic = 0xA1B23C4D if fine else 0xA1B2C3D4
        equal(struct.unpack_from("<I", header)[0], magic, f"the magic for {name}")
        equal(first[0][1] % 1000 == 7, fine, f"nanoseconds from {name}")


@check
def damaged_inputs_give_what_is_sound(bench):
    cut = bench.put("cut.pcap", PLAIN[:-7])
    middle = len(PLAIN) // 2
    broken = bench.put("broken.pcap", PLAIN[:middle] + b"\xff" * 64 + PLAIN[middle + 64 :])
    for number, name in enumerate((cut, broken)):
        bench.hunt("--evidence", f"out{number}", name, code=1)
        proofs_hold(bench, bench.index(f"out{number}"), f"out{number}")


@check
def several_inputs_are_joined_and_named(bench):
    records = sample_records()
    half = len(records) // 2
    bench.path("day").mkdir()
    bench.put("day/1.pcap", pcap(records[:half]))
    bench.put("day/2.pcap", pcap(records[half:]))
    bench.put("day/notes.txt", b"nothing of ours")
    bench.hunt("--evidence", "out", "day", code=1)
    rows = bench.index()
    proofs_hold(bench, rows)
    holds(any(row["inputs"] == ["day/1.pcap", "day/2.pcap"] for row in rows), "no row has both")


def messages(count, wrap, start=START):
    """So many P2P messages, a second apart, with what wrap puts in front of IP."""
    return [
        (start + n, 0, 0, wrap(f.datagram(HOST, 2000, PEER, PORT, MESSAGE, n + 1)))
        for n in range(count)
    ]


@check
def link_types_do_not_mix(bench):
    bench.put("a.pcap", pcap(messages(3, f.ethernet)))
    bench.put("b.pcap", pcap(messages(2, bytes, START + 100), link_type=101))
    bench.hunt("--evidence", "out", "a.pcap", "b.pcap", code=1)
    rows = {row["file"]: row for row in bench.index() if row["sign"] == "p2p-message"}
    sizes = {name: (row["link_type"], row["packets"]) for name, row in rows.items()}
    wanted = {
        f"{HOST}/p2p-message.pcap": (1, 3),
        f"{HOST}/p2p-message.linktype-101.pcap": (101, 2),
    }
    equal(sizes, wanted, "the captures")
    for name in rows:
        equal(bench.signs_again(HOST, f"out/{name}")[0], "infected", f"verdict from {name}")


@check
def days_have_captures_of_their_own(bench):
    two = messages(3, f.ethernet) + messages(2, f.ethernet, START + 86400)
    bench.hunt("--evidence", "out", bench.put("a.pcap", pcap(two)), code=1)
    rows = [row for row in bench.index() if row["sign"] == "p2p-message"]
    equal([row["packets"] for row in rows], [3, 2], "packets")
    for row in rows:
        equal(row["file"], f"{HOST}/p2p-message-{row['day']}.pcap", "name")


@check
def fragments_are_written_whole(bench):
    whole = f.udp(HOST, 2000, PEER, PORT, MESSAGE)
    cut = len(whole) // 16 * 8
    packets = [
        f.ip4(HOST, PEER, f.UDP, whole[cut:], 7, cut // 8),
        f.ip4(HOST, PEER, f.UDP, whole[:cut], 7, 0x2000),
    ]
    records = [(START, n, 0, f.ethernet(packet)) for n, packet in enumerate(packets)]
    bench.hunt("--evidence", "out", bench.put("a.pcap", pcap(records)), code=1)
    bench.index()
    equal(bench.signs_again(HOST, f"out/{HOST}/p2p-message.pcap")[0], "infected", "verdict")


@check
def an_exploit_is_proven_again_by_its_connection_alone(bench):
    case = ROOT / "tests" / "cases" / "hunt-exploit" / "in.pcap.txt"
    bench.put("a.pcap", cases.capture_of(case.read_text()))
    bench.hunt("--evidence", "out", "a.pcap", code=1)
    bench.index()
    verdict, signs = bench.signs_again(HOST, f"out/{HOST}/exploit.pcap")
    equal((verdict, signs[0]), ("infected", "exploit"), "verdict and sign")


@check
def ipv6_hosts_have_safe_names(bench):
    host = "fd00::12:3"
    packet = f.ip6(host, "2001:db8::77", f.UDP, f.udp(host, 2000, "2001:db8::77", PORT, MESSAGE))
    record = (START, 0, 0, f.ethernet(packet, 0x86DD))
    bench.put("a.pcap", pcap([record]))
    bench.hunt("--evidence", "out", "--around", host, "a.pcap", code=1)
    files = [row["file"] for row in bench.index()]
    wanted = ["fd00__12_3/p2p-message.pcap", "around-fd00__12_3.pcap"]
    equal(files, wanted, "names")


@check
def since_and_until_hold_for_what_is_written(bench):
    bench.put("a.pcap", pcap(messages(10, f.ethernet)))
    span = ["--since", time_text(START + 3), "--until", time_text(START + 6)]
    bench.hunt("--evidence", "out", "--around", HOST, *span, "a.pcap", code=1)
    equal({row["packets"] for row in bench.index()}, {3}, "packets")


def time_text(seconds):
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def limit_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_MAX, FILE_MAX))


@check
def a_file_that_may_not_grow_is_said_and_is_whole(bench):
    done = bench.hunt("-q", "--evidence", "out", SAMPLE, code=4, preexec_fn=limit_files)
    holds("evidence: not all could be written: " in done.err, done.err)
    holds("10.9.3.33: INFECTED" in done.out, "the report is missing")
    rows = bench.index()
    equal([row["why"] for row in rows if row.get("why") == "write"], ["write"], "the one that failed")
    holds(all(row["bytes"] <= FILE_MAX for row in rows), "a file is too large")


@check
def a_full_disk_is_said_and_leaves_whole_captures(bench):
    script = (
        "mount -t tmpfs -o size=300k none disk && "
        '"$0" hunt --evidence disk/out "$1" >report; code=$?; cp -r disk/out copy; exit $code'
    )
    unshare = ["unshare", "-rm", "sh", "-c"]
    bench.path("disk").mkdir()
    probe = subprocess.run(
        [*unshare, "mount -t tmpfs none disk"], cwd=bench.folder, capture_output=True, check=False
    )
    if probe.returncode != 0:
        raise Skip("no namespaces with mounts here")
    done = subprocess.run(
        [*unshare, script, bench.program, str(SAMPLE)],
        cwd=bench.folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False,
    )  # fmt: skip
    equal(done.returncode, 4, "exit")
    holds("No space left" in done.stderr, done.stderr)
    holds("10.9.3.33: INFECTED" in bench.path("report").read_text(), "the report is missing")
    files = list(bench.path("copy").rglob("*.pcap"))
    holds(len(files) > 3, "nothing was written")
    for path in files:
        if path.stat().st_size > 0:  # the one that found the disk full has not even a header
            records_of(path.read_bytes())


@check
def the_index_has_the_keys_that_its_page_promises(_bench):
    page = (ROOT / "docs" / "evidence.md").read_text()
    table = page[page.index("## index.jsonl") :]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    equal([key for row in rows for key in re.findall(r"`(\w+)`", row)], KEYS, "the keys")


@check
def nobody_to_report_leaves_an_empty_index(bench):
    quiet = pcap([(START, 0, 0, f.ethernet(f.datagram(HOST, 2000, PEER, 123, b"time")))])
    done = bench.hunt("--evidence", "out", bench.put("a.pcap", quiet), code=0)
    equal(bench.index(), [], "rows")
    holds("0 captures of 0 hosts" in done.err, done.err)


def main():
    failed = 0
    for prefix, program in PROGRAMS.items():
        for function in CHECKS:
            name = prefix + function.__name__.replace("_", " ")
            with tempfile.TemporaryDirectory() as folder:
                try:
                    function(Bench(program, Path(folder)))
                    print(f"ok {name}", flush=True)
                except Skip as reason:
                    print(f"skip {name}: {reason}", flush=True)
                except (AssertionError, OSError, ValueError, KeyError, StopIteration, struct.error,
                        subprocess.SubprocessError) as error:  # fmt: skip
                    failed += 1
                    print(f"not ok {name}: {type(error).__name__} {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
