"""Flow records as an Argus server of version 3 writes them, made here: of one datagram that tells of
the worm."""
import ipaddress
import struct

import p2p


def part(kind, subtype, qualifier, body):
    return struct.pack(">BBBB", kind, subtype, qualifier, 1 + len(body) // 4) + body


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def datagram(client, server, payload, when, number=1, ports=(4000, 40832)):
    """The record of one UDP datagram."""
    key = ipaddress.ip_address(client).packed + ipaddress.ip_address(server).packed
    key += struct.pack(">BBHHBB", 17, 0, *ports, 0, 0)
    data = struct.pack(">HH", 512, len(payload)) + padded(payload)
    parts = [
        part(0x01, 3, 0, struct.pack(">II", 0, number)),
        part(0x02, 1, 1, key),
        part(0x03, 2, 0x18, struct.pack(">IIII", when, 0, when, 0)),
        part(0x10, 1, 2, struct.pack(">HHHH", 1, 42 + len(payload), 0, 0)),
        struct.pack(">BBH", 0x50, 0x90, 1 + len(data) // 4) + data,
    ]
    body = b"".join(parts)
    return struct.pack(">BBH", 0x13, 0x10, 1 + len(body) // 4) + body


def worm_speaks(client, server, when, number=1):
    """A P2P message of the worm, which is proof against who sends it."""
    said = p2p.request("udp", 0x1122334455667788 + number, b"\5\0\0\0", p2p.UNKNOWN0, b"abc")
    return datagram(client, server, said, when, number)
