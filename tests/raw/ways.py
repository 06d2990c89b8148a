"""Ways to hosts: neighbours, routers, tunnels; another address, a device that goes down, no privileges;
and what the kernel would say if it were let."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from beyond import Far, WIDE, command, comes_to, ip, needs_nft
from checking import check, equal, holds
from engines import plain, same, told
from inside import Lacks, in_namespace
from outages import hears

P2P = ["--checks", "p2p", "--max-rate", "5000"]


def results(done, host):
    return {c["result"] for c in done.hosts[host]["checks"]}


def neighbours(p):
    with Far() as far, tempfile.TemporaryDirectory() as folder:
        far.run("ip", "address", "add", "10.9.1.100/32", "dev", "far")
        far.run("ip", "address", "add", "10.9.1.101/32", "dev", "far")
        targets = ["10.9.1.98-103", "10.9.1.1", "10.9.1.255", "10.9.2.5", "10.9.4.9"]
        with far.play(p, folder, {"10.9.1.101": "valid"}):
            raw, sockets = [p.json("--engine", engine, *P2P, *targets, seconds=60) for engine in ("raw", "socket")]
    equal(raw.verdicts("infected"), {"10.9.1.101"}, "infected")
    equal(results(raw, "10.9.1.100"), {"refused"}, "a neighbour that refuses")
    equal(results(raw, "10.9.1.99"), {"unanswered"}, "a neighbour that is not there")
    holds("10.9.1.255" not in raw.hosts and "broadcast" in raw.err, "the broadcast address was taken for a host")
    # How often sockets are told so is a matter of time.
    for host in ("10.9.1.99", "10.9.4.9"):
        for done in (raw, sockets):
            holds("unreachable" in done.hosts[host]["reason"], f"why {host} is unknown: {done.hosts[host]['reason']}")
    equal(sorted(told(raw)), sorted(told(sockets)), "hosts")
    equal({h: line["verdict"] for h, line in raw.hosts.items()}, {h: line["verdict"] for h, line in sockets.hosts.items()},
          "verdicts")


@check
def neighbours_and_hosts_behind_a_router_are_told_apart(p):
    return in_namespace(p, neighbours)


QUIET = """
table ip quiet {
    counter resets {}
    counter unreachable {}
    chain out {
        type filter hook output priority raw;
        ip daddr 10.9.0.0/16 tcp flags & rst == rst tcp sport 20000-60003 ip ttl 64 counter name resets
        ip daddr 10.9.0.0/16 icmp type destination-unreachable counter name unreachable
    }
}
"""


def kernel_is_silent(p):
    """What raw sends passes no firewall, so what the firewall sees is the kernel's."""
    needs_nft()
    hosts = {a: v for a, v in zip(plain(p, "10.9.2", 20), ["silent"] * 10 + ["junk"] * 10)}
    with Far() as far, tempfile.TemporaryDirectory() as folder, far.play(p, folder, hosts):
        with tempfile.NamedTemporaryFile("w") as rules:
            rules.write(QUIET)
            rules.flush()
            command("nft", "-f", rules.name)
        sockets_alone = p.json("--engine", "socket", *P2P, *list(hosts)[:10], seconds=60)
        before = counters()
        done = p.json("--engine", "raw", *P2P, *list(hosts)[:10], seconds=60)
        after = counters()
    same(done, sockets_alone)
    equal(after, before, "resets and complaints of our own kernel in a raw scan of hosts that accept")


def counters():
    listed = subprocess.run(["nft", "-j", "list", "counters"], capture_output=True, text=True, check=True, timeout=20)
    return {e["counter"]["name"]: e["counter"]["packets"] for e in json.loads(listed.stdout)["nftables"] if "counter" in e}


@check
def our_own_kernel_resets_no_connection_of_ours(p):
    return in_namespace(p, kernel_is_silent)


def second_way(far):
    """near5 and far5: another pair, with 10.9.6.0/24 behind it."""
    ip("link add near5 type veth peer name far5")
    ip(f"link set far5 netns {far.child.pid}")
    ip("address add 10.9.5.1/24 dev near5")
    ip("link set near5 up")
    for words in ("address add 10.9.5.2/24 dev far5", "link set far5 up", "address add 10.9.6.0/24 dev lo"):
        far.run("ip", *words.split())
    ip("route add 10.9.6.0/24 via 10.9.5.2")


def two_devices(p):
    with Far() as far, tempfile.TemporaryDirectory() as folder:
        second_way(far)
        ip("address add 10.9.1.77/32 dev near")
        with far.play(p, folder, {"10.9.6.7": "valid", "10.9.2.9": "valid"}):
            source = p.json("--engine", "raw", "-S", "10.9.1.77", "-e", "near", *P2P, "10.9.2.8-9", seconds=60).ends(1)
            holds("from 10.9.1.77 through near" in source.err, source.err)
            equal(results(source, "10.9.2.8"), {"refused"}, "from another address")
            mixed = p.json("--engine", "raw", *P2P, "10.9.6.5-8", "10.9.2.8-9", seconds=60).ends(1)
            equal(mixed.verdicts("infected"), {"10.9.6.7", "10.9.2.9"}, "infected through two devices")
            equal(results(mixed, "10.9.6.5"), {"refused"}, "through the device that is not raw's")
        p.is_wrong("--engine", "raw", "-e", "nothing9", "10.9.2.8", says="there is no device nothing9")


