"""Packets for the captures of cases and hostile tests: headers with right lengths and checksums,
and the worm's P2P messages from tests/vectors/packets.tsv. Nothing here works as an attack."""
import csv
import ipaddress
import struct
from pathlib import Path

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
UDP, TCP, IP_IN_IP, IP6_IN_IP, GRE = 17, 6, 4, 41, 47
SYN, PSH_ACK, SYN_ACK, RST = 0x02, 0x18, 0x12, 0x04
TUESDAY = 1240329600  # 2009-04-21T16:00:00Z, week 2050
A_DAY = 1227571200  # 2008-11-25T00:00:00Z, whose names of list A are in the vectors


def table(name):
    with open(VECTORS / name, encoding="ascii") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def messages(protocol):
    """Valid messages that are more than bare requests, as they go over the wire."""
    return [
        bytes.fromhex(row["hex_wire"])
        for row in table("packets.tsv")
        if (row["proto"], row["kind"], row["checksum_ok"]) == (protocol, "valid", "1")
    ]


def names_of_list_a(count):
    """The first names of 2008-11-25 in list A."""
    lines = (VECTORS / "domains-a.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines if line.startswith("2008-11-25\t")]
    return [row[2] for row in rows if row[1].isdigit()][:count]


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return ipaddress.ip_address(address).packed


def ip4(source, target, protocol, payload, identification=1, fragment=0):
    head = struct.pack(
        ">BBHHHBBH4s4s",
        0x45,
        0,
        20 + len(payload),
        identification,
        fragment,
        64,
        protocol,
        0,
        packed(source),
        packed(target),
    )
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ip6(source, target, protocol, payload):
    return (
        struct.pack(">IHBB", 0x60000000, len(payload), protocol, 64)
        + packed(source)
        + packed(target)
        + payload
    )


def with_checksum(source, target, protocol, segment, at):
    pseudo = packed(source) + packed(target) + struct.pack(">II", len(segment), protocol)
    value = checksum(pseudo + segment) or 0xFFFF
    return segment[:at] + struct.pack(">H", value) + segment[at + 2 :]


def udp(source, port_from, target, port_to, payload):
    segment = struct.pack(">HHHH", port_from, port_to, 8 + len(payload), 0) + payload
    return with_checksum(source, target, UDP, segment, 6)


def tcp(source, port_from, target, port_to, flags, sequence, acknowledged, payload=b""):
    segment = (
        struct.pack(
            ">HHIIBBHHH", port_from, port_to, sequence, acknowledged, 0x50, flags, 65535, 0, 0
        )
        + payload
    )
    return with_checksum(source, target, TCP, segment, 16)


def ethernet(payload, ether_type=0x0800):
    return bytes.fromhex("020000000002020000000001") + struct.pack(">H", ether_type) + payload


def datagram(source, port_from, target, port_to, payload, identification=1):
    """A UDP packet from its IPv4 header on."""
    return ip4(
        source, target, UDP, udp(source, port_from, target, port_to, payload), identification
    )


def segment(source, port_from, target, port_to, *more, identification=1):
    """A TCP packet from its IPv4 header on."""
    return ip4(source, target, TCP, tcp(source, port_from, target, port_to, *more), identification)


def conversation(client, port_from, server, port_to, pieces):
    """A handshake, then (offset, bytes) pieces from the client: packets from the IP header on."""
    there = (client, port_from, server, port_to)
    back = (server, port_to, client, port_from)
    packets = [segment(*there, SYN, 1000, 0), segment(*back, SYN_ACK, 7000, 1001)]
    for number, (offset, data) in enumerate(pieces):
        packets.append(
            segment(*there, PSH_ACK, 1001 + offset, 7001, data, identification=10 + number)
        )
    return packets


def label(text):
    data = text if isinstance(text, bytes) else text.encode()
    return bytes([len(data)]) + data


def dns_name(name):
    return b"".join(label(part) for part in name.split(".")) + b"\0"


def dns(number, questions=(), answers=(), flags=0x0100):
    """Questions are encoded names; answers are encoded names, too, with A records."""
    body = b"".join(name + struct.pack(">HH", 1, 1) for name in questions)
    body += b"".join(name + struct.pack(">HHIH4B", 1, 1, 60, 4, 192, 0, 2, 9) for name in answers)
    return struct.pack(">HHHHHH", number, flags, len(questions), len(answers), 0, 0) + body


def dhcp(kind, mac, is_reply=False, client="0.0.0.0", yours="0.0.0.0", options=b""):
    """A DHCP message of this type; mac in hex."""
    head = bytes([2 if is_reply else 1, 1, 6, 0]) + bytes(8) + packed(client) + packed(yours)
    body = head + bytes(8) + bytes.fromhex(mac) + bytes(10 + 64 + 128)
    return body + bytes.fromhex("63825363") + bytes([53, 1, kind]) + options + b"\xff"


def netbios_name(name, suffix=0):
    data = name.ljust(15, b" ") + bytes([suffix])
    return b"\x20" + bytes(65 + half for byte in data for half in (byte >> 4, byte & 15)) + b"\0"


def netbios_registration(name, address, is_group=False):
    body = struct.pack(">HHHHHH", 1, 0x2910, 1, 0, 0, 1) + netbios_name(name)
    body += struct.pack(">HHHHHIHH", 32, 1, 0xC00C, 32, 1, 300, 6, is_group << 15)
    return body + packed(address)


def pcap(link_type, frames, order="<", magic=0xA1B2C3D4):
    """frames: (microseconds, bytes)."""
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link_type)
    for when_us, frame in frames:
        head = (when_us // 1000000, when_us % 1000000, len(frame), len(frame))
        out += struct.pack(order + "IIII", *head) + frame
    return out


def padded(data):
    return data + bytes(-len(data) % 4)


def block(kind, body, order="<"):
    size = 12 + len(padded(body))
    return struct.pack(order + "II", kind, size) + padded(body) + struct.pack(order + "I", size)


def section(order="<"):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link_type, options=b"", order="<"):
    return block(1, struct.pack(order + "HHI", link_type, 0, 0) + options, order)


def resolution(exponent, order="<"):
    return struct.pack(order + "HHB3xHH", 9, 1, exponent, 0, 0)


def enhanced(number, units, frame, order="<"):
    head = (number, units >> 32, units & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, struct.pack(order + "IIIII", *head) + frame, order)
