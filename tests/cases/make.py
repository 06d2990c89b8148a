#!/usr/bin/env python3
"""Makes the captures of the cases: for each row of CAPTURES, tests/cases/NAME/FILE. The same bytes
every time, so that what a capture holds can be read here. What was made is committed, and
tests/hostile/run.py compares. `make.py --check` names those that differ and exits 1.

Text captures (.pcap.txt) are one frame a line; other files are as they are. Compressed files come
from whatever compressor is at hand, so they are made by `--compressed` alone and not compared."""
import bz2
import gzip
import lzma
import struct
import subprocess
import sys
from pathlib import Path

import frames as f
import smb

HERE = Path(__file__).resolve().parent
HOST, PEER, PORT = "10.1.2.3", "192.0.2.77", 40832
OTHER = "10.1.2.4"
ASKER = "10.1.9.9"
RESOLVER = "192.0.2.53"
SECOND = 1000000
START = f.TUESDAY * SECOND
MESSAGE = f.messages("udp")[0]
BARE = bytes.fromhex("0000000000000000018004290000")
BARE_TCP = bytes.fromhex("0e000000000000000000058014290000")
STREAM = next(message for message in f.messages("tcp") if len(message) > 60)


def text(link_type, packets):
    """packets: (microseconds, bytes)."""
    lines = [
        f"{when // SECOND}.{when % SECOND:06} {link_type} {data.hex()}" for when, data in packets
    ]
    return "\n".join(lines) + "\n"


def timed(packets, start=START, step=SECOND):
    return [(start + number * step, packet) for number, packet in enumerate(packets)]


def over_ethernet(packets, **more):
    return text(1, timed([f.ethernet(packet) for packet in packets], **more))


def message_packet(payload=MESSAGE, host=HOST, identification=1):
    return f.datagram(host, 2000, PEER, PORT, payload, identification)


def one(link_type, before=b"", after=b""):
    return text(link_type, timed([before + message_packet() + after]))


