"""A small client that asks one port and tells all that came of it: bytes, times, and how it ended."""
import select
import socket
import struct
import time
from collections import namedtuple

FIRST_SECONDS = 15  # for an answer that must come; a busy machine may take long
SILENCE_SECONDS = 0.6  # after which nothing is taken to come any more

# ending: "refused", "reset", "closed" or "open"; pieces: [(seconds since asked, bytes)], as they were
# read; segments: how many with data the system took (a late reader finds them joined)
TcpReply = namedtuple("TcpReply", "bytes ending seconds pieces segments")
UdpReply = namedtuple("UdpReply", "datagrams seconds sources")


def segments_taken(talk):
    """tcpi_data_segs_in of Linux's struct tcp_info."""
    return struct.unpack_from("=I", talk.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192), 152)[0]


def tcp(address, port, sends=b"", *, first=FIRST_SECONDS, idle=SILENCE_SECONDS, at_most=1 << 30,
        until=60, half_close=False, byte_by_byte=False):
    """Sends, then reads: `first` seconds for the first byte, until nothing came for `idle`."""
    began = time.monotonic()
    got, pieces, size, segments = [], [], 0, 0

    def reply(ending):
        return TcpReply(b"".join(got), ending, time.monotonic() - began, pieces, segments)

    try:
        with socket.create_connection((address, port), timeout=FIRST_SECONDS) as talk:
            talk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in [sends[i : i + 1] for i in range(len(sends))] if byte_by_byte else [sends]:
                talk.sendall(piece)
                if byte_by_byte:
                    time.sleep(0.01)
            if half_close:
                talk.shutdown(socket.SHUT_WR)
            while size < at_most:
                patience = min(idle if got else first, began + until - time.monotonic())
                if patience <= 0 or not select.select([talk], [], [], patience)[0]:
                    return reply("open")
                piece = talk.recv(1 << 20)
                if not piece:
                    return reply("closed")
                got.append(piece)
                size += len(piece)
                pieces.append((time.monotonic() - began, piece))
                segments = segments_taken(talk)
            return reply("open")
    except ConnectionRefusedError:
        return reply("refused")
    except ConnectionResetError:
        return reply("reset")


def udp_socket():
    asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    asker.bind(("127.0.0.1", 0))
    return asker


def udp(address, port, sends, *, first=FIRST_SECONDS, idle=SILENCE_SECONDS, asker=None):
    """Sends one datagram, and takes whatever comes from anywhere."""
    own = asker is None
    asker = udp_socket() if own else asker
    began = time.monotonic()
    datagrams, sources, seconds = [], [], None
    try:
        asker.sendto(sends, (address, port))
        while select.select([asker], [], [], idle if datagrams else first)[0]:
            datagram, source = asker.recvfrom(65536)
            seconds = seconds or time.monotonic() - began
            datagrams.append(datagram)
            sources.append(source)
    finally:
        if own:
            asker.close()
    return UdpReply(datagrams, seconds, sources)


def udp_is_refused(address, port, sends):
    """True when the system says that nothing listens; false when there is silence."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.bind(("127.0.0.1", 0))
        asker.connect((address, port))
        asker.send(sends)
        if not select.select([asker], [], [], SILENCE_SECONDS)[0]:
            return False
        try:
            asker.recv(65536)
        except ConnectionRefusedError:
            return True
        return False
