#!/usr/bin/env python3
"""Every variant of the responder, asked over loopback and judged by p2p.py: what comes back is what
the variant promises. And the program itself: what it opens, refuses, and how it ends.

Runs the responder beside $WORMSIGN (else the one of a build tree), and the one beside
$WORMSIGN_ASAN where that is set. All checks run side by side. Prints `ok NAME`,
`not ok NAME: reason` or `skip NAME: reason`; exits 1 if anything is not ok.
The addresses come from the number of this process, so that two runs are not in each other's way."""
import itertools
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
import asking
import p2p
import smb_checks
from checking import equal, holds
from host import Host, SILENT, WEDNESDAY, WEEK, at_once, rows
from rig import LO, NAMESPACE, PROCESSES, Rig, RigError, built
from variants import VARIANTS

HERE = Path(__file__).resolve().parent
DAY = 86400
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


@check
def every_variant_is_listed_documented_and_tried_here(p):
    done = subprocess.run([p.path, "--list"], capture_output=True, text=True, timeout=60, check=True)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    holds(all(len(line) == 2 and line[1] for line in lines), "a line is no name, tab and sentence")
    equal(sorted(line[0] for line in lines), sorted(VARIANTS), "variants")
    page = (HERE / "README.md").read_text()
    equal([line for line in lines if "| `{}` | {} |".format(*line) not in page], [], "what README.md lacks")


@check
def the_judge_agrees_with_the_public_vectors(_):
    for r in rows("ports.tsv"):
        wanted = [int(r[name]) for name in ("tcp1", "tcp3", "udp2", "udp4")]
        equal([*itertools.chain(*p2p.predicted(r["ip"], int(r["week"])))], wanted, f"ports of {r['ip']}")
    for r in rows("packets.tsv"):
        wire = bytes.fromhex(r["hex_wire"])
        try:
            m = p2p.Message(wire[2:] if r["proto"] == "tcp" else wire)
            got = ("1", "1" if m.holds else "0", f"{m.key:016x}", m.flags, m.sum, m.noise.hex())
        except p2p.Cut:
            equal(r["parse_ok"], "0", f"packet {r['id']}")
            continue
        wanted = (r["parse_ok"], r["checksum_ok"], r["key2"] + r["key1"], int(r["flags"], 16), int(r["hash"], 16),
                  r["noise_hex"])
        equal(got, wanted, f"packet {r['id']}")
    equal(p2p.request("udp").hex(), "0000000000000000018004290000", "request on UDP")
    equal(p2p.request("tcp").hex(), "0e000000000000000000058014290000", "request on TCP")


@check
def what_is_no_valid_message_is_not_answered(p):
    host = p.hosts["valid"]
    for transport, ask, ports in (("tcp", host.tcp, host.tcp_ports), ("udp", host.udp, host.udp_ports)):
        right = p2p.request(transport, 77)
        wrong = [p2p.request(transport, 77, wrong=1), right[:-1], right[1:]]
        wrong += [b"?", b"GET / HTTP/1.0\r\n\r\n", bytes(200)]
        wrong += [b""] if transport == "udp" else [b"\x0d\x00" + right[2:]]
        for reply in at_once(*[lambda w=w: ask(ports[0], w, **SILENT) for w in wrong]):
            holds(not (reply.bytes if transport == "tcp" else reply.datagrams), f"answered: {reply}")


@check
def a_request_may_have_fields_and_come_in_pieces(p):
    host = p.hosts["valid"]
    fields = struct.pack("<4sH", bytes(4), 1) + struct.pack("<BH5s", 2, 5, b"hello")
    asked = {t: p2p.request(t, 99, fields, p2p.IP | p2p.DATA, b"noise") for t in ("tcp", "udp")}
    equal(len(host.udp(host.udp_ports[1], asked["udp"]).datagrams), 1, "answers on UDP")
    for more in ({}, {"byte_by_byte": True}):
        equal(len(host.tcp(host.tcp_ports[1], asked["tcp"], **more).bytes), 16, f"bytes on TCP with {more}")


@check
def a_peer_that_has_said_all_is_still_answered(p):
    for name, size in (("valid", 16), ("segments", 16), ("slow", 16)):
        reply = p.hosts[name].tcp(p.hosts[name].tcp_ports[0], half_close=True)
        equal((len(reply.bytes), reply.ending), (size, "closed"), name)


def sockets(p, roles, when, **more):
    with Rig(roles, when, program=p.path, **more) as rig:
        return rig.sockets


