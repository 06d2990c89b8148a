"""Networks that loopback cannot play, each in a namespace of its own: no route, forbidden routes, a
broadcast address, hosts that are silent, and routers that say that nobody is there."""
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from inside import Lacks, in_namespace, ip
from checking import check, check_once, equal, holds
from scanning import Done

NOBODY = "02:00:00:00:00:99"  # a neighbour that hears nothing


def results(done, address):
    return [c["result"] for c in done.hosts[address]["checks"]]


def reasons(done, address):
    return {c["reason"] for c in done.hosts[address]["checks"]}


def ask(p, *targets, code):
    return p.json("--week", str(p.week), *targets).ends(code).holds_the_schema()


def is_not_asked(p, address, reason):
    """All errors for this reason: never refused, never silent, and the run is incomplete."""
    done = ask(p, address, code=3)
    equal((results(done, address), reasons(done, address)), (["error"] * 4, {reason}), f"the checks of {address}")
    equal((done.summary["complete"], done.summary["asked"], done.summary["sent"], done.summary["refused"]),
          (False, 0, 0, 0), "complete, asked, sent and refused")
    text = p.run("--week", str(p.week), address).ends(3).out
    holds("INCOMPLETE: not all could be asked, 1 of 1 hosts were not" in text, text[-600:])
    holds("CLEAN" not in text, f"the text says CLEAN of a host that was not asked: {text[:600]}")


def inside_without_a_route(p):
    is_not_asked(p, "10.1.1.1", "not asked: no route from here")
    done = ask(p, "10.1.1.1", "127.0.0.5", code=3)
    equal((results(done, "127.0.0.5"), done.summary["asked"]), (["refused"] * 4, 1), "who has a route")
    with p.rig({"127.0.0.8": "valid"}):
        equal(ask(p, "10.1.1.1", "127.0.0.8", code=1).summary["complete"], False, "complete")


@check
def without_a_route_nobody_is_called_silent_or_refusing(p):
    return in_namespace(p, inside_without_a_route)


def inside_forbidden_routes(p):
    for kind, reason in (("prohibit", "not permitted here"), ("unreachable", "no route from here"),
                         ("blackhole", "no route from here")):
        ip(f"route add {kind} 10.8.0.0/24")
        is_not_asked(p, "10.8.0.9", "not asked: " + reason)
        ip(f"route del {kind} 10.8.0.0/24")


@check
def a_forbidden_route_is_no_all_clear(p):
    return in_namespace(p, inside_forbidden_routes)


def inside_with_a_firewall(p):
    rules = "table ip t { chain c { type filter hook output priority 0; ip daddr 10.8.0.0/24 drop; }; }"
    made = subprocess.run(["nft", rules], capture_output=True, text=True, timeout=30, check=False)
    if made.returncode != 0:
        raise Lacks(f"nft does not work here: {made.stderr.strip()}")
    ip("link add near type veth peer name far")
    ip("address add 10.8.0.1/24 dev near")
    ip("link set near up")
    ip("link set far up")
    ip(f"neighbour replace 10.8.0.9 lladdr {NOBODY} dev near nud permanent")
    done = ask(p, "10.8.0.9", code=3)
    equal(results(done, "10.8.0.9")[2:], ["error"] * 2, "datagrams that may not be sent")
    holds("refused" not in results(done, "10.8.0.9"), "what may not be sent is called refused")
    equal(done.summary["complete"], False, "complete")


@check_once
def a_firewall_of_our_own_is_no_answer(p):
    if not shutil.which("nft"):
        return "nft is not installed"
    return in_namespace(p, inside_with_a_firewall)