def fragments():
    whole = f.udp(HOST, 2000, PEER, PORT, MESSAGE)
    cut = len(whole) // 16 * 8
    return over_ethernet(
        [
            f.ip4(HOST, PEER, f.UDP, whole[cut:], 7, cut // 8),
            f.ip4(HOST, PEER, f.UDP, whole[:cut], 7, 0x2000),
        ]
    )


def damage_behind_fragments():
    """A datagram put together, a message, and a block that cannot be, all in view at once: what
    stands between the fragments and the damage counts."""
    whole = f.udp(HOST, 2000, PEER, PORT, MESSAGE)
    cut = len(whole) // 16 * 8
    packets = [
        f.datagram(HOST, 2001, PEER, 123, b"time"),
        f.ip4(HOST, PEER, f.UDP, whole[cut:], 7, cut // 8),
        f.ip4(HOST, PEER, f.UDP, whole[:cut], 7, 0x2000),
        message_packet(host=OTHER),
    ]
    blocks = [f.enhanced(0, when, f.ethernet(packet)) for when, packet in timed(packets)]
    return f.section() + f.interface(1) + b"".join(blocks) + b"\6\0\0\0\13\0\0\0" + bytes(40)


def stream(pieces):
    return over_ethernet(f.conversation(HOST, 3000, PEER, PORT, pieces))


def cut_at(*places):
    ends = [*places, len(STREAM)]
    return [(start, STREAM[start:end]) for start, end in zip([0, *places], ends)]


def tunnelled(protocol, head=b"", inner=None):
    return over_ethernet(
        [f.ip4("203.0.113.1", "203.0.113.2", protocol, head + (inner or message_packet()))]
    )


def vxlan():
    inner = struct.pack(">II", 0x08000000, 42 << 8) + f.ethernet(message_packet())
    return over_ethernet([f.datagram("203.0.113.1", 50000, "203.0.113.2", 4789, inner)])


def pcapng():
    """Two interfaces, Ethernet in nanoseconds and raw IP in microseconds; then a section in the
    other byte order, whose first interface is PPP with binary fractions of a second."""
    second = [message_packet(host=OTHER), b"\xff\x03\x00\x21" + message_packet(host="10.1.2.5")]
    nanoseconds = START * 1000 + 123456789
    out = f.section() + f.interface(1, f.resolution(9)) + f.interface(101)
    out += f.enhanced(0, nanoseconds, f.ethernet(message_packet()))
    out += f.enhanced(1, START + 2 * SECOND, second[0])
    out += f.section(">") + f.interface(9, f.resolution(0x80 | 10, ">"), ">")
    return out + f.enhanced(0, (f.TUESDAY + 3) << 10 | 512, second[1], ">")


def look_ups(make, names=12, **more):
    """A packet a name of list A, on its day."""
    packets = [make(number, name) for number, name in enumerate(f.names_of_list_a(names))]
    return over_ethernet(packets, start=f.A_DAY * SECOND + 3600 * SECOND, **more)


def asked(number, name, client=HOST):
    query = f.dns(number + 1, [f.dns_name(name)])
    return f.datagram(client, 5000 + number, RESOLVER, 53, query, number + 1)


def answered(number, name):
    """An answer whose question section is empty: the name stands in the answer alone."""
    answer = f.dns(number + 1, [], [f.dns_name(name)], 0x8180)
    return f.datagram(RESOLVER, 53, HOST, 5000 + number, answer, number + 1)


def over_ip6():
    source, target = "fd00::3", "2001:db8::53"
    packets = []
    for number, name in enumerate(f.names_of_list_a(12)):
        query = f.dns(number + 1, [f.dns_name(name)])
        data = f.udp(source, 5000 + number, target, 53, query)
        packets.append(f.ethernet(f.ip6(source, target, f.UDP, data), 0x86DD))
    return text(1, timed(packets, f.A_DAY * SECOND))


def over_tcp():
    """All queries of one connection, in segments that end within messages."""
    queries = [
        f.dns(number + 1, [f.dns_name(name)]) for number, name in enumerate(f.names_of_list_a(12))
    ]
    whole = b"".join(struct.pack(">H", len(query)) + query for query in queries)
    pieces = [(at, whole[at : at + 50]) for at in range(0, len(whole), 50)]
    packets = f.conversation(HOST, 5000, RESOLVER, 53, pieces)
    return over_ethernet(packets, start=f.A_DAY * SECOND)


def compression_loops():
    """Names that point to themselves, at each other, ahead and behind the end; then good ones."""
    pointers = [
        b"\xc0\x0c",
        b"\x01a\xc0\x0c",
        b"\xc0\x0e\xc0\x0c",
        b"\xc0\xff",
        b"\xff\xff",
        b"\x80x",
    ]
    packets = [
        f.datagram(HOST, 6000 + number, RESOLVER, 53, f.dns(number + 1, [name]), 100 + number)
        for number, name in enumerate(pointers)
    ]
    packets += [asked(number, name) for number, name in enumerate(f.names_of_list_a(12))]
    return over_ethernet(packets, start=f.A_DAY * SECOND)


def control_bytes():
    """Names of the list with bytes that steer terminals in a label before, behind and within."""
    packets = []
    for number, name in enumerate(f.names_of_list_a(6)):
        first, rest = name.split(".", 1)
        for odd in (b"\x1b[2J", b"\r\n\0\x07", b"\xff\xfe", b'"\\'):
            for question in (
                f.label(odd) + f.dns_name(name),
                f.label(first.encode() + odd) + f.dns_name(rest),
                f.label(first) + f.label(odd) + f.dns_name(rest),
            ):
                query = f.dns(len(packets) + 1, [question])
                packets.append(f.datagram(HOST, 5000, RESOLVER, 53, query, len(packets) + 1))
    packets += [asked(number, name) for number, name in enumerate(f.names_of_list_a(12))]
    return over_ethernet(packets, start=f.A_DAY * SECOND)


def mirror_copies():
    """Four messages to one peer; the mirror port shows the first three twice, 1 ms apart."""
    packets = [
        message_packet(f.messages("udp")[number], identification=number + 1) for number in range(4)
    ]
    frames = timed([f.ethernet(packet) for packet in packets])
    return text(1, sorted(frames + [(when + 1000, data) for when, data in frames[:3]]))


def echo():
    """A scanner asks by bare requests on UDP and TCP; an echo service sends them back. The other
    answers with a message of its own."""
    ask, ask_tcp = BARE, BARE_TCP
    asker, echoer = ASKER, "10.1.2.7"
    packets = [
        f.datagram(asker, 4000, echoer, PORT, ask, 1),
        f.datagram(echoer, PORT, asker, 4000, ask, 2),
    ]
    packets += f.conversation(asker, 4001, echoer, PORT, [(0, ask_tcp)])
    packets.append(f.segment(echoer, PORT, asker, 4001, f.PSH_ACK, 7001, 1017, ask_tcp))
    packets.append(f.datagram(asker, 4002, HOST, PORT, ask, 3))
    packets.append(f.datagram(HOST, PORT, asker, 4002, MESSAGE, 4))
    return over_ethernet(packets)


def odd_answers():
    """A scanner asks four hosts, three of them on ports predicted for them in that week. 10.0.0.1
    answers on UDP, then again, with a checksum that is wrong; 192.168.1.65 speaks before it is
    asked; 172.16.0.1 answers validly, in pieces of a byte; 10.1.2.3 greets on another port."""
    wrong = BARE[:-1] + b"\1"
    packets = [
        f.datagram(ASKER, 4000, "10.0.0.1", 2524, BARE, 1),
        f.datagram("10.0.0.1", 2524, ASKER, 4000, b"\1" + wrong, 2),
        f.datagram("10.0.0.1", 2524, ASKER, 4000, b"\1", 3),
    ]
    early = f.conversation(ASKER, 4001, "192.168.1.65", 39014, [(0, BARE_TCP)])
    banner = b"SSH-2.0-OpenSSH_9.2p1\r\n"
    early.insert(2, f.segment("192.168.1.65", 39014, ASKER, 4001, f.PSH_ACK, 7001, 1001, banner))
    packets += early
    packets += f.conversation(ASKER, 4002, "172.16.0.1", 52605, [(0, BARE_TCP)])
    packets += [
        f.segment(
            "172.16.0.1", 52605, ASKER, 4002, f.PSH_ACK, 7001 + at, 1017, STREAM[at : at + 1]
        )
        for at in range(len(STREAM))
    ]
    packets += f.conversation(ASKER, 4003, HOST, PORT, [(0, BARE_TCP)])
    packets.append(f.segment(HOST, PORT, ASKER, 4003, f.PSH_ACK, 7001, 1017, banner))
    return over_ethernet(packets, step=SECOND // 100)


def syn(client, target, port=445, number=1):
    return f.segment(client, 1024 + number, target, port, f.SYN, 1000, 0, identification=number)


def accepted(client, target, port=445, number=1):
    answer = f.segment(target, port, client, 1024 + number, f.SYN_ACK, 7000, 1001)
    return [syn(client, target, port, number), answer]


def refused(client, target, port=445, number=1):
    answer = f.segment(target, port, client, 1024 + number, f.RST, 0, 1001)
    return [syn(client, target, port, number), answer]


def worms_targets(count):
    """Addresses in as many /16s, with second and fourth octets below 128."""
    return [f"{20 + i // 100}.{i % 100}.{i * 37 % 256}.{i * 11 % 128}" for i in range(count)]


def sweeps():
    """10.1.2.3 sweeps as the worm does: 40 off-net, 20 near, a few are there. 10.1.2.4 sweeps in
    order, and is refused. 10.1.9.9 manages 80 hosts that are all there, seen in both directions;
    10.1.9.8 manages 30, of whom only its own packets are seen."""
    packets = []
    for number, target in enumerate(worms_targets(40) + [f"10.1.2.{i}" for i in range(20, 40)]):
        packets += (accepted if number % 10 == 9 else refused if number % 10 == 8 else unheard)(
            HOST, target, 445, number
        )
    for number in range(30):
        packets += refused(OTHER, f"203.0.113.{number + 101}", 139 if number % 2 else 445, number)
    for number in range(80):
        packets += accepted(ASKER, f"10.1.4.{number + 1}", 445, number)
    for number in range(30):
        talk = f.conversation("10.1.9.8", 2000 + number, f"10.1.4.{number + 1}", 445, [(0, b"SMB")])
        packets += [talk[0], talk[2]]
    return over_ethernet(packets, step=SECOND // 20)


def unheard(*flow):
    return [syn(*flow)]


def listeners():
    """Strangers reach 192.168.1.65 on both of its TCP ports of that week, and it answers. 10.0.0.1
    answers on one of its own; 172.16.0.1 refuses on both."""
    week = {r["ip"]: r for r in f.table("ports.tsv") if int(r["week"]) == 2050}
    columns = ("tcp1", "tcp3")
    packets = []
    for number, column in enumerate(columns):
        stranger = f"198.51.100.{number + 1}"
        packets += accepted(stranger, "192.168.1.65", int(week["192.168.1.65"][column]), number)
        packets += accepted(stranger, "10.0.0.1", int(week["10.0.0.1"]["tcp1"]), 10 + number)
        packets += refused(stranger, "172.16.0.1", int(week["172.16.0.1"][column]), 20 + number)
    return over_ethernet(packets)


def asked_and_answered(host, port, transport, number, answer):
    """A stranger asks by a bare request, and a message comes back."""
    stranger, from_port = f"198.51.100.{number + 1}", 4000 + number
    if transport == "udp":
        return [
            f.datagram(stranger, from_port, host, port, BARE, number + 1),
            f.datagram(host, port, stranger, from_port, answer, number + 101),
        ]
    talk = f.conversation(stranger, from_port, host, port, [(0, BARE_TCP)])
    return [
        *talk,
        f.segment(host, port, stranger, from_port, f.PSH_ACK, 7001, 1017, answer),
    ]


def behind_nat():
    """203.0.113.7 answers on the four ports that 192.168.1.65 has in that week; 203.0.113.8 on one
    of its own and on two of these; 203.0.113.9 on one of these."""
    answered = [
        ("203.0.113.7", 59436, "tcp"),
        ("203.0.113.7", 43492, "udp"),
        ("203.0.113.7", 39014, "tcp"),
        ("203.0.113.7", 27859, "udp"),
        ("203.0.113.8", 56886, "udp"),
        ("203.0.113.8", 59436, "tcp"),
        ("203.0.113.8", 43492, "udp"),
        ("203.0.113.9", 43492, "udp"),
    ]
    packets = []
    for number, (host, port, transport) in enumerate(answered):
        answer = f.messages(transport)[number]
        packets += asked_and_answered(host, port, transport, number, answer)
    return over_ethernet(packets)


def ports_of_week(week):
    """{address: (TCP 2, UDP 2)}: the pair that changes weekly."""
    rows = f.table("ports.tsv")
    return {r["ip"]: (int(r["tcp3"]), int(r["udp4"])) for r in rows if int(r["week"]) == week}


def last_weeks_ports(day):
    """SYNs to the ports that addresses had in week 2050, at noon of a day of week 2051."""
    monday = f.TUESDAY - 86400 - 16 * 3600 + 7 * 86400  # 2009-04-27
    odd = ("0.", "127.", "255.", HOST)
    targets = {a: p for a, p in ports_of_week(2050).items() if not a.startswith(odd)}
    noon = (monday + 86400 * day + 43200) * SECOND
    packets = [
        f.segment(HOST, 3000 + number, address, ports[0], f.SYN, 1000, 0, identification=number + 1)
        for number, (address, ports) in enumerate(sorted(targets.items()))
    ]
    return over_ethernet(packets, start=noon)


def strange_network():
    """Ordinary flows of a network that is not private, and one infected host in it."""
    packets = [
        f.segment(
            f"203.0.113.{number}", 3000, "192.0.2.80", 443, f.SYN, 1, 0, identification=number
        )
        for number in range(1, 12)
    ]
    return over_ethernet([*packets, message_packet(host="203.0.113.5", identification=99)])


def cut_in_hundreds(data):
    return [(at, data[at : at + 100]) for at in range(0, len(data), 100)]


def exploits():
    """10.1.2.3 attacks two hosts, once out of order, and is attacked itself by a stranger, whose
    URL was cut; 10.1.2.7 copies a sample to a file server, and 10.1.2.8 reads one from there."""
    server, url = "10.1.9.9", "http://10.1.2.3:4321/abcdef"
    pieces = cut_in_hundreds(smb.attack(OTHER, "B", url))
    packets = f.conversation(HOST, 3001, OTHER, 445, pieces)
    pieces = cut_in_hundreds(smb.to_pipe("10.1.2.5") + smb.transaction(smb.mark("B", url)))
    packets += f.conversation(HOST, 3002, "10.1.2.5", 139, pieces[::-1])
    cut = smb.attack(HOST, "A", "http://192.0.2.77:80", whole=False)
    packets += f.conversation(PEER, 3003, HOST, 445, [(0, cut)])
    pieces = cut_in_hundreds(smb.copy(server, "A", url))
    packets += f.conversation("10.1.2.7", 3004, server, 445, pieces)
    packets += f.conversation("10.1.2.8", 3005, server, 445, [(0, smb.negotiate())])
    answer = smb.attack(server, "A", url)
    packets.append(f.segment(server, 445, "10.1.2.8", 3005, f.PSH_ACK, 7001, 1050, answer))
    return over_ethernet(packets)


def exploits_through_nat():
    """10.1.2.3 attacks two hosts behind a NAT whose both sides are captured."""
    packets = []
    for number, target in enumerate(("192.0.2.10", "192.0.2.11")):
        data = [(0, smb.attack(target, "B", "http://10.1.2.3:4321/abcdef"))]
        for host in (HOST, "10.1.0.1"):
            packets += f.conversation(host, 3001 + number, target, 445, data)
    return over_ethernet(packets)


def named():
    """10.1.2.3 and 10.1.2.4 send P2P messages. A machine had 10.1.2.4 until DHCP gave it 10.1.2.3;
    another got 10.1.2.4. Their names come by DHCP, NetBIOS (one steers terminals) and DNS, where a
    server outside tells a name too."""
    one, two, server = "001122334455", "001122334466", "10.1.0.1"
    everybody, none = "255.255.255.255", "0.0.0.0"

    def asks(mac, name, address):
        options = bytes([12]) + f.label(name) + b"\x32\x04" + f.packed(address)
        return f.datagram(none, 68, everybody, 67, f.dhcp(3, mac, options=options))

    def acknowledged(mac, address):
        message = f.dhcp(5, mac, is_reply=True, yours=address)
        return f.datagram(server, 67, everybody, 68, message)

    def answers(source, name, address):
        body = struct.pack(">HHHHHH", 1, 0x8180, 1, 1, 0, 0) + f.dns_name(name)
        body += struct.pack(">HHHHHIH", 1, 1, 0xC00C, 1, 1, 60, 4) + f.packed(address)
        return f.datagram(source, 53, "10.1.2.9", 5000, body)

    def registers(name, address, **more):
        message = f.netbios_registration(name, address, **more)
        return f.datagram(address, 137, "10.1.255.255", 137, message)

    packets = [
        asks(one, "ward3-pc", OTHER),
        acknowledged(one, OTHER),
        asks(one, "ward3-pc", HOST),
        acknowledged(one, HOST),
        asks(two, b"w\xc3\xa4rd4\x1b[2J", OTHER),
        acknowledged(two, OTHER),
        registers(b"CLINIC", HOST, is_group=True),
        registers(b"WARD3", HOST),
        registers(b"\x1b]0;\x07\\", OTHER),
        answers("10.1.0.1", "ward3.clinic.example", HOST),
        answers("192.0.2.53", "evil.example", HOST),
        answers("10.1.0.1", "www.example", "192.0.2.80"),
        message_packet(),
        message_packet(host=OTHER),
    ]
    return text(1, timed([f.ethernet(packet) for packet in packets], step=60 * SECOND))


def reached(attacker, victim, when, port=445):
    """A connection to port 445 that stands: (microseconds, frame)."""
    packets = f.conversation(attacker, 1045, victim, port, [])
    return timed([f.ethernet(packet) for packet in packets], START + when * SECOND, SECOND // 100)


def fetched(client, server, port, path, when, answer=("image/jpeg", b"MZ\x90\0")):
    """A request and its answer, in a connection of their own."""
    request = f"GET {path} HTTP/1.0\r\nHost: {server}:{port}\r\n\r\n".encode()
    reply = f"HTTP/1.0 200 OK\r\nContent-Type: {answer[0]}\r\n\r\n".encode() + answer[1]
    packets = f.conversation(client, 1046, server, port, [(0, request)])
    acknowledged = 1001 + len(request)
    packets.append(f.segment(server, port, client, 1046, f.PSH_ACK, 7001, acknowledged, reply))
    return timed([f.ethernet(packet) for packet in packets], START + when * SECOND, SECOND // 100)


CHAIN = ["10.1.0.1", "10.1.0.2", "10.1.0.3"]


def chain(*steps):
    """A reaches B's port 445 and B fetches from A; half an hour later B and C do the same."""
    first, second, third = CHAIN
    all_steps = [
        reached(first, second, 0),
        fetched(second, first, 4821, "/qkzvbn", 4),
        reached(second, third, 1800),
        fetched(third, second, 2345, "/wertz", 1807),
    ]
    return text(1, [frame for step in steps for frame in all_steps[step]])


def harmless_fetches():
    """An update server that manages its clients by 445; a program that looks like the worm's from
    somebody who never came by 445; a share that the client itself mounts; a fetch too late."""
    server, client = "10.1.0.8", "10.1.0.9"
    frames = reached(server, client, 0) + fetched(client, server, 8530, "/update", 2)
    frames += fetched(client, "10.1.0.7", 4821, "/qkzvbn", 3)
    frames += reached(client, "10.1.0.6", 4) + fetched(client, "10.1.0.6", 4821, "/abc", 5)
    frames += reached("10.1.0.5", client, 6) + fetched(client, "10.1.0.5", 4821, "/abc", 667)
    return text(1, frames)


def rendezvous_by_address():
    """Variant A's request, B's, and a search engine asked by its name, from three hosts."""
    frames = []
    for number, (host, path) in enumerate(
        [("192.0.2.9", "/search?q=4&aq=7"), ("192.0.2.9", "/search?q=12"), ("a.example", "/search?q=1")]
    ):
        request = f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode()
        packets = f.conversation(f"10.1.0.{number + 1}", 1047, "192.0.2.9", 80, [(0, request)])
        frames += timed([f.ethernet(packet) for packet in packets], START + number * SECOND)
    return text(1, frames)


def site_look_ups():
    names = ["www.google.com", "checkip.dyndns.org", "cdn.evil.example", "notevil.example"]
    return over_ethernet([asked(number, name) for number, name in enumerate(names)])


CAPTURES = {
    "hunt-exploit-nat/in.pcap.txt": exploits_through_nat,
    "hunt-exploit/in.pcap.txt": exploits,
    "hunt-exploit-text/in.pcap.txt": exploits,
    "hunt-names/in.pcap.txt": named,
    "hunt-names-text/in.pcap.txt": named,
    "hunt-callback/in.pcap.txt": lambda: chain(0, 1, 2, 3),
    "hunt-callback-text/in.pcap.txt": lambda: chain(0, 1, 2, 3),
    "hunt-callback-two-files/in.1.pcap.txt": lambda: chain(0, 2),
    "hunt-callback-two-files/in.2.pcap.txt": lambda: chain(1, 3),
    "hunt-callback-none/in.pcap.txt": harmless_fetches,
    "hunt-rendezvous-http/in.pcap.txt": rendezvous_by_address,
    "hunt-sites/in.pcap.txt": site_look_ups,
    "hunt-sites/in.sites": lambda: "# ours\n\nEvil.Example.   # and all below it\n",
    "hunt-sites-wrong/in.sites": lambda: "evil.example\ncom\n# good\nwww.a.example b.example\n10.0.0.1\n",
    "hunt-elsewhere/in.pcap.txt": strange_network,
    "hunt-stream-whole/in.pcap.txt": lambda: stream(cut_at()),
    "hunt-stream-split/in.pcap.txt": lambda: stream(cut_at(1, 5, 20)),
    "hunt-stream-out-of-order/in.pcap.txt": lambda: stream(
        [cut_at(3, 9, 30)[i] for i in (2, 0, 3, 1)]
    ),
    "hunt-stream-gap/in.pcap.txt": lambda: stream([cut_at(20, 30)[i] for i in (0, 2)]),
    "hunt-vlan/in.pcap.txt": lambda: one(
        1, f.ethernet(b"\x00\x2a\x81\x00\x00\x07\x08\x00", 0x88A8)
    ),
    "hunt-fragments/in.pcap.txt": fragments,
    "hunt-damage-behind-fragments/in.pcapng": damage_behind_fragments,
    "hunt-gre/in.pcap.txt": lambda: tunnelled(f.GRE, b"\x20\x00\x08\x00\x00\x00\x00\x05"),
    "hunt-vxlan/in.pcap.txt": vxlan,
    "hunt-ip-in-ip/in.pcap.txt": lambda: tunnelled(f.IP_IN_IP),
    "hunt-link-cooked/in.pcap.txt": lambda: one(
        113, bytes.fromhex("00040001000602000000000100000800")
    ),
    "hunt-link-raw/in.pcap.txt": lambda: one(101),
    "hunt-link-null/in.pcap.txt": lambda: one(0, b"\x02\0\0\0"),
    "hunt-link-ppp/in.pcap.txt": lambda: one(9, b"\xff\x03\x00\x21"),
    "hunt-link-unknown/in.pcap.txt": lambda: one(147),
    "hunt-pcapng/in.pcapng": pcapng,
    "hunt-dns-a/in.pcap.txt": lambda: look_ups(asked),
    "hunt-dns-ipv6/in.pcap.txt": over_ip6,
    "hunt-dns-tcp/in.pcap.txt": over_tcp,
    "hunt-dns-answers/in.pcap.txt": lambda: look_ups(answered),
    "hunt-dns-loops/in.pcap.txt": compression_loops,
    "hunt-dns-control-bytes/in.pcap.txt": control_bytes,
    "hunt-mirror/in.pcap.txt": mirror_copies,
    "hunt-echo/in.pcap.txt": echo,
    "hunt-odd-answers/in.pcap.txt": odd_answers,
    "hunt-odd-answers-text/in.pcap.txt": odd_answers,
    "hunt-sweeps/in.pcap.txt": sweeps,
    "hunt-sweeps-sampled/in.pcap.txt": sweeps,
    "hunt-listener/in.pcap.txt": listeners,
    "hunt-behind-nat/in.pcap.txt": behind_nat,
    "hunt-behind-nat-text/in.pcap.txt": behind_nat,
    "hunt-last-week-monday/in.pcap.txt": lambda: last_weeks_ports(0),
    "hunt-last-week-tuesday/in.pcap.txt": lambda: last_weeks_ports(1),
    "hunt-empty/in.pcap": lambda: b"",
    "hunt-no-frames/in.pcap": lambda: f.pcap(1, []),
    "hunt-text-file/in.txt": lambda: "These are words, not packets.\n",
    "hunt-stdin/stdin.pcap.txt": lambda: one(101),
    "hunt-two-files/in.1.pcap.txt": lambda: one(101),
    "hunt-two-files/in.2.pcap.txt": lambda: over_ethernet([message_packet(host=OTHER)]),
    "hunt-directory/in.folder/b/2.pcap.txt": lambda: one(101),
    "hunt-directory/in.folder/a.pcap.txt": lambda: over_ethernet([message_packet(host=OTHER)]),
    "hunt-directory/in.folder/notes.txt": lambda: "Not a capture.\n",
}
COMPRESSED = "hunt-compressed"


def compressors():
    def tool(*command):
        return lambda data: subprocess.run(
            command, input=data, capture_output=True, check=True
        ).stdout

    return {
        "gz": lambda data: gzip.compress(data, mtime=0),
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "zst": tool("zstd", "-q", "-c"),
        "lz4": tool("lz4", "-q", "-c"),
    }


def make_compressed():
    for number, (suffix, compress) in enumerate(compressors().items()):
        packet = message_packet(host=f"10.1.3.{number + 1}")
        path = HERE / COMPRESSED / f"in.pcap.{suffix}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(compress(f.pcap(101, timed([packet]))))


def differing(write):
    for name, make in CAPTURES.items():
        path, made = HERE / name, make()
        made = made.encode() if isinstance(made, str) else made
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made)
        elif not path.exists() or path.read_bytes() != made:
            yield name


def main():
    if "--compressed" in sys.argv:
        make_compressed()
    found = list(differing(write="--check" not in sys.argv))
    for name in found:
        print(f"{name} is not what make.py makes")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