@check
def near_monday_both_weeks_are_open(p):
    address, monday = p.address(), WEDNESDAY - WEDNESDAY % DAY - 2 * DAY
    equal(p2p.week_of(monday), p2p.week_of(monday - 1) + 1, "the week that begins on Monday")
    for when, other in ((monday, -1), (monday + DAY - 1, -1), (monday - 1, 1), (monday - DAY + 1, 1)):
        with Rig({address: "valid"}, when, program=p.path) as rig:
            week = p2p.week_of(when)
            equal(rig.sockets, 6, f"sockets at {when - monday} s from Monday")
            for w in (week, week + other):
                Host(address, "valid", w).is_valid()
    for when in (monday + DAY, monday - DAY, monday + 3 * DAY):
        equal(sockets(p, {address: "valid"}, when), 4, f"sockets at {when - monday} s from Monday")


@check
def both_weeks_can_be_demanded(p):
    address, monday = p.address(), WEDNESDAY - WEDNESDAY % DAY - 2 * DAY
    for days, other in ((2, -1), (5, 1)):
        with Rig({address: "valid"}, monday + days * DAY, both_weeks=True, program=p.path) as rig:
            equal(rig.sockets, 6, "sockets")
            for week in (WEEK, WEEK + other):
                Host(address, "valid", week).is_valid()


@check
def ports_can_be_those_of_another_address(p):
    row, address = rows("ports.tsv")[700], p.address()
    ports = {"tcp": (int(row["tcp1"]), int(row["tcp3"])), "udp": (int(row["udp2"]), int(row["udp4"]))}
    when = int(row["week"]) * 7 * DAY + 345600 + 3 * DAY
    with Rig({address: "valid"}, when, real_ip=row["ip"], program=p.path):
        host = Host(address, "valid")
        host.is_valid_tcp(ports["tcp"])
        host.is_valid_udp(ports["udp"])
        host.refuses_tcp(set(host.tcp_ports) - set(ports["tcp"]))


@check
def sri_listens_on_the_ports_by_its_reading(p):
    row, address = rows("ports-two-readings.tsv")[0], p.address()
    when = int(row["week"]) * 7 * DAY + 345600 + 3 * DAY
    theirs = {t: [int(row[f"cross_{t}{i}"]) for i in (1, 2)] for t in ("tcp", "udp")}
    nmaps = {t: [int(row[f"{t}{i}"]) for i in (1, 2)] for t in ("tcp", "udp")}
    host = Host(address, "sri")
    for name, here, elsewhere in (("sri", theirs, nmaps), ("valid", nmaps, theirs)):
        with Rig({address: name}, when, real_ip=row["ip"], program=p.path):
            host.is_valid_tcp(here["tcp"])
            host.is_valid_udp(here["udp"])
            host.refuses_tcp(set(elsewhere["tcp"]) - set(here["tcp"]))
            host.refuses_udp(set(elsewhere["udp"]) - set(here["udp"]))


@check
def a_port_that_is_twice_the_same_is_one_socket(p):
    row = next(r for r in rows("ports-two-readings.tsv") if r["tcp1"] == r["tcp2"])
    when = int(row["week"]) * 7 * DAY + 345600 + 3 * DAY
    equal(sockets(p, {p.address(): "valid"}, when, real_ip=row["ip"]), 3, "sockets")


@check
def hundreds_of_addresses_are_played_at_once(p):
    addresses = [p.address() for _ in range(300)]
    hosts = [Host(address, "valid") for address in addresses]
    with Rig(dict.fromkeys(addresses, "valid"), WEDNESDAY, program=p.path) as rig:
        equal(rig.sockets, sum(len(set(h.tcp_ports)) + len(set(h.udp_ports)) for h in hosts), "sockets")
        with asking.udp_socket() as asker:
            for h in hosts:
                for port in h.udp_ports:
                    asker.sendto(h.ask("udp", port), (h.address, port))
            asker.settimeout(asking.FIRST_SECONDS)
            wanted = {(h.address, port) for h in hosts for port in h.udp_ports}
            while wanted:
                datagram, source = asker.recvfrom(65536)
                holds(p2p.is_message(datagram), f"no message from {source}")
                wanted.discard(source)
        places = [(h.address, port) for h in hosts for port in h.tcp_ports]
        talks = [socket.create_connection(place, asking.FIRST_SECONDS) for place in places]
        for talk in talks:
            talk.sendall(p2p.request("tcp", 5))
        for talk in talks:
            holds(p2p.is_message(talk.recv(100)[2:]), f"no message from {talk.getpeername()}")
            talk.close()


def fails(p, *arguments, code, says):
    done = subprocess.run([p.path, *arguments], capture_output=True, text=True, timeout=20, check=False,
                          stdin=subprocess.DEVNULL)
    equal((done.returncode, done.stdout), (code, ""), f"exit code and stdout of {arguments}")
    holds(says in done.stderr, f"{done.stderr!r} does not say {says!r}")


