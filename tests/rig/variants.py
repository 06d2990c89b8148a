"""What is to be true of a host that plays a variant: a function each, or one for several.

A new variant of the responder needs one here; run.py compares the names."""
import struct

import asking
import p2p
from checking import equal, holds
from host import Host, SILENT, WEEK, at_once

VARIANTS = {}


def variant(*names):
    """Marks what is to be true of a host that plays one of these variants."""

    def take(function):
        VARIANTS.update(dict.fromkeys(names, function))
        return function

    return take


ALL_FIELDS = p2p.IP | p2p.UNKNOWN0 | p2p.UNKNOWN1 | p2p.DATA | p2p.SYSINFO
FIELDS = {"valid": (0, 0), "valid-all": (ALL_FIELDS, 33), "valid-ip": (p2p.IP, 6), "valid-none": (0, 20),
          "valid-unknown0": (p2p.UNKNOWN0, 6), "valid-unknown1": (p2p.UNKNOWN1, 6),
          "valid-data": (p2p.DATA, 6), "valid-sysinfo": (p2p.SYSINFO, 6)}


@variant(*FIELDS)
def answers_with_its_fields_and_noise_on_four_ports(host):
    fields, noise = FIELDS[host.name]
    host.is_valid(fields=fields, noise=noise)


@variant("zero-key")
def answers_in_clear(host):
    for reply, start in [(r.bytes, 2) for r in host.tcp_both()] + [(r.datagrams[0], 0) for r in host.udp_both()]:
        equal(reply[start : start + 8], bytes(8), "key")
        transport = "tcp" if start else "udp"
        m = p2p.Message(reply[start:])
        holds(m.holds and m.is_sane(transport) and not m.noise, "no bare valid message")
        equal(m.clear, reply[start:], "clear bytes")


def bodies(host):
    """[(transport, body)] of one whole answer of each port."""
    found = []
    for reply in host.tcp_both():
        equal((reply.ending, struct.unpack("<H", reply.bytes[:2])[0]), ("open", len(reply.bytes) - 2), "ending, prefix")
        found.append(("tcp", reply.bytes[2:]))
    for reply in host.udp_both():
        equal(len(reply.datagrams), 1, "datagrams")
        found.append(("udp", reply.datagrams[0]))
    return found


@variant("wrong-checksum")
def answers_with_a_checksum_wrong_by_one_bit(host):
    for transport, body in bodies(host):
        m = p2p.Message(body)
        holds(m.is_sane(transport), "insane flags")
        equal(m.sum, m.wanted ^ 1, "checksum")


INSANE = {"insane-flags": p2p.ENCODED, "insane-high": 0x7F00, "insane-tcp": p2p.IS_TCP}


@variant(*INSANE)
def answers_with_flags_that_no_worm_has(host):
    for transport, body in bodies(host):
        m = p2p.Message(body)
        holds(m.holds, "the checksum does not hold")
        sane = p2p.ENCODED | (p2p.IS_TCP if transport == "tcp" else 0)
        equal(m.flags, sane ^ INSANE[host.name], "flags")
        holds(not m.is_sane(transport), "the flags are sane")


@variant("junk")
def answers_anything_with_40_bytes_of_junk(host):
    replies = [r.bytes for r in host.tcp_both(sends=b"?") + host.tcp_both()]
    replies += [r.datagrams[0] for r in host.udp_both(sends=b"?") + host.udp_both()]
    for reply in replies:
        equal(len(reply), 40, "length")
        holds(not p2p.is_message(reply) and not p2p.is_message(reply[2:]), "the junk is a message")
    equal(len(set(replies)), 8, "different answers")
    equal(host.tcp(host.tcp_ports[0]).ending, "open", "the connection")


@variant("banner")
def greets_as_a_mail_server(host):
    banner = b"220 mail.example.net ESMTP ready\r\n"
    for reply in host.tcp_both(sends=b""):
        equal((reply.bytes, reply.ending), (banner, "open"), "greeting")
    for reply in host.udp_both() + host.udp_both(sends=b"?"):
        equal(reply.datagrams, [banner], "greeting")