def inside_forbidden_sending(p):
    """Where no firewall can be had, the system's answer to one: sends fail with EPERM."""
    strace = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=sendto", "-e", "inject=sendto:error=EPERM"]
    tried = subprocess.run([*strace, "true"], capture_output=True, text=True, timeout=30, check=False)
    if tried.returncode != 0:
        raise Lacks(f"strace does not work here: {tried.stderr.strip()}")
    child = subprocess.run([*strace, p.path, "scan", "--json", "--week", str(p.week), "127.0.0.9"],
                           capture_output=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    done = Done(["scan under strace"], child.returncode, child.stdout, child.stderr, 0).ends(3).holds_the_schema()
    equal((results(done, "127.0.0.9"), reasons(done, "127.0.0.9")),
          (["error"] * 4, {"not asked: not permitted here"}), "the checks")
    equal((done.summary["complete"], done.summary["asked"]), (False, 0), "complete, and asked")


@check_once
def sending_that_is_not_permitted_is_said(p):
    if not shutil.which("strace"):
        return "strace is not installed"
    return in_namespace(p, inside_forbidden_sending)


def inside_a_network_of_four(p):
    """10.9.0.0/30: we are .1, .2 hears nothing, .3 is the broadcast address, and .0 an old one."""
    ip("link add near type veth peer name far")
    ip("address add 10.9.0.1/30 broadcast 10.9.0.3 dev near")
    ip("link set near up")
    ip("link set far up")
    for last in (0, 2):
        ip(f"neighbour replace 10.9.0.{last} lladdr {NOBODY} dev near nud permanent")
    done = ask(p, "10.9.0.1-3", code=0)
    equal(sorted(done.hosts), ["10.9.0.1", "10.9.0.2"], "hosts")
    equal((results(done, "10.9.0.1"), results(done, "10.9.0.2")), (["refused"] * 4, ["unanswered"] * 4), "results")
    equal(reasons(done, "10.9.0.2"), {"Timeout"}, "reasons")
    summary = done.summary
    equal((summary["complete"], summary["targets"], summary["asked"], summary["silent_share"]), (True, 2, 2, 0.5),
          "complete, targets, asked and silent")
    holds("1 address was left out: a network's broadcast address" in done.err, f"it does not say that one was left out: {done.err!r}")
    says = done.hosts["10.9.0.2"]["reason"]
    equal(says, "no answer on any port: filtered, switched off, or nobody there", "what is said of the silent")
    p.json("--week", str(p.week), "--strict", "--host-timeout", "1s", "10.9.0.2").ends(3)


@check
def a_broadcast_address_is_left_out_and_silence_is_unknown(p):
    return in_namespace(p, inside_a_network_of_four)


class Beyond:
    """A second namespace behind a router: 10.9.1.1 is ours, 10.9.1.2 the router's. 10.9.2.0/24 lives there,
    10.9.3.0/24 it swallows, and of 10.9.4.0/24 it says that nobody is there."""

    def __enter__(self):
        self.child = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; read end"], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        self.child.stdout.readline()
        try:
            ip("link add near type veth peer name far")
            ip(f"link set far netns {self.child.pid}")
            ip("address add 10.9.1.1/24 dev near")
            ip("link set near up")
            ip("route add 10.9.0.0/16 via 10.9.1.2")
            for words in ("link set lo up", "address add 10.9.1.2/24 dev far", "link set far up",
                          "address add 10.9.2.0/24 dev lo", "route add blackhole 10.9.3.0/24",
                          "route add unreachable 10.9.4.0/24"):
                self.run("ip", *words.split())
            self.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv4/icmp_ratelimit; "
                     "echo 0 > /proc/sys/net/ipv4/icmp_ratemask")
        except Lacks:
            self.__exit__()
            raise
        return self

    def run(self, *words):
        done = subprocess.run(["nsenter", "-t", str(self.child.pid), "-n", *words], capture_output=True, text=True,
                              timeout=30, check=False)
        if done.returncode != 0:
            raise Lacks(f"'{' '.join(words)}' does not work here: {done.stderr.strip()}")

    def play(self, p, folder, roles):
        """A program that starts the responder over there; Rig starts it as its own."""
        path = Path(folder) / "responder"
        path.write_text(f'#!/bin/sh\nexec nsenter -t {self.child.pid} -n "{p.responder}" "$@"\n', encoding="ascii")
        path.chmod(0o755)
        return p.rig(roles, anywhere=True, program=str(path))

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait(20)


def inside_a_routed_network(p):
    roles = {"10.9.2.7": "valid", "10.9.2.8": "wrong-checksum", "10.9.2.9": "one-port"}
    with Beyond() as beyond, tempfile.TemporaryDirectory() as folder, beyond.play(p, folder, roles):
        began = time.monotonic()
        # On P2P ports alone: a router of Linux says five times at once that nobody is there, then once a second.
        done = ask(p, "--checks", "p2p", "10.9.2.6-9", "10.9.3.5-6", "10.9.4.5", code=1)
        holds(time.monotonic() - began < 10, "it took too long")
    verdicts = {address: line["verdict"] for address, line in done.hosts.items()}
    equal(verdicts, {"10.9.2.6": "unknown", "10.9.2.7": "infected", "10.9.2.8": "suspicious", "10.9.2.9": "infected",
                     "10.9.3.5": "unknown", "10.9.3.6": "unknown", "10.9.4.5": "unknown"}, "verdicts")
    equal(results(done, "10.9.2.6"), ["refused"] * 4, "a host that refuses")
    equal(results(done, "10.9.3.5"), ["unanswered"] * 4, "a host that is swallowed")
    equal((results(done, "10.9.4.5"), done.hosts["10.9.4.5"]["checks"][0]["detail"]),
          (["unanswered"] * 4, "the network says that the host cannot be reached"), "a host that is not there")
    holds("unreachable" in done.hosts["10.9.4.5"]["reason"], done.hosts["10.9.4.5"]["reason"])
    equal((done.summary["complete"], done.summary["asked"]), (True, 7), "complete, and asked")


@check
def behind_a_router_answers_silence_and_unreachable_are_told_apart(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, inside_a_routed_network)
