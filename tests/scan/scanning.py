"""What the checks of `wormsign scan` share: a program under test, addresses that nobody else uses, and
one run of it with what it said.

Addresses come from the number of this process, so that two runs are not in each other's way. Only such
are taken whose eight ports of three weeks differ from one another: each week then has four ports by both
readings of the worm's generator, and no port of one week is one of another."""
import itertools
import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
import p2p
from checking import equal, holds
from rig import Rig, responder
from schema import Schema

SCAN_SECONDS = 60


def is_plain(address, week):
    """No two of its ports are the same, whichever of three weeks they are of."""
    pairs = [p2p.predicted(address, w) for w in (week - 1, week, week + 1)]
    ports = [pairs[0][0][0], pairs[0][1][0], *itertools.chain(*[(tcp[1], udp[1]) for tcp, udp in pairs])]
    return len(set(ports)) == len(ports)


class Done:
    """One run that has ended."""

    def __init__(self, arguments, code, out, err, seconds):
        self.arguments, self.code, self.seconds = arguments, code, seconds
        self.out, self.err = out.decode(), err.decode()

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def hosts(self):
        return {line["host"]: line for line in self.lines if line["type"] == "host"}

    @property
    def summary(self):
        return self.lines[-1]

    def verdicts(self, wanted):
        return {host for host, line in self.hosts.items() if line["verdict"] == wanted}

    def ends(self, code):
        equal(self.code, code, f"exit code of {' '.join(self.arguments)[:200]} ({self.err[-300:].strip()})")
        return self

    def holds_the_schema(self):
        equal(list(Schema().complaints_of_output(self.out))[:3], [], "what docs/json.md has against it")
        return self


class Program:
    """One of the two programs under test."""

    def __init__(self, before, path, number):
        self.before, self.path, self.is_sanitized = before, str(path), number > 0
        self.now = int(time.time())
        self.week = p2p.week_of(self.now)
        self.lock = threading.Lock()
        self.second_octet, block = 2 + os.getpid() % 250, os.getpid() // 250 % 2
        first = 128 * block + 64 * number
        self.networks = (f"127.{self.second_octet}.{third}." for third in range(first, first + 64))
        self.responder = responder()

    def addresses(self, count):
        """So many plain ones, of a network that is taken for them."""
        with self.lock:
            network = next(self.networks)
        found = [network + str(last) for last in range(2, 254, 2) if is_plain(network + str(last), self.week)]
        holds(len(found) >= count, f"{network} has not {count} plain addresses")
        return found[:count]

    def rig(self, roles, **more):
        """Not yet begun. Its clock is ours and both weeks are open, so Monday may pass meanwhile."""
        return Rig(roles, self.now, both_weeks=True, **more)

    def play(self, *variants):
        """(rig that is not yet begun, {variant: address})."""
        played = dict(zip(variants, self.addresses(len(variants))))
        return self.rig({address: v for v, address in played.items()}), played

    def begin(self, *arguments, verb="scan", **more):
        more = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        return subprocess.Popen([self.path, verb, *arguments], **more)

    def run(self, *arguments, given=None, seconds=SCAN_SECONDS, **more):
        began = time.monotonic()
        if given is not None:
            more["stdin"] = subprocess.PIPE
            given = given if isinstance(given, bytes) else given.encode()
        child = self.begin(*arguments, **more)
        try:
            out, err = child.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise
        return Done(arguments, child.returncode, out or b"", err or b"", time.monotonic() - began)

    def json(self, *arguments, **more):
        return self.run("--json", *arguments, **more)

    def is_wrong(self, *arguments, says, lines=1, **more):
        """A wrong request: exit code 2, nothing on stdout, so many lines on stderr."""
        done = self.run(*arguments, **more).ends(2)
        equal((done.out, done.err.count("\n")), ("", lines), f"stdout and lines on stderr ({done.err[:300]})")
        for words in [says] if isinstance(says, str) else says:
            holds(words in done.err, f"{done.err!r} does not say {words!r}")
        return done


class Listener:
    """A host that only listens, on its UDP ports of a week: whether anything was sent to it."""

    def __init__(self, p):
        self.address, self.week = p.addresses(1)[0], p.week
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for each, port in zip(self.sockets, p2p.predicted(self.address, self.week)[1]):
            each.bind((self.address, port))

    def heard(self):
        count = 0
        for each in self.sockets:
            try:
                while each.recv(2000, socket.MSG_DONTWAIT):
                    count += 1
            except BlockingIOError:
                pass
        return count

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self.sockets:
            each.close()