@variant("truncated")
def answers_with_half_a_message(host):
    for reply in host.tcp_both():
        (prefix,) = struct.unpack("<H", reply.bytes[:2])
        equal((prefix // 2, reply.ending), (len(reply.bytes) - 2, "closed"), "bytes, ending")
    found = [r.bytes[2:] for r in host.tcp_both()] + [r.datagrams[0] for r in host.udp_both()]
    for body in found:
        try:
            p2p.Message(body)
        except p2p.Cut as cut:
            equal(str(cut), "data", "what is cut")
        else:
            raise AssertionError("it is whole")


@variant("prefix-long-close", "prefix-long-silent")
def promises_20_bytes_more_than_come(host):
    for port, reply in zip(host.tcp_ports, host.tcp_both()):
        equal(struct.unpack("<H", reply.bytes[:2])[0], 34, "prefix")
        equal(len(reply.bytes), 16, "bytes")
        host.judge(reply.bytes[2:], b"", "tcp", port)
        equal(reply.ending, "closed" if host.name == "prefix-long-close" else "open", "ending")
    is_silent_udp(host)


@variant("prefix-short")
def promises_less_than_comes(host):
    for port, reply in zip(host.tcp_ports, host.tcp_both()):
        equal((reply.bytes[:2], len(reply.bytes), reply.ending), (b"\x0a\x00", 16, "open"), "prefix, size, ending")
        host.judge(reply.bytes[2:], b"", "tcp", port)
    is_silent_udp(host)


@variant("one-byte")
def answers_with_one_byte(host):
    equal([len(r.bytes) for r in host.tcp_both()], [1, 1], "lengths on TCP")
    equal([list(map(len, r.datagrams)) for r in host.udp_both()], [[1], [1]], "lengths on UDP")


def is_silent_udp(host):
    """No answer, yet something listens."""
    for reply in host.udp_both(**SILENT):
        equal(reply.datagrams, [], "answers on UDP")
    for port in host.udp_ports:
        holds(not asking.udp_is_refused(host.address, port, host.ask("udp", port)), "nothing listens")


@variant("silent")
def never_answers(host):
    for reply in host.tcp_both(**SILENT) + host.tcp_both(sends=b"?" * 9000, **SILENT):
        equal((reply.bytes, reply.ending), (b"", "open"), "what comes on TCP")
    is_silent_udp(host)


@variant("closes")
def closes_without_a_byte(host):
    for reply in host.tcp_both() + host.tcp_both(sends=b"?") + host.tcp_both(sends=b"?" * 9000):
        equal((reply.bytes, reply.ending), (b"", "closed"), "what comes")
    for reply in host.tcp_both(sends=b"", **SILENT):
        equal(reply.ending, "open", "the connection before something was sent")
    host.refuses_udp()


@variant("resets")
def resets_without_a_byte(host):
    for reply in host.tcp_both() + host.tcp_both(sends=b"?"):
        equal((reply.bytes, reply.ending), (b"", "reset"), "what comes")
    host.refuses_udp()


@variant("segments")
def answers_in_many_segments(host):
    for port, reply in zip(host.tcp_ports, host.tcp_both()):
        equal((reply.bytes[:2], len(reply.bytes), reply.ending), (b"\x0e\x00", 16, "open"), "prefix, size, ending")
        host.judge(reply.bytes[2:], b"", "tcp", port)
        equal(reply.segments, 16, "segments")
        holds(reply.pieces[-1][0] >= 15 * 0.005, f"all came within {reply.pieces[-1][0]:.3f} s")
    host.is_valid_udp()


@variant("slow")
def answers_after_three_seconds(host):
    def ask_tcp(port):
        asked = host.ask("tcp", port)
        reply = host.tcp(port, asked)
        host.judge(reply.bytes[2:], asked[2:], "tcp", port)
        return reply.pieces[0][0]

    def ask_udp(port):
        asked = host.ask("udp", port)
        reply = host.udp(port, asked)
        equal(len(reply.datagrams), 1, "datagrams")
        host.judge(reply.datagrams[0], asked, "udp", port)
        return reply.seconds

    calls = [lambda p=p: ask_tcp(p) for p in host.tcp_ports] + [lambda p=p: ask_udp(p) for p in host.udp_ports]
    for seconds in at_once(*calls):
        holds(2.99 <= seconds < 8, f"answered after {seconds:.2f} s")


@variant("echo")
def sends_the_request_back(host):
    for port in host.tcp_ports:
        asked = host.ask("tcp", port)
        equal(host.tcp(port, asked).bytes, asked, "echo on TCP")
    for port in host.udp_ports:
        asked = host.ask("udp", port)
        equal(host.udp(port, asked).datagrams, [asked], "echo on UDP")


@variant("udp-only")
def listens_on_udp_alone(host):
    host.refuses_tcp()
    host.is_valid_udp()


@variant("tcp-only")
def listens_on_tcp_alone(host):
    host.refuses_udp()
    host.is_valid_tcp()


@variant("one-port")
def listens_on_the_fixed_tcp_port_alone(host):
    host.is_valid_tcp(host.tcp_ports[:1])
    host.refuses_tcp(host.tcp_ports[1:])
    host.refuses_udp()


@variant("first-lost")
def does_not_hear_the_first_datagram_of_each_peer(host):
    for _ in range(2):
        with asking.udp_socket() as asker:
            for port in host.udp_ports:
                asked = host.ask("udp", port)
                equal(host.udp(port, asked, asker=asker, **SILENT).datagrams, [], "answers to the first")
                for _ in range(2):
                    equal(len(host.udp(port, asked, asker=asker, idle=0.2).datagrams), 1, "answers later")
    host.is_valid_tcp()


@variant("last-week", "next-week")
def listens_on_another_weeks_ports(host):
    other = Host(host.address, host.name, WEEK + (1 if host.name == "next-week" else -1))
    equal((other.tcp_ports[0], other.udp_ports[0]), (host.tcp_ports[0], host.udp_ports[0]), "fixed ports")
    other.is_valid()
    host.refuses_tcp(host.tcp_ports[1:])
    host.refuses_udp(host.udp_ports[1:])


@variant("fixed-only")
def listens_on_the_fixed_ports_alone(host):
    host.is_valid_tcp(host.tcp_ports[:1])
    host.is_valid_udp(host.udp_ports[:1])
    host.refuses_tcp(host.tcp_ports[1:])
    host.refuses_udp(host.udp_ports[1:])


@variant("trailing")
def sends_50_bytes_behind_the_message(host):
    for port, reply in zip(host.tcp_ports, host.tcp_both()):
        equal((reply.bytes[:2], len(reply.bytes), reply.ending), (b"\x0e\x00", 66, "open"), "prefix, size, ending")
        host.judge(reply.bytes[2:16], b"", "tcp", port)
    host.is_valid_udp()


@variant("big")
def answers_with_8000_bytes_of_data(host):
    for transport, body in bodies(host):
        m = p2p.Message(body)
        holds(m.holds and m.is_sane(transport) and not m.noise, "no valid message")
        equal((m.flags & 0xFF & ~p2p.IS_TCP, len(m.data)), (p2p.DATA, 8000), "field, length")


@variant("flood")
def floods_and_ends_at_64_mib(host):
    whole = host.tcp(host.tcp_ports[0], b"", until=18)
    equal((len(whole.bytes), whole.ending), (64 << 20, "closed"), "bytes, ending")
    holds(whole.bytes[: 1 << 20] != whole.bytes[1 << 20 : 2 << 20], "the bytes repeat")
    part = host.tcp(host.tcp_ports[1], at_most=100000)
    holds(not p2p.is_message(part.bytes[2:]), "it is a message")
    for reply in host.udp_both():
        equal(len(set(reply.datagrams)), 200, "different datagrams")
        holds(not any(map(p2p.is_message, reply.datagrams)), "a message is among them")


@variant("endless")
def drips_behind_a_huge_prefix(host):
    for port, reply in zip(host.tcp_ports, host.tcp_both(until=2.5)):
        equal((reply.bytes[:2], reply.ending), (b"\xff\xff", "open"), "prefix, ending")
        host.judge(reply.bytes[2:16], b"", "tcp", port)
        holds(3 <= len(reply.bytes) - 16 <= 13, f"{len(reply.bytes) - 16} bytes in 2.5 s")
    is_silent_udp(host)


@variant("prefix-huge")
def promises_65535_bytes_and_sends_14(host):
    for port, reply in zip(host.tcp_ports, host.tcp_both()):
        equal((reply.bytes[:2], len(reply.bytes), reply.ending), (b"\xff\xff", 16, "open"), "prefix, size, ending")
        host.judge(reply.bytes[2:], b"", "tcp", port)
    is_silent_udp(host)


@variant("prefix-zero")
def promises_nothing(host):
    for reply in host.tcp_both():
        equal((reply.bytes, reply.ending), (b"\0\0", "open"), "what comes")
    is_silent_udp(host)


@variant("other-port", "other-host")
def answers_from_elsewhere(host):
    octets = host.address.split(".")
    following = ".".join(octets[:3] + [str(int(octets[3]) + 1)])
    for port in host.udp_ports:
        asked = host.ask("udp", port)
        reply = host.udp(port, asked)
        equal(len(reply.datagrams), 1, "datagrams")
        host.judge(reply.datagrams[0], asked, "udp", port)
        address, source = reply.sources[0]
        if host.name == "other-host":
            equal((address, source), (following, port), "source")
        else:
            holds(address == host.address and source not in host.udp_ports, f"answered from {reply.sources}")
    host.refuses_tcp()


@variant("many")
def answers_five_times_with_the_same(host):
    for port, reply in zip(host.udp_ports, host.udp_both()):
        equal((len(reply.datagrams), len(set(reply.datagrams))), (5, 1), "datagrams, different ones")
        equal(set(reply.sources), {(host.address, port)}, "sources")
        host.judge(reply.datagrams[0], b"", "udp", port)
    host.is_valid_tcp()


@variant("refuses")
def listens_nowhere(host):
    host.refuses_tcp()
    host.refuses_udp()


@variant("sri")
def answers_as_valid_where_the_readings_agree(host):
    host.is_valid()