@check
def an_address_outside_loopback_is_refused(p):
    for address in ("10.0.0.1", "126.255.255.255", "128.0.0.1", "0.0.0.0", "192.0.2.1"):
        fails(p, f"{address}=valid", code=2, says="outside 127.0.0.0/8")
        fails(p, p.address() + "=valid", f"{address}=refuses", code=2, says="outside 127.0.0.0/8")
    fails(p, "--any", "10.0.0.1=valid", code=2, says="--any works only in a network namespace")
    fails(p, "127.255.255.255=other-host", code=2, says="outside 127.0.0.0/8")


@check
def wrong_words_end_with_2(p):
    address = p.address()
    fails(p, code=2, says="no ADDRESS=VARIANT")
    fails(p, address, code=2, says="is not ADDRESS=VARIANT")
    fails(p, "=valid", code=2, says="is not ADDRESS=VARIANT")
    fails(p, address + "=vaild", code=2, says="no variant 'vaild'")
    fails(p, "::1=valid", code=2, says="only IPv4")
    fails(p, "localhost=valid", code=2, says="localhost")
    for value in ("0", "3601", "x", "", "99999999999999999999"):
        fails(p, "--for", value, address + "=valid", code=2, says="not a number")
    fails(p, "--time", "-1", address + "=valid", code=2, says="not a number")
    fails(p, "--real-ip", "a.b", address + "=valid", code=2, says="a.b")
    fails(p, "--nonsense", address + "=valid", code=2, says="usage")
    fails(p, "@/nonexistent", code=1, says="/nonexistent")
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(f"# who\n\n{address}=refuses\n{address}=none\n")
        file.flush()
        fails(p, "@" + file.name, code=2, says=f"{file.name}: line 4: no variant 'none'")


