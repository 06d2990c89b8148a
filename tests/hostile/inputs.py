"""Inputs made to do harm: lengths that cannot be, things that never end, bombs, odd files, names
that steer terminals. No crash, no endless loop, bounded memory, and a word about each."""
import bz2
import fcntl
import gzip
import lzma
import os
import pty
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time
from pathlib import Path

import frames as f
import make
from checking import equal, holds
from running import ROOT, MEMORY_BYTES, check
from truncations import small_pcap, pcap_ends

NOBODY = 65534
MIB = 1 << 20
TEN_GB = 10 * 1000 * MIB
OUR_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def one_input(done):
    equal(len(done.inputs), 1, "inputs")
    return done.inputs[0]


def damaged(program, data, code=3, **wanted):
    """Hunts the bytes, which must have exactly one damage; gives its reason."""
    done = program.hunt("-r", "-", stdin=data)
    each = one_input(done)
    equal(done.code, code, "exit code")
    equal(len(each["damage"]), 1, f"damages in {each['damage']}")
    for key, value in wanted.items():
        equal(each[key], value, key)
    return each["damage"][0]


# ---- lengths that cannot be ----


@check
def a_record_of_4_gib_at_the_end_ends_the_file(program):
    data = small_pcap()
    end = pcap_ends(data)[4]
    hostile = data[: end + 8] + b"\xff" * 8 + b"\0" * 64
    damage = damaged(program, hostile, code=1, records=4)
    equal(damage["offset"], end, "offset")
    holds("4294967295 bytes" in damage["reason"], damage["reason"])


@check
def a_record_of_4_gib_among_others_is_stepped_over(program):
    frame = f.ethernet(make.message_packet())
    frames = make.timed([frame] * 10)
    data = bytearray(f.pcap(1, frames))
    third = pcap_ends(data)[2]
    data[third + 8 : third + 16] = b"\xff" * 8
    damage = damaged(program, bytes(data), code=1, records=9)
    equal(damage["offset"], third, "offset")
    holds("bytes skipped" in damage["reason"], damage["reason"])


