"""Ports that are named (-p, --all-ports) by raw: both engines say the same of whoever has the worm on an odd port,
refuses, is silent, or takes and answers everything; a scan that is killed goes on; shards keep hosts whole."""
import contextlib
import shutil
import signal
import subprocess
import sys
import tempfile

import p2p
from beyond import Far, SILENT, comes_to, needs_nft
from checking import check, check_once, equal, holds
from engines import plain, same, told, variants
from goes_on import COUNTS, asked
from inside import in_namespace
from losses import lose

REAL = "10.20.30.41"  # by which the hosts know themselves, and nobody else does
P2P = ["--checks", "p2p", "--max-rate", "20000"]
UNIT_PORTS, BATCH_UNITS = 16, 64

# Whoever connects to any port of .70 and .71 comes to one of these; a datagram to any port of .71 as well.
REDIRECTS = """
table ip turns {
    chain before {
        type nat hook prerouting priority dstnat;
        ip daddr 10.9.2.70 meta l4proto tcp redirect to :9001
        ip daddr 10.9.2.71 meta l4proto { tcp, udp } redirect to :9002
    }
}
"""
SERVERS = """
import socket, sys, threading
mute, greets, answers = socket.create_server(("", 9001), backlog=4096), socket.create_server(("", 9002), backlog=4096), \
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
answers.bind(("", 9002))
kept = []
def take(server, greeting):
    while True:
        one, _ = server.accept()
        one.sendall(greeting)
        if not greeting:
            kept.append(one)
def answer():
    while True:
        _, there = answers.recvfrom(2000)
        answers.sendto(b"220 welcome, whoever you are", there)
for each in ((take, mute, b""), (take, greets, b"220 welcome to the ward's printer"), (answer,)):
    threading.Thread(target=each[0], args=each[1:], daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def takers(far):
    needs_nft()
    far.nft(REDIRECTS)
    child = subprocess.Popen(["nsenter", "-t", str(far.child.pid), "-n", sys.executable, "-c", SERVERS],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        holds(child.stdout.readline() == b"ready\n", "the servers did not start")
        yield
    finally:
        child.stdin.close()
        child.stdout.close()
        child.wait(20)


def odd_rig(far, p, folder, roles):
    rig = far.play(p, folder, roles)
    rig.options += ["--real-ip", REAL]
    return rig


def odd_ports(p):
    tcp, udp = p2p.predicted(REAL, p.week)
    return ",".join([*(f"T:{n}" for n in tcp), *(f"U:{n}" for n in udp)])


def both(p, *words, seconds=100):
    scans = [p.json("--engine", engine, *P2P, "--week", str(p.week), *words, seconds=seconds)
             for engine in ("raw", "socket")]
    holds("asked by packets of our own" in scans[0].err, f"raw was not raw: {scans[0].err[-300:]}")
    for each in scans:
        each.holds_the_schema()
    ports = [{host: line["ports"] for host, line in each.hosts.items()} for each in scans]
    equal(ports[0], ports[1], "what came of the ports, by raw and by sockets")
    equal([each.summary["complete"] for each in scans], [True, True], "complete")
    return scans


def odd(p):
    names = [v for v in variants(p) if v != "other-host"]
    played = dict(zip(plain(p, "10.9.2", len(names)), names))
    with Far() as far, tempfile.TemporaryDirectory() as folder, odd_rig(far, p, folder, played):
        named = odd_ports(p) + ",T:50000-50050,U:50060-50090"
        scans = both(p, "-p", named, *played, "10.9.2.250-251", "10.9.3.7")
        unnamed = p.json("--engine", "raw", *P2P, "--week", str(p.week), *played, seconds=60).ends(0)
    same(*scans)
    equal([each.code for each in scans], [1, 1], "exit codes")
    holds(len(scans[0].verdicts("infected")) > 15, "few were infected")
    equal(unnamed.verdicts("infected"), set(), "infected without -p")
    holds("18446744" not in scans[0].out, "a count below zero")


@check
def both_engines_say_the_same_of_named_ports(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, odd)


def takes_all(p):
    hosts = ["10.9.2.70", "10.9.2.71", "10.9.2.72"]
    with Far() as far, takers(far):
        scans = both(p, "-p", "50000-50025", *hosts)
    raw, sockets = (each.hosts for each in scans)
    for host in hosts:
        equal(raw[host]["verdict"], sockets[host]["verdict"], f"verdict of {host}")
        # Controls are drawn anew each time.
        told_of = [[(c["port"], c["proto"], c["result"]) for c in each[host]["checks"]
                    if c["week"] != "none" or 50000 <= c["port"] <= 50025] for each in (raw, sockets)]
        equal(told_of[0], told_of[1], f"told of {host}")
    taking = {host: (line["ports"]["takes_all"], line["ports"]["answers_all"]) for host, line in raw.items()}
    equal(taking, {"10.9.2.70": (True, False), "10.9.2.71": (True, True), "10.9.2.72": (False, False)},
          "who takes and answers everything")
    equal(raw["10.9.2.70"]["ports"]["listening"], raw["10.9.2.70"]["ports"]["asked"] // 2 + 1, "mute ports")


@check
def who_takes_everything_is_known_by_raw_too(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, takes_all)


def all_ports(p):
    with Far() as far, tempfile.TemporaryDirectory() as folder, odd_rig(far, p, folder, {"10.9.2.7": "valid"}):
        scans = [p.json("--checks", "p2p", "--max-rate", "0", "--week", str(p.week), "--all-ports", *engine,
                        "10.9.2.6-8", seconds=100) for engine in ([], ["--engine", "socket"])]
    holds("asked by packets of our own" in scans[0].err, "all ports of three hosts are not asked by raw by themselves")
    same(*scans)
    equal([each.verdicts("infected") for each in scans], [{"10.9.2.7"}] * 2, "infected")
    for host in ("10.9.2.6", "10.9.2.7", "10.9.2.8"):
        ports = [each.hosts[host]["ports"] for each in scans]
        equal(ports[0], ports[1], f"ports of {host}")
        equal((ports[0]["asked"], ports[0]["failed"]), (2 * 56384 - 4 + 3, 0), f"ports asked of {host}")


@check_once
def both_engines_say_the_same_of_all_ports(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, all_ports)


def killed(p):
    needs_nft()
    targets = [SILENT.replace("/20", "/26"), "10.9.2.7"]
    with Far() as far, tempfile.TemporaryDirectory() as folder, odd_rig(far, p, folder, {"10.9.2.7": "valid"}):
        far.nft(COUNTS)
        state = f"{folder}/state"
        child = p.begin("-q", *P2P[:2], "--max-rate", "5000", "--week", str(p.week), "--state", state,
                        "-p", odd_ports(p) + ",50000-50200", *targets)
        comes_to(state, 300)
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        child.stdout.close()
        child.stderr.close()
        before = sum(len(ports) for ports in asked(far).values())
        done = p.json("--resume", state, "--max-rate", "20000", seconds=100).ends(1).holds_the_schema()
        times = asked(far)
    equal((len(times), len(done.hosts)), (64, 65), "hosts that were asked, and that are told of")
    ports = {len(each) for each in times.values()}
    each = done.hosts["10.9.2.7"]["ports"]["asked"]
    holds(ports <= {each + 4, each + 3, each + 2}, f"ports that were asked of the hosts: {ports}, and {each} by name")
    holds(1000 < before < 64 * each, f"it was not killed in the middle: {before} of {64 * each} ports were asked")
    holds(all(min(counts) >= 3 for counts in times.values()), "some port was forgotten")
    again = sum(max(counts) > 3 for counts in times.values())
    asked_again = sum(count > 3 for counts in times.values() for count in counts)
    holds(asked_again <= BATCH_UNITS * UNIT_PORTS, f"{asked_again} ports of {again} hosts were asked again")
    equal((done.verdicts("infected"), done.summary["complete"]), ({"10.9.2.7"}, True), "infected, complete")
    checks = [c for c in done.hosts["10.9.2.7"]["checks"] if c["week"] == "none"]
    equal({c["result"] for c in checks}, {"infected"}, "its named ports")


@check_once
def a_killed_scan_of_named_ports_forgets_none(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, killed)


def interrupted(p):
    """What was asked of the hosts until then is told, and that it is not all."""
    with Far(), tempfile.TemporaryDirectory() as folder:
        state = f"{folder}/state"
        child = p.begin("--json", *P2P[:2], "--max-rate", "3000", "--week", str(p.week), "--state", state,
                        "-p", "50000-50200", "10.9.16.0/26")
        comes_to(state, 200)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=20)
        equal(child.returncode, 3, "exit code of an interrupted scan")
        done = p.json("--resume", state, "--max-rate", "0", seconds=60).ends(0)
    holds('"complete":false' in out.decode().splitlines()[-1], "its summary")
    holds('"failed":0,' not in out.decode(), "ports that were not asked are not counted")
    equal((len(done.hosts), done.summary["refused"], done.summary["complete"]), (64, 64, True), "after it went on")
    equal({line["ports"]["failed"] for line in done.hosts.values()}, {0}, "ports that could not be asked")


@check
def an_interrupted_scan_of_named_ports_goes_on(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, interrupted)


def lossy(p):
    needs_nft()
    infected = plain(p, "10.9.17", 12)
    with Far() as far, tempfile.TemporaryDirectory() as folder, \
            odd_rig(far, p, folder, {a: "valid" for a in infected}):
        lose(far, 5)
        done = p.json("--checks", "p2p", "--week", str(p.week), "--max-rate", "50000", "-p",
                      odd_ports(p) + ",50000-50600", "10.9.17.0/24", seconds=100)
    holds("asked by packets of our own" in done.err, "600 ports of a /24 are not asked by raw by themselves")
    equal(done.verdicts("infected"), set(infected), "infected hosts")
    holds(abs(done.summary["lost_share"] - (1 - 0.95 ** 2)) < 0.01, f"{done.summary['lost_share']} are said to be lost")


@check_once
def at_5_percent_of_loss_all_are_found_on_named_ports(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, lossy)


def estimates(p):
    """--dry-run against the run, of hosts that are silent and of hosts that refuse."""
    silent, refusing = SILENT.replace("/20", "/26"), "10.9.16.0/24"
    with Far():
        for targets, which, *more in ((silent, "most"), (silent, "most", "--max-retries", "0"), (refusing, "least")):
            for engine in ("raw", "socket"):
                words = ["--engine", engine, "--week", str(p.week), "--max-rate", "400", *more, targets]
                said = p.json("--dry-run", *words).ends(0).lines[0]
                done = p.json(*words, seconds=60).ends(0).summary
                equal((said["engine"], said["hosts"]), (engine, done["targets"]), "engine and hosts")
                equal(done["sent"], said[which]["packets"], f"packets to {targets} by {engine}")
                equal(done["received"], done["sent"] if which == "least" else 0, f"answers of {targets} by {engine}")
                holds(-3 < done["seconds"] - said[which]["seconds"] < 1.5,
                      f"{targets} by {engine}: {done['seconds']} s, and {said[which]} was said")


@check_once
def a_dry_run_says_how_many_packets_and_how_long(p):
    return in_namespace(p, estimates)


def parts_and_limits(p):
    with Far():
        words = ["--engine", "raw", *P2P[:2], "--max-rate", "0", "-p", "50000-50050"]
        found = [p.json(*words, "--shard", f"{i}/3", "10.9.16.0/28", seconds=60).ends(0) for i in (1, 2, 3)]
        whole = p.json(*words, "10.9.16.0/28", seconds=60).ends(0)
        p.is_wrong("--engine", "raw", "--all-ports", "--yes", "10.9.0.0/16", says="MiB to remember")
        behind = both_behind_a_gate(p)
    ports = [{h: line["ports"]["asked"] for h, line in each.hosts.items()} for each in found]
    equal(sum(len(each) for each in ports), 16, "hosts of all parts")
    equal({h: n for each in ports for h, n in each.items()},
          {h: line["ports"]["asked"] for h, line in whole.hosts.items()}, "ports of each host")
    equal(told(behind[0]), told(behind[1]), "behind a gate")


def both_behind_a_gate(p):
    scans = [p.json("--engine", engine, *P2P, "--week", str(p.week), "--ping", "-p", "50000-50050", "10.9.2.5-6",
                    "10.9.3.7", seconds=60).ends(0) for engine in ("raw", "socket")]
    for each in scans:
        equal({h: "ports" in line for h, line in each.hosts.items()},
              {"10.9.2.5": True, "10.9.2.6": True, "10.9.3.7": False}, "asked on named ports")
    return scans


@check
def parts_keep_hosts_whole_and_what_is_too_much_is_said(p):
    return in_namespace(p, parts_and_limits)


