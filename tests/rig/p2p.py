"""The worm's ports and messages once more, in Python, from their description and not from our C: so
that what the responder opens and answers is judged by something else than what made it.

Checked against the public vectors by run.py."""
import struct
from pathlib import Path

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
MODE, LOCAL_ACK, IS_TCP, IP, UNKNOWN0, UNKNOWN1, DATA, SYSINFO, ENCODED = (
    1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x8000)
KEY_MASK = (1 << 64) - 1


def _blacklist():
    ports = set()
    for line in (VECTORS / "blacklisted_ports.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        first, _, last = line.partition("-")
        ports.update(range(int(first), int(last or first) + 1))
    return ports


BLACKLIST = _blacklist()


def week_of(seconds):
    return (seconds - 345600) // 604800


def _pair(state):
    sums = [0, 0]
    while True:
        for step in range(10):
            total = state * 0x015A4E35 + 1
            state = total & 0xFFFFFFFF
            sums[step & 1] ^= (total >> 32 >> step) & 0xFFFF
        if sums[0] not in BLACKLIST and sums[1] not in BLACKLIST and sums[0] != sums[1]:
            return state, sums


def predicted(address, week):
    """((tcp fixed, tcp of the week), (udp fixed, udp of the week)), by nmap's reading."""
    octets = [int(o) for o in address.split(".")]
    state = ~int.from_bytes(bytes(octets), "little") & 0xFFFFFFFF
    state, first = _pair(state)
    _, second = _pair(state ^ week)
    return (first[0], second[0]), (first[1], second[1])


def cipher(key, clear):
    """Its own inverse."""
    out = bytearray()
    for byte in clear:
        key = (key << 1 | key >> 63) & KEY_MASK
        mask = key & 0xFF
        out.append(byte ^ mask)
        key = (key + mask) & KEY_MASK
    return bytes(out)


def checksum(covered):
    total = len(covered)
    for byte in covered:
        total ^= byte
        total = (total << 1 | total >> 31) & 0xFFFFFFFF
    return total


class Cut(Exception):
    """The bytes are no message; the text says what is missing."""


class Message:
    """One body, without the prefix of TCP."""

    def __init__(self, body):
        if len(body) < 8:
            raise Cut("key")
        self.key = int.from_bytes(body[:8], "little")
        self.clear = body[:8] + cipher(self.key, body[8:])
        self.at = 8
        (self.flags,) = self._take("<H", "flags")
        self.ip = self.port = self.unknown0 = self.unknown1 = self.data = self.sysinfo = None
        if self.flags & IP:
            address, self.port = self._take("<4sH", "ip")
            self.ip = ".".join(map(str, address))
        if self.flags & UNKNOWN0:
            (self.unknown0,) = self._take("<I", "unknown0")
        if self.flags & UNKNOWN1:
            (self.unknown1,) = self._take("<I", "unknown1")
        if self.flags & DATA:
            self.data_flags, length = self._take("<BH", "data header")
            (self.data,) = self._take(f"<{length}s", "data")
        if self.flags & SYSINFO:
            self.sysinfo = self._take("<HBBHBBHIHHIHH", "sysinfo")
        self.wanted = checksum(self.clear[: self.at])
        (self.sum,) = self._take("<I", "checksum")
        self.noise = self.clear[self.at :]

    def _take(self, form, what):
        size = struct.calcsize(form)
        if self.at + size > len(self.clear):
            raise Cut(what)
        self.at += size
        return struct.unpack(form, self.clear[self.at - size : self.at])

    @property
    def holds(self):
        return self.sum == self.wanted

    def is_sane(self, transport):
        return (self.flags & 0x7F00 == 0 and self.flags & ENCODED != 0
                and bool(self.flags & IS_TCP) == (transport == "tcp"))


def is_message(body):
    """A message whose checksum holds."""
    try:
        return Message(body).holds
    except Cut:
        return False


def request(transport, key=0, fields=b"", flags=0, noise=b"", wrong=0):
    """What a scanner asks with; fields are the optional ones, as bytes, and flags name them."""
    flags |= MODE | ENCODED | (IS_TCP if transport == "tcp" else 0)
    covered = struct.pack("<QH", key, flags) + fields
    rest = covered[8:] + struct.pack("<I", checksum(covered) ^ wrong) + noise
    body = covered[:8] + cipher(key, rest)
    return struct.pack("<H", len(body)) + body if transport == "tcp" else body