@check
def a_port_that_is_taken_is_named_and_nothing_is_played(p):
    for what, kind in (("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM)):
        # One host each: a program that another check starts may hold a closed socket a little longer.
        host = Host(p.address(), "valid")
        port = host.tcp_ports[1] if what == "tcp" else host.udp_ports[0]
        with socket.socket(socket.AF_INET, kind) as taken:
            if what == "tcp":  # what is left of connections of an earlier run is no matter
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind((host.address, port))
            if what == "tcp":
                taken.listen()
            fails(p, "--time", str(WEDNESDAY), host.address + "=valid", code=1,
                  says=f"{host.address} port {port}/{what}: Address already in use")
    host = Host(p.address(), "valid")
    fails(p, host.address + "=valid", host.address + "=silent", code=1, says="Address already in use")


def ends(p, how, *options, **more):
    """Starts it, waits for ready, then does `how` to it; it must end with 0."""
    with subprocess.Popen([p.path, *options, p.address() + "=valid"], stdout=subprocess.PIPE, **more) as child:
        try:
            holds(child.stdout.readline() == b"ready 4\n", "not ready")
            how(child)
            equal(child.wait(asking.FIRST_SECONDS), 0, "exit code")
        finally:
            child.kill()


@check
def it_ends_by_signal_by_the_end_of_stdin_and_by_its_time(p):
    at = ["--time", str(WEDNESDAY)]
    nothing = {"stdin": subprocess.DEVNULL}
    ends(p, lambda child: child.send_signal(signal.SIGTERM), *at, **nothing)
    ends(p, lambda child: child.send_signal(signal.SIGINT), *at, **nothing)
    ends(p, lambda child: child.stdin.close(), *at, stdin=subprocess.PIPE)
    began = time.monotonic()
    ends(p, lambda child: None, *at, "--for", "1", **nothing)
    holds(0.9 < time.monotonic() - began, "it ended before its time")


@check
def what_is_said_on_stdin_does_not_end_it(p):
    def how(child):
        child.stdin.write(b"still here\n" * 100)
        child.stdin.flush()
        time.sleep(0.3)
        equal(child.poll(), None, "exit code before the end")
        child.stdin.close()

    ends(p, how, "--time", str(WEDNESDAY), stdin=subprocess.PIPE)


@check
def in_a_namespace_of_a_test_any_address_can_be_played(p):
    lacks = subprocess.run([*NAMESPACE, LO + "true"], capture_output=True, text=True, timeout=60, check=False)
    if lacks.returncode != 0:
        return "no namespaces here: " + " ".join(lacks.stderr.split())
    inside = [LO + 'exec "$0" "$1" --in-namespace "$2"', sys.executable, str(Path(__file__).resolve()), p.path]
    done = subprocess.run([*NAMESPACE, *inside], capture_output=True, text=True, timeout=120, check=False)
    equal((done.returncode, done.stdout), (0, "answered\n"), f"what was said inside ({done.stderr})")
    return None


@check
def in_the_namespace_of_process_1_no_other_address_can_be_played(p):
    lacks = subprocess.run([*PROCESSES, "readlink /proc/1/ns/net"], capture_output=True, timeout=60, check=False)
    if lacks.returncode != 0:
        return "no namespaces here"
    for option, says in (("--any", "--any works only"), ("--both-weeks", "outside 127.0.0.0/8")):
        play = [*PROCESSES, '"$0" "$1" 10.77.0.3=refuses; exit $?', p.path, option]
        done = subprocess.run(play, capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL)
        equal((done.returncode, done.stdout), (2, ""), f"exit code and stdout with {option}")
        holds(says in done.stderr, f"{done.stderr!r} does not say {says!r}")
    return None


def inside_namespace(path):
    """Runs in a network namespace whose lo owns 10.77.0.0/24."""
    p = Program("", path, 0)
    fails(p, "10.77.0.3=valid", code=2, says="only with --any")
    host = Host("10.77.0.3", "valid")
    with Rig({host.address: "valid", "10.77.0.4": "other-host"}, WEDNESDAY, anywhere=True, program=path):
        for port in host.udp_ports:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
                asker.sendto(host.ask("udp", port), (host.address, port))
                asker.settimeout(asking.FIRST_SECONDS)
                datagram, source = asker.recvfrom(65536)
                equal(source, (host.address, port), "source")
                host.judge(datagram, b"", "udp", port)
        host.is_valid_tcp()
    print("answered")


class Program:
    """One of the two programs under test, and addresses that nobody else uses."""

    def __init__(self, before, path, third_octet):
        self.before, self.path = before, path
        self.numbers = itertools.count()
        self.third_octet = third_octet
        self.hosts = {}

    def address(self):
        number = next(self.numbers)  # every other address: other-host uses those between
        run, block = os.getpid() % 250, os.getpid() // 250 % 20
        return f"127.{2 + run}.{self.third_octet + 5 * block + number // 120}.{2 + number % 120 * 2}"


def rig_of_all_variants(p):
    """All variants at once; a port that an unrelated program holds makes it try other addresses."""
    for attempt in range(3):
        p.hosts = {name: Host(p.address(), name) for name in VARIANTS}
        try:
            return Rig({h.address: h.name for h in p.hosts.values()}, WEDNESDAY, program=p.path).__enter__()
        except RigError as error:
            if attempt == 2 or "in use" not in str(error):
                raise


def say(line):
    """In one piece, for many speak."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def result(name, function, *arguments):
    try:
        skipped = function(*arguments)
        say(f"skip {name}: {skipped}" if skipped else f"ok {name}")
        return True
    except Exception as reason:  # any failure of a check is its answer
        words = " ".join(str(reason).split()) or repr(reason)
        say(f"not ok {name}: {words}")
        return False


def ends_well(rig):
    """Last of all: nothing on stderr, so no sanitizer and no answer that could not be sent."""
    rig.stop()
    equal((rig.code, rig.err), (0, ""), "exit code and stderr")


def paths_of(name):
    """[(words before its checks, path)] of one of the rig's programs, as each compiler made it."""
    paths = [("", built(name))]
    if os.environ.get("WORMSIGN_ASAN"):
        paths.append(("asan ", str(Path(os.environ["WORMSIGN_ASAN"]).parent / "tests/rig" / name)))
    return paths


def main():
    programs = [Program(before, path, 100 * i) for i, (before, path) in enumerate(paths_of("responder"))]
    servers = [smb_checks.SmbProgram(before + "smb ", path, i) for i, (before, path) in enumerate(paths_of("smb_server"))]
    rigs = [rig_of_all_variants(p) for p in programs] + [p.begin() for p in servers]
    results = []
    with ThreadPoolExecutor(200) as pool:
        for p in programs:
            for name, function in VARIANTS.items():
                what = f"{p.before}{name} {function.__name__}"
                results.append(pool.submit(result, what, function, p.hosts[name]))
            for function in CHECKS:
                results.append(pool.submit(result, p.before + function.__name__, function, p))
        for p in servers:
            results += smb_checks.results_of(p, pool, result)
    good = [each.result() for each in results]
    for p, rig in zip(programs + servers, rigs):
        good.append(result(p.before + "the_program_ends_well_after_all_this", ends_well, rig))
    print(f"{sum(good)} passed, {len(good) - sum(good)} failed")
    return 0 if all(good) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--in-namespace"]:
        inside_namespace(sys.argv[2])
    else:
        sys.exit(main())
