"""An exploit chain spread over captures that only tell it together: A attacks B and B attacks C;
each victim fetches the worm from the URL that its exploit told; and both then do what infected
hosts do. No capture holds two links of it."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cases"))
import frames as f  # noqa: E402
import smb  # noqa: E402

START = f.TUESDAY
HOSTS = A, B, C = "10.1.0.1", "10.1.0.2", "10.1.0.3"
PEER, PEER_PORT = "192.0.2.77", 40832
STEP_US = 10_000
# attacker, victim, seconds of the attack, path, port, seconds of the fetch, of the victim's message
LINKS = [(A, B, 0, "/qkzvbn", 4821, 4, 2400), (B, C, 1800, "/wertz", 2345, 1807, 3000)]


def timed(packets, second):
    """[(microseconds, frame)]"""
    start = (START + second) * 1_000_000
    return [(start + number * STEP_US, f.ethernet(one)) for number, one in enumerate(packets)]


def attack(link):
    attacker, victim, second, path, port, _, _ = link
    data = smb.attack(victim, "B", f"http://{attacker}:{port}{path}")
    return timed(f.conversation(attacker, 1045, victim, 445, [(0, data)]), second)


def fetch(link):
    attacker, victim, _, path, port, second, _ = link
    request = f"GET {path} HTTP/1.0\r\nHost: {attacker}:{port}\r\n\r\n".encode()
    reply = b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\nMZ inert"
    packets = f.conversation(victim, 1046, attacker, port, [(0, request)])
    packets.append(f.segment(attacker, port, victim, 1046, f.PSH_ACK, 7001, 1001 + len(request), reply))
    return timed(packets, second)


def sign(link):
    return timed([f.datagram(link[1], 2000, PEER, PEER_PORT, f.messages("udp")[0])], link[6])


def capture(kinds):
    """A capture of these kinds of frames of all links, in the order of time."""
    return f.pcap(1, sorted(frame for kind in kinds for link in LINKS for frame in kind(link)))


KINDS = [attack, fetch, sign]
INFECTIONS = sorted((one, other, cause) for one, other, *_ in LINKS for cause in ("callback", "exploit"))