@check
def other_addresses_and_two_devices_are_ways(p):
    return in_namespace(p, two_devices)


class Tunnel:
    """TUN devices `over`, here and beyond, and two pumps between them."""

    def __init__(self, far):
        self.words = [sys.executable, str(Path(__file__).resolve().parent / "pump.py"), "over"]
        self.far, self.pumps, self.ends = far, [], []

    def pump(self, before, stdin, stdout):
        self.pumps.append(subprocess.Popen([*before, *self.words], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE))
        said = self.pumps[-1].stderr.readline()
        if said != b"ready\n":
            raise Lacks(f"no TUN device here: {said.decode().strip()}")

    def __enter__(self):
        (there_in, here_out), (here_in, there_out) = os.pipe(), os.pipe()
        self.ends = [there_in, here_out, here_in, there_out]
        self.pump([], here_in, here_out)
        self.pump(["nsenter", "-t", str(self.far.child.pid), "-n"], there_in, there_out)
        for end in self.ends:
            os.close(end)
        for words in ("address add 10.9.7.1/30 dev over", "link set over up", "route add 10.9.8.0/24 dev over"):
            ip(words)
        for words in ("address add 10.9.7.2/30 dev over", "link set over up", "address add 10.9.8.0/24 dev lo"):
            self.far.run("ip", *words.split())
        return self

    def __exit__(self, *_):
        for each in self.pumps:
            each.kill()
            each.wait(10)
            each.stderr.close()


def tunnel(p):
    with Far() as far, tempfile.TemporaryDirectory() as folder, Tunnel(far):
        far.run("sh", "-c", "for i in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$i; done")
        with far.play(p, folder, {"10.9.8.7": "valid"}):
            done = p.json("--engine", "raw", *P2P, "10.9.8.5-8", seconds=60).ends(1)
    holds("through over" in done.err, done.err)
    equal((done.verdicts("infected"), results(done, "10.9.8.6")), ({"10.9.8.7"}, {"refused"}), "through a tunnel")


@check
def a_device_without_link_headers_is_a_way(p):
    return in_namespace(p, tunnel)


def goes_down(p):
    with Far(), tempfile.TemporaryDirectory() as folder:
        child = p.begin("--json", *P2P[:2], "--max-rate", "4000", "--state", f"{folder}/state", WIDE)
        comes_to(f"{folder}/state", 500)
        ip("link set near down")
        hears(child, "nothing can be sent")
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
        equal(child.returncode, 3, f"exit code ({err.decode()[-300:]})")
        summary = json.loads(out.decode().splitlines()[-1])
        holds("broke off: near: nothing can be sent" in err.decode(), err.decode())
        holds(f"interrupted; go on with: wormsign scan --resume {folder}/state" in err.decode(), err.decode())
        holds("near: nothing can be sent" in str(summary["limits_hit"]), str(summary))
        equal(summary["complete"], False, "complete")
        ip("link set near up")
        ip("route add 10.9.0.0/16 via 10.9.1.2")
        done = p.json("--resume", f"{folder}/state", "--max-rate", "0", seconds=60).ends(0)
        equal(done.summary["refused"], 4096, "refused after all")


@check
def a_device_that_goes_down_loses_nothing(p):
    return in_namespace(p, goes_down)


def without_privileges(p):
    if not shutil.which("setpriv"):
        raise Lacks("setpriv is not installed")
    def drop():
        import ctypes
        PR_CAPBSET_DROP, CAP_NET_RAW = 24, 13
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_NET_RAW, 0, 0, 0)
    with Far() as far, tempfile.TemporaryDirectory() as folder, far.play(p, folder, {"10.9.17.7": "valid"}):
        done = p.json("-v", "--checks", "p2p", "--max-rate", "0", WIDE, preexec_fn=drop, seconds=90).ends(1)
        holds("through sockets" in done.err and "CAP_NET_RAW" in done.err, done.err[:300])
        equal((done.verdicts("infected"), done.summary["refused"]), ({"10.9.17.7"}, 4095), "through sockets")
        p.is_wrong("--engine", "raw", WIDE, says="CAP_NET_RAW", preexec_fn=drop)


@check
def without_privileges_the_same_command_goes_through_sockets(p):
    return in_namespace(p, without_privileges)


def parts(p):
    with Far():
        found = []
        for part in ("1/3", "2/3", "3/3"):
            done = p.json("--engine", "raw", *P2P[:2], "--max-rate", "0", "--shard", part, "10.9.16.0/22", seconds=60).ends(0)
            found.append(set(done.hosts))
            equal(done.summary["complete"], True, "complete")
        equal((sum(map(len, found)), len(set().union(*found))), (1024, 1024), "hosts of all parts")
        sockets = p.json("--engine", "socket", *P2P[:2], "--max-rate", "0", "--shard", "2/3", "10.9.16.0/22", seconds=60)
        equal(set(sockets.hosts), found[1], "the same part through sockets")
        equal([len(each) for each in found], [342, 341, 341], "hosts of each part")


@check
def parts_of_a_scan_are_all_of_it(p):
    return in_namespace(p, parts)