@check
def every_bit_of_the_lengths_of_a_pcapng_may_be_wrong(program):
    data = make.pcapng()
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for at in range(0, 8 * len(data), 3 if program.sanitized else 1):
            hostile = bytearray(data)
            hostile[at // 8] ^= 1 << at % 8
            paths.append(Path(folder) / str(at))
            paths[-1].write_bytes(hostile)
        for start in range(0, len(paths), 500):
            done = program.hunt(*paths[start : start + 500])
            holds(all(each["records"] <= 3 for each in done.inputs), "more packets than there are")


@check
def block_lengths_of_a_pcapng_that_cannot_be_are_told(program):
    good = f.section() + f.interface(1)
    for length in (0, 1, 11, 0x7FFFFFFF, 0xFFFFFFFF):
        bad = struct.pack("<II", 6, length) + b"\0" * 100
        damage = damaged(program, good + bad)
        equal(damage["offset"], len(good), "offset")
        holds(f"block says {length} bytes" in damage["reason"], damage["reason"])
    for length in (0, 12, 0xFFFFFFFF):
        bad = struct.pack("<III", 0x0A0D0D0A, length, 0x1A2B3C4D) + b"\0" * 100
        damaged(program, bad, records=0)
        damaged(program, good + bad, records=0)


@check
def options_that_never_end_do_end(program):
    frame = f.enhanced(0, make.START, f.ethernet(make.message_packet()))
    endless = [
        struct.pack("<HH", 1, 0) * (MIB // 4),  # a million options of nothing
        struct.pack("<HH", 2, 0xFFFF) + b"x" * 16,  # one longer than its block
        struct.pack("<HH", 9, 0),  # a resolution without a value
        struct.pack("<HHI", 14, 4, 1),  # an offset of half its size
        b"\x09\x00\x01",  # cut within its head
    ]
    for number, options in enumerate(endless):
        done = program.hunt("-r", "-", stdin=f.section() + f.interface(1, options) + frame)
        equal(one_input(done)["records"], 1, f"records behind options {number}")
        equal(bool(one_input(done)["damage"]), number != 0, f"damage of options {number}")


@check
def a_hundred_thousand_interfaces_are_too_many_and_counted(program):
    count = 100000
    head = f.section() + f.interface(1) * count
    packets = [f.enhanced(n, make.START, f.ethernet(make.message_packet())) for n in (0, count - 1)]
    done = program.hunt("-r", "-", stdin=head + b"".join(packets))
    each = one_input(done)
    equal((done.code, each["records"], len(each["damage"])), (1, 1, 16), "code, records, damages")
    holds("more than 4096 interfaces" in each["damage"][0]["reason"], str(each["damage"][0]))
    holds(any(" 95905 places" in line for line in done.summary["limits_hit"]), str(done.summary))
    holds(done.err.count("\n") <= 20, "stderr is flooded")


@check
def noise_behind_a_sound_head_is_no_crash(program):
    draw = random.Random(2009)
    with tempfile.TemporaryDirectory() as folder:
        heads = [
            small_pcap()[:24],
            f.section() + f.interface(1),
            small_pcap(),
            b"",
            b"\x1f\x8b\x08\0",
        ]
        heads += [b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"BZh9", b"\xfd7zXZ\0"]
        paths = []
        for number in range(60 if program.sanitized else 300):
            paths.append(Path(folder) / str(number))
            paths[-1].write_bytes(heads[number % len(heads)] + draw.randbytes(draw.randrange(3000)))
        equal(len(program.hunt(*paths).inputs), len(paths), "inputs")


@check
def every_byte_of_every_frame_may_be_wrong(program):
    """Frames of all kinds of the cases, each byte set to four values."""
    kinds = [make.vxlan, make.fragments, make.over_ip6, make.over_tcp, make.compression_loops]
    texts = [
        make.CAPTURES[f"hunt-{name}/in.pcap.txt"]
        for name in ("vlan", "gre", "link-ppp", "stream-split")
    ]
    records = []
    for kind in [*kinds, *texts]:
        for line in kind().splitlines()[:8]:
            _, link_type, data = line.split()
            records.append((int(link_type), bytes.fromhex(data)))
    step = 5 if program.sanitized else 1
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for link_type in {kind for kind, _ in records}:
            frames = []
            for frame in [data for kind, data in records if kind == link_type]:
                for at in range(0, len(frame), step):
                    for value in (0, 1, 0x7F, 0xFF):
                        frames.append(frame[:at] + bytes([value]) + frame[at + 1 :])
                    frames.append(frame[:at])
            paths.append(Path(folder) / str(link_type))
            paths[-1].write_bytes(f.pcap(link_type, make.timed(frames, step=1)))
        done = program.hunt(*paths)
        holds(sum(each["records"] for each in done.inputs) > 500, "too few frames")
        equal([each["damage"] for each in done.inputs], [[]] * len(paths), "damage")


@check
def dns_messages_that_promise_65535_of_everything_end(program):
    bodies = [
        b"",
        b"\xc0\x0c" * 30000,
        f.dns_name("a.example") + b"\0\1\0\1",
        b"\xc0\x0c\0\1\0\1" * 10000,
    ]
    queries = [
        struct.pack(">HHHHHH", n, 0x100, *[0xFFFF] * 4) + body for n, body in enumerate(bodies)
    ]
    packets = [
        f.datagram(make.HOST, 5000, make.RESOLVER, 53, query[:65000], n)
        for n, query in enumerate(queries)
    ]
    began = time.monotonic()
    done = program.hunt("-r", "-", stdin=f.pcap(101, make.timed(packets * 50, step=1)))
    equal((done.code, one_input(done)["records"]), (0, 50 * len(packets)), "code and records")
    holds(time.monotonic() - began < 20, "it took too long")


# ---- bombs ----


def zeros_after_head():
    """A pcap header, and zeros to 16 MiB: records without bytes."""
    return f.pcap(1, []) + bytes(16 * MIB - 24)


def gzip_members(path, first, count):
    """The first 16 MiB, then zeros, as so many members."""
    more = gzip.compress(bytes(16 * MIB), mtime=0)
    with open(path, "wb") as file:
        file.write(gzip.compress(first, mtime=0))
        for _ in range(count - 1):
            file.write(more)


def fed(program, pieces):
    """Hunts what a thread writes into its stdin until it is no longer wanted."""
    read_end, write_end = os.pipe()

    def feed():
        with os.fdopen(write_end, "wb") as out:
            try:
                for piece in pieces:
                    out.write(piece)
            except BrokenPipeError:
                pass

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        with os.fdopen(read_end, "rb") as source:
            return program.hunt("-r", "-", stdin=source)
    finally:
        feeder.join()


@check
def ten_gigabytes_of_zeros_by_gzip_through_a_pipe_stop_at_once(program):
    member = gzip.compress(bytes(16 * MIB), mtime=0)
    done = fed(program, (member for _ in range(TEN_GB // (16 * MIB))))
    equal(done.code, 3, "exit code")
    holds("no format" in one_input(done)["damage"][0]["reason"], str(done.inputs))
    holds(done.summary["seconds"] < 5, "it read all of them")


@check
def ten_gigabytes_of_empty_records_by_gzip_are_read_in_bounded_memory(program):
    if program.sanitized:  # a tenth of it, for sanitizers are slow
        return ten_gigabytes(program, TEN_GB // 16 // MIB // 20)
    return ten_gigabytes(program, TEN_GB // 16 // MIB)


def ten_gigabytes(program, members):
    first, more = (gzip.compress(data, mtime=0) for data in (zeros_after_head(), bytes(16 * MIB)))
    done = fed(program, (more if number else first for number in range(members)))
    each = one_input(done)
    equal((done.code, each["damage"][1:]), (3, []), "exit code, further damage")
    equal(each["bytes"] // MIB, members * 16 - 1, "MiB that were read")
    equal(each["records"], (members * 16 * MIB - 24) // 16, "records")


def zstd_bomb(head, size):
    """A zstd frame by hand: a raw block with the head, then blocks that repeat one zero."""
    frame = b"\x28\xb5\x2f\xfd" + b"\x00\x58"  # no content size, window of 2 MiB
    frame += (len(head) << 3).to_bytes(3, "little") + head
    return frame + ((128 * 1024 << 3 | 2).to_bytes(3, "little") + b"\0") * (size // (128 * 1024))


def bombs():
    head = f.pcap(1, [])
    yield "zstd", zstd_bomb(head, TEN_GB)
    xz = lzma.compress(bytes(64 * MIB))
    yield "xz", lzma.compress(head + bytes(8)) + xz * 160
    yield "bzip2", bz2.compress(head + bytes(8)) + bz2.compress(bytes(9 * 1000 * 1000)) * 1100


@check
def bombs_that_are_small_on_disk_are_refused(program):
    for name, bomb in bombs():
        if program.sanitized and name != "zstd":
            continue
        holds(len(bomb) < 2 * MIB, f"{name}: {len(bomb)} bytes are not small")
        done = program.hunt("-r", "-", stdin=bomb)
        each = one_input(done)
        equal(done.code, 3, f"{name}: exit code")
        holds("refused as a decompression bomb" in each["damage"][0]["reason"], f"{name}: {each}")
        holds(1000 * MIB < each["bytes"] < 2100 * MIB, f"{name}: {each['bytes']} bytes were read")


@check
def archives_in_archives_are_refused_beyond_two(program):
    data = small_pcap()
    for depth in range(1, 6):
        data = gzip.compress(data, mtime=0)
        done = program.hunt("-r", "-", stdin=data)
        each = one_input(done)
        if depth <= 2:
            equal((done.code, each["records"], each["damage"]), (1, 5, []), f"{depth} deep")
        else:
            equal((done.code, each["records"]), (4, 0), f"{depth} deep")
            holds("compressed more than 2 times over" in each["damage"][0]["reason"], str(each))


@check
def a_dictionary_of_gigabytes_is_refused(program):
    big = (
        b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([31 - 10 << 3]) + b"\x09\x00\x00a"
    )  # window of 2 GiB
    holds("zstd" in damaged(program, big)["reason"], "zstd is not named")
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]
    packed = lzma.compress(bytes(100), lzma.FORMAT_XZ, filters=filters)
    holds("xz" in damaged(program, packed)["reason"], "xz is not named")


# ---- files that are none ----


@check
def what_cannot_be_opened_ends_with_4_and_its_reason(program):
    with tempfile.TemporaryDirectory() as folder:
        loop = Path(folder) / "loop"
        loop.symlink_to(loop)
        below = ROOT / "samples" / "README.md" / "x"
        wrong = {
            "is a directory": ["-r", folder],
            "No such file": [Path(folder) / "nothing.pcap"],
            "Not a directory": [below],
            "symbolic links": ["-r", loop],
            "File name too long": ["a" * 5000],
        }
        for reason, arguments in wrong.items():
            done = program.hunt(*arguments)
            equal(done.code, 4, f"exit code of {arguments}")
            holds(reason in one_input(done)["damage"][0]["reason"], f"{reason}: {done.inputs}")
            holds(
                f"{done.inputs[0]['name'][-40:]}: " in done.err and reason in done.err,
                f"{reason}: {done.err[-300:]}",
            )


@check
def what_cannot_be_opened_beside_a_capture_ends_with_its_code(program):
    with tempfile.TemporaryDirectory() as folder:
        good = Path(folder) / "good.pcap"
        for data, code in ((small_pcap(), 1), (small_pcap()[:24], 3)):
            good.write_bytes(data)
            done = program.hunt(Path(folder) / "nothing", good)
            equal((done.code, done.summary["complete"]), (code, False), "exit code, complete")


@check
def a_file_that_must_not_be_read_is_told(program):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path, copy = Path(folder) / "secret.pcap", Path(folder) / "wormsign"
        path.write_bytes(small_pcap())
        path.chmod(0)
        arguments = ["hunt", "--json", path]
        if os.getuid() == 0:
            if not shutil.which("setpriv"):
                return "setpriv is not installed, and root may read everything"
            shutil.copy(program.path, copy)
            copy.chmod(0o755)
            command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", copy]
        else:
            command = [program.path]
        done = subprocess.run([*command, *arguments], capture_output=True, timeout=60, check=False)
        equal(done.returncode, 4, "exit code")
        holds(b"secret.pcap: cannot open: Permission denied" in done.stderr, done.stderr)
    return None


@check
def a_fifo_that_is_closed_is_an_end(program):
    data = small_pcap()
    for sent, code in ((b"", 3), (data[:10], 3), (data[:90], 3), (data[:-3], 1), (data, 1)):
        with tempfile.TemporaryDirectory() as folder:
            fifo = Path(folder) / "fifo.pcap"
            os.mkfifo(fifo)
            writer = threading.Thread(target=lambda fifo=fifo, sent=sent: fifo.write_bytes(sent))
            writer.start()
            done = program.hunt(fifo)
            writer.join()
            equal(done.code, code, f"exit code of {len(sent)} bytes")
            equal(len(one_input(done)["damage"]), int(sent != data), "damages")


@check
def a_closed_stdin_is_told(program):
    done = subprocess.run(
        ["sh", "-c", '"$0" hunt --json -r - <&-', program.path],
        capture_output=True,
        timeout=60,
        check=False,
    )
    equal(done.returncode, 3, "exit code")
    holds(b"wormsign: stdin: " in done.stderr, done.stderr)


@check
def devices_and_odd_files_in_a_directory_are_no_trouble(program):
    with tempfile.TemporaryDirectory() as folder:
        below = Path(folder) / "a" / "b"
        below.mkdir(parents=True)
        (below / "again").symlink_to(folder)
        (below / "nowhere").symlink_to("nothing")
        os.mkfifo(below / "fifo")
        (below / "good.pcap").write_bytes(small_pcap())
        (below / "empty").write_bytes(b"")
        done = program.hunt("-R", folder)
        equal(done.code, 1, "exit code")
        equal(
            sorted(Path(each["name"]).name for each in done.inputs),
            ["empty", "good.pcap", "nowhere"],
            "files",
        )


# ---- outputs ----


@check
def an_output_that_cannot_be_written_ends_with_4(program):
    sample = make.HERE / "hunt-compressed" / "in.pcap.gz"
    for option in ("-oN", "-oJ"):
        for path in ("/dev/full", "/nonexistent/report"):
            done = program.run("hunt", option, path, sample)
            equal(done.code, 4, f"exit code of {option} {path}")
            reason = "No space left on device" if path == "/dev/full" else "No such file"
            holds(path in done.err and "writ" in done.err and reason in done.err, done.err)


@check
def a_stdout_that_cannot_be_written_ends_with_4_and_its_reason(program):
    sample = make.HERE / "hunt-compressed" / "in.pcap.gz"
    reasons = {">/dev/full": "No space left on device", ">&-": "Bad file descriptor"}
    for where, reason in reasons.items():
        for form in ("--color=never", "--json"):
            done = subprocess.run(
                ["sh", "-c", f'"$0" hunt {form} "$1" {where}', program.path, sample],
                capture_output=True,
                timeout=60,
                check=False,
            )
            equal(done.returncode, 4, f"exit code of {where}")
            equal(
                done.stderr.decode(),
                f"wormsign: cannot write the results to stdout: {reason}\n",
                f"stderr of {where}",
            )


@check
def two_reports_on_stdout_are_refused(program):
    sample = make.HERE / "hunt-compressed" / "in.pcap.gz"
    for arguments in (["-oN", "-"], ["-oJ", "-"], ["--json", "-oN", "/dev/stdout"]):
        done = program.run("hunt", *arguments, sample)
        equal((done.code, done.out), (2, ""), f"what {arguments} gives")
        holds("is stdout, which has a report already" in done.err, done.err)


@check
def a_capture_is_not_written_over_by_its_report(program):
    data = small_pcap()
    with tempfile.TemporaryDirectory() as folder:
        path, link = Path(folder) / "in.pcap", Path(folder) / "link"
        path.write_bytes(data)
        link.symlink_to(path)
        for name in (path, link):
            done = program.run("hunt", "-oJ", name, path)
            equal(
                (done.code, path.read_bytes() == data), (4, True), "exit code, the capture is whole"
            )
            holds("is also to be read" in done.err, done.err)


@check
def a_capture_that_is_found_in_a_directory_is_not_written_over_either(program):
    packed = gzip.compress(small_pcap())
    with tempfile.TemporaryDirectory() as folder:
        capture, report = Path(folder) / "day.jsonl", Path(folder) / "old"
        capture.write_bytes(packed)
        report.write_text("a report of yesterday")
        for arguments in (["-oJ", capture, "-R", folder], ["-oA", Path(folder) / "day", folder]):
            done = program.run("hunt", "-oN", report, *arguments)
            equal((done.code, capture.read_bytes() == packed), (4, True), "code, whole capture")
            equal(report.read_text(), "a report of yesterday", "the other report")
            holds("holds a capture" in done.err, done.err)
        done = program.run("hunt", "-oN", report, capture)
        equal((done.code, "INFECTED" in report.read_text()), (1, True), "an old report is replaced")


@check
def a_run_that_is_interrupted_closes_its_outputs(program):
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "large.gz", Path(folder) / "out.jsonl"
        gzip_members(path, zeros_after_head(), 2000)
        with subprocess.Popen(
            [program.path, "hunt", "--json", "-oJ", out, path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running:
            time.sleep(0.7)
            running.send_signal(signal.SIGINT)
            stdout, stderr = running.communicate(timeout=60)
        equal(running.returncode, 3, "exit code")
        holds(b'"interrupted_at":' in stdout and b'"damage":[]' in stdout and stdout.endswith(b"}\n"), stdout[-300:])
        equal(
            re.sub(rb'"seconds":.*', b"", out.read_bytes()),
            re.sub(rb'"seconds":.*', b"", stdout),
            "both outputs",
        )
        holds(b"interrupted at byte" in stderr, stderr[-300:])


# ---- terminals ----


def on_terminal(program, *arguments, columns=80):
    """What a terminal gets, of stdout and stderr."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    with subprocess.Popen(
        [program.path, *map(os.fspath, arguments)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        close_fds=True,
    ) as running:
        os.close(slave)
        shown = b""
        while select.select([master], [], [], 60)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:  # Linux says so when the other side is closed
                break
            shown += piece
            if not piece:
                break
        os.close(master)
    return running.wait(timeout=60), shown.decode()


@check
def progress_fits_the_terminal_and_makes_way_for_the_report(program):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("a" * 120 + ".pcap")
        path.write_bytes(small_pcap())
        for columns in (30, 60, 100):
            _, shown = on_terminal(program, "hunt", path, columns=columns)
            drawn, _, report = shown.partition("\r\x1b[K")
            holds(re.fullmatch(r"\.\.\.a+\.pcap: .*\d s", drawn), f"drawn was {drawn!r}")
            holds(len(drawn) < columns, f"{len(drawn)} columns of {columns}")
            holds(report.startswith("\x1b[1mINFECTED"), f"{report[:60]!r} follows")


@check
def no_name_steers_a_terminal(program):
    with tempfile.TemporaryDirectory() as folder:
        names = [
            b"\x1b]0;owned\x07.pcap",
            b"a\x1b[2J\x1b[31mred.pcap",
            b"\xc2\x9b2J.pcap",
            b"\xff\n\r\x08.pcap",
        ]
        names.append("\u202egnp.pcap".encode())
        paths = []
        for number, name in enumerate(names):
            paths.append(os.path.join(os.fsencode(folder), name))
            with open(paths[-1], "wb") as file:
                file.write(small_pcap()[: None if number % 2 == 0 else -3])
        looked_up = Path(folder) / "dns.pcap"
        lines = make.control_bytes().splitlines()
        looked_up.write_bytes(
            f.pcap(
                1, make.timed([bytes.fromhex(line.split()[2]) for line in lines], f.A_DAY * 10**6)
            )
        )
        for more in (["-v"], ["-vv"], ["--json"], ["--color", "never"]):
            code, shown = on_terminal(
                program, "hunt", *more, "--site", "s\x1b[5m\x07", *paths, looked_up
            )
            equal(code, 1, f"exit code with {more}")
            holds("owned" in shown and "red.pcap" in shown, f"the names are not shown with {more}")
            rest = shown.replace("\r\x1b[K", "").replace("\r\n", "\n")
            if "--json" not in more and "never" not in more:
                holds(OUR_COLOURS.search(rest), "no colours on a terminal")
                rest = OUR_COLOURS.sub("", rest)
            odd = [
                c
                for c in rest
                if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c == "\u202e"
            ]
            holds(not odd, f"{odd[:5]} reached the terminal with {more}")


@check
def names_of_a_wrong_command_line_do_not_steer_either(program):
    for arguments in (
        ["h\x1b[2J"],
        ["hunt", "--\x1b[2J"],
        ["hunt", "--home", "\x1b[2J"],
        ["hunt", "--since", "\x9b2J"],
    ):
        done = program.run(*arguments)  # Done looks at each byte
        equal((done.code, done.out, done.err.count("\n")), (2, "", 1), f"what {arguments} gives")


@check
def wrong_words_of_hunt_get_one_line_with_the_right_ones(program):
    wrong = {
        ("--hoem", "10.0.0.0/8", "x"): "did you mean --home?",
        ("--home", "1.2.3", "x"): "'1.2.3' is not a network; write it as 192.0.2.0/24",
        ("--home", "10.0.0.5/8", "x"): "did you mean 10.0.0.0/8?",
        ("--exempt", "ward3", "x"): "'ward3' is not a network",
        ("--sampling", "0", "x"): "'0' is not a number from 1 to 1000000",
        ("--since", "2009-02-29", "x"): "write it as 2009-04-21, 2009-04-21T16:44 or",
        ("--until", "2009-04-21T25:00:00Z", "x"): "write it as 2009-04-21",
        ("--since", "2009-04-22", "--until", "2009-04-22", "x"): "--since must be before --until",
        ("--color", "blue", "x"): "none of auto|always|never",
        ("-r",): "needs a value",
        ("-oJ",): "-oJ FILE",
    }
    for arguments, words in wrong.items():
        done = program.run("hunt", *arguments)
        equal((done.code, done.out, done.err.count("\n")), (2, "", 1), f"what {arguments} gives")
        holds(words in done.err, f"{done.err!r} does not say {words!r}")


@check
def memory_is_bounded_to_what_the_tests_say(program):
    """The limit works: without it the tests above would hold nothing."""
    if program.sanitized:
        return None
    done = subprocess.run(
        ["sh", "-c", "ulimit -v"], preexec_fn=program.limits, capture_output=True, check=True
    )
    equal(int(done.stdout) * 1024, MEMORY_BYTES, "limit")
    return None
