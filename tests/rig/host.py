"""One played host as a test sees it: asks its ports, and judges what comes back by p2p.py."""
import csv
import random
import struct
from concurrent.futures import ThreadPoolExecutor

import asking
import p2p
from checking import equal, holds

WEDNESDAY = 1795003200  # 2026-11-18 12:00 UTC: no other week is near
WEEK = p2p.week_of(WEDNESDAY)
SILENT = {"first": asking.SILENCE_SECONDS}
ASKERS = ThreadPoolExecutor(400)


def at_once(*calls):
    """Asks several ports side by side."""
    return [each.result() for each in [ASKERS.submit(call) for call in calls]]


def rows(name):
    with open(p2p.VECTORS / name, encoding="ascii") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


class Host:
    """One address that plays a variant, and its four ports."""

    def __init__(self, address, name, week=WEEK):
        self.address, self.name = address, name
        self.tcp_ports, self.udp_ports = p2p.predicted(address, week)

    def tcp(self, port, sends=None, **more):
        return asking.tcp(self.address, port, self.ask("tcp", port) if sends is None else sends, **more)

    def udp(self, port, sends=None, **more):
        return asking.udp(self.address, port, self.ask("udp", port) if sends is None else sends, **more)

    def ask(self, transport, port):
        """Key 0 at the fixed ports, another one at those of the week."""
        is_fixed = port in (self.tcp_ports[0], self.udp_ports[0])
        return p2p.request(transport, 0 if is_fixed else random.getrandbits(64))

    def tcp_both(self, **more):
        return at_once(*[lambda p=p: self.tcp(p, **more) for p in self.tcp_ports])

    def udp_both(self, **more):
        return at_once(*[lambda p=p: self.udp(p, **more) for p in self.udp_ports])

    def refuses_tcp(self, ports=None):
        for port in self.tcp_ports if ports is None else ports:
            equal(self.tcp(port).ending, "refused", f"the answer of {port}/tcp")

    def refuses_udp(self, ports=None):
        for port in self.udp_ports if ports is None else ports:
            holds(asking.udp_is_refused(self.address, port, self.ask("udp", port)), f"{port}/udp listens")

    def valid_tcp(self, port, fields, noise):
        asked = self.ask("tcp", port)
        reply = self.tcp(port, asked)
        equal(reply.ending, "open", f"the connection to {port}/tcp")
        (prefix,) = struct.unpack("<H", reply.bytes[:2])
        equal(prefix, len(reply.bytes) - 2, "prefix")
        self.judge(reply.bytes[2:], asked[2:], "tcp", port, fields, noise)

    def valid_udp(self, port, fields, noise):
        asked = self.ask("udp", port)
        reply = self.udp(port, asked)
        equal(reply.sources, [(self.address, port)], f"what answers for {port}/udp")
        self.judge(reply.datagrams[0], asked, "udp", port, fields, noise)

    def is_valid_tcp(self, ports=None, fields=0, noise=0):
        ports = self.tcp_ports if ports is None else ports
        at_once(*[lambda p=p: self.valid_tcp(p, fields, noise) for p in ports])

    def is_valid_udp(self, ports=None, fields=0, noise=0):
        ports = self.udp_ports if ports is None else ports
        at_once(*[lambda p=p: self.valid_udp(p, fields, noise) for p in ports])

    def is_valid(self, **more):
        at_once(lambda: self.is_valid_tcp(**more), lambda: self.is_valid_udp(**more))

    def judge(self, body, asked, transport, port, fields=0, noise=0):
        m = p2p.Message(body)
        holds(m.holds, f"checksum {m.sum:08x} is not {m.wanted:08x}")
        holds(m.is_sane(transport), f"flags {m.flags:04x} are not sane on {transport}")
        equal(m.flags, p2p.ENCODED | fields | (p2p.IS_TCP if transport == "tcp" else 0), "flags")
        holds(body[:8] not in (asked[:8], bytes(8)), "the key is that of the request, or none")
        equal(len(m.noise), noise, "length of the noise")
        if fields & p2p.IP:
            equal((m.ip, m.port), (self.address, port), "field ip")
        if fields & p2p.SYSINFO:
            equal(m.sysinfo[1:6], (5, 1, 2600, 3, 0), "system and service pack")
        return m
