"""A small SMB1 client that asks one host as the check for Conficker does, and says how far it came.

Written from MS-CIFS, MS-SMB, MS-NLMP and C706 without a look at the server, so that the two agree only
where both are right. It believes nothing: what is not a whole, right answer to the request is told."""
import hashlib
import hmac
import select
import socket
import struct
import time
from collections import namedtuple

FIRST_SECONDS = 15  # for an answer that must come; a busy machine may take long
SILENCE_SECONDS = 0.6
FRAME_MAX = 0x10000
NT_LM = b"\x02NT LM 0.12\x00"
SRVSVC = bytes.fromhex("c84f324b7016d30112785a47bf6ee18803000000")
NDR = bytes.fromhex("045d888aeb1cc9119fe808002b10486002000000")
SPNEGO = bytes.fromhex("06062b0601050502")
MORE_PROCESSING, BUFFER_OVERFLOW = 0xC0000016, 0x80000005
UNICODE, EXTENDED = 0x8000, 0x0800

# step: where it ended, "done" when nothing went wrong; event: a status, or words; answers: what the calls
# gave: [(path, code)].
Outcome = namedtuple("Outcome", "step event answers")


class Ended(Exception):
    """The host did something else than answer; the text says what."""


def can_be_read(each, seconds):
    """Also where more files are open than select() can count."""
    poll = select.poll()
    poll.register(each, select.POLLIN)
    return bool(poll.poll(1000 * seconds))


def md4(data):
    """RFC 1320, for the hash of a password."""
    def turn(x, n):
        return (x << n | x >> 32 - n) & 0xFFFFFFFF

    rounds = [(lambda x, y, z: x & y | ~x & z, 0, range(16), (3, 7, 11, 19)),
              (lambda x, y, z: x & y | x & z | y & z, 0x5A827999, [i % 4 * 4 + i // 4 for i in range(16)], (3, 5, 9, 13)),
              (lambda x, y, z: x ^ y ^ z, 0x6ED9EBA1, [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], (3, 9, 11, 15))]
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    data += b"\x80" + bytes((55 - len(data)) % 64) + struct.pack("<Q", 8 * len(data))
    for at in range(0, len(data), 64):
        words, (a, b, c, d) = struct.unpack_from("<16I", data, at), state
        for mix, constant, order, shifts in rounds:
            for i, k in enumerate(order):
                a, b, c, d = d, turn(a + mix(b, c, d) + words[k] + constant & 0xFFFFFFFF, shifts[i % 4]), b, c
        state = [x + y & 0xFFFFFFFF for x, y in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


def ntlmv2(account, password, domain, challenge, info=b""):
    key = hmac.digest(md4(password.encode("utf-16-le")), (account.upper() + domain).encode("utf-16-le"), "md5")
    blob = struct.pack("<BBHIQ8sI", 1, 1, 0, 0, int((time.time() + 11644473600) * 1e7), b"client!!", 0) + info + bytes(4)
    return hmac.digest(key, challenge + blob, hashlib.md5) + blob


def netbios_name(name):
    return b" " + bytes(65 + half for byte in name.ljust(16)[:16].encode() for half in (byte >> 4, byte & 15)) + b"\0"


def pdu(kind, call, body, flags=3):
    return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, 16 + len(body), 0, call) + body


def ndr_string(text):
    letters = (text + "\0").encode("utf-16-le")
    count = len(letters) // 2
    return struct.pack("<III", count, 0, count) + letters + bytes(-len(letters) % 4)


def call_of(path, opnum=0x1F):
    stub = struct.pack("<I", 0x20000) + ndr_string("a") + ndr_string(path) + struct.pack("<I", 2)
    stub += ndr_string("\\")[:12] + b"\\\0\0\0" + struct.pack("<II", 1, 1)
    return struct.pack("<IHH", len(stub), 0, opnum) + stub


def bind_of():
    return struct.pack("<HHIBxxxHBx", 2048, 2048, 0, 1, 0, 1) + SRVSVC + NDR


def type1():
    return b"NTLMSSP\0" + struct.pack("<II", 1, 0x8215) + bytes(16)


def type3(account, domain, nt):
    parts = [bytes(24 if nt else 0), nt, *(text.encode("utf-16-le") for text in (domain, account, "TEST"))]
    at, fields, payload = 64, b"", b""
    for part in parts:
        fields += struct.pack("<HHI", len(part), len(part), at + len(payload))
        payload += part
    return b"NTLMSSP\0" + struct.pack("<I", 3) + fields + struct.pack("<HHI", 0, 0, at) + struct.pack("<I", 0x8215) + payload


def av_pairs(challenge):
    """The target info of a type 2, {id: bytes}; Ended where it lies outside."""
    size, at = struct.unpack_from("<HxxI", challenge, 40)
    found, info = {}, challenge[at : at + size]
    if len(info) != size:
        raise Ended("names outside")
    while len(info) >= 4:
        kind, size = struct.unpack_from("<HH", info)
        if kind == 0:
            break
        found[kind] = info[4 : 4 + size]
        info = info[4 + size :]
    return found


class Client:
    """One connection; step names what is being asked."""

    def __init__(self, address, port=445, *, flags2=0x6045, transact=False, first=FIRST_SECONDS, flags=0x18):
        self.address, self.flags2, self.transact, self.first, self.flags = address, flags2, transact, first, flags
        self.tid = self.uid = self.mid = self.call = 0
        self.step, self.status, self.file = "connect", 0, 0
        self.names, self.target, self.is_guest, self.security = b"", {}, False, 0
        try:
            self.socket = socket.create_connection((address, port), FIRST_SECONDS)
        except ConnectionRefusedError as error:
            raise Ended("refused") from error
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        self.socket.close()

    # Bytes and frames

    def receive(self, size):
        got = b""
        while len(got) < size:
            if not can_be_read(self.socket, self.first if not got else FIRST_SECONDS):
                raise Ended("silent")
            try:
                piece = self.socket.recv(size - len(got))
            except ConnectionResetError as error:
                raise Ended("reset") from error
            if not piece:
                raise Ended("cut" if got else "closed")
            got += piece
        return got

    def frame(self):
        """(type, body) of the next frame that is no keepalive."""
        while True:
            (head,) = struct.unpack(">I", self.receive(4))
            if head & 0xFFFFFF > FRAME_MAX:
                raise Ended("frame too long")
            body = self.receive(head & 0xFFFFFF) if head & 0xFFFFFF else b""
            if head >> 24 != 0x85:
                return head >> 24, body

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            pass  # what is to be read tells it

    def session(self, name):
        self.step = "session"
        names = netbios_name(name) + netbios_name("NMAP")
        self.send(struct.pack(">BBH", 0x81, 0, len(names)) + names)
        kind, body = self.frame()
        if kind != 0x82:
            raise Ended(f"session {kind:02x} {body.hex()}")

    # Requests

    def ask(self, step, command, words, data, good=(0,)):
        """(words, bytes, message) of the answer; Ended when it is none, or of another status."""
        self.step, self.mid = step, self.mid + 1
        head = struct.pack("<4sBIBHH8sHHHHH", b"\xffSMB", command, 0, self.flags, self.flags2, 0, bytes(8), 0, self.tid,
                           4711, self.uid, self.mid)
        body = head + bytes([len(words) // 2]) + words + struct.pack("<H", len(data)) + data
        self.send(struct.pack(">I", len(body)) + body)
        return self.answer(command, good)

    def answer(self, command, good):
        kind, message = self.frame()
        if kind != 0 or len(message) < 35:
            raise Ended("no SMB")
        magic, got, self.status, flags, _, tid, pid, uid, mid = struct.unpack_from("<4sBIBH12xHHHH", message)
        if magic != b"\xffSMB":
            raise Ended("SMB2" if magic == b"\xfeSMB" else "no SMB")
        if (got, mid, pid) != (command, self.mid, 4711) or not flags & 0x80:
            raise Ended("not asked")
        count = message[32]
        if len(message) < 35 + 2 * count:
            raise Ended("words outside")
        words = message[33 : 33 + 2 * count]
        (size,) = struct.unpack_from("<H", message, 33 + 2 * count)
        data = message[35 + 2 * count :]
        if len(data) < size:
            raise Ended("bytes outside")
        if self.status not in good:
            raise Ended(self.status)
        self.tid, self.uid = tid, uid
        return words, data[:size], message

    def string(self, text, at):
        """In the letters of the request; `at` counts the bytes before it, from the header on."""
        if self.flags2 & UNICODE:
            return bytes(at % 2) + (text + "\0").encode("utf-16-le")
        return (text + "\0").encode()

    def negotiate(self, dialects=NT_LM):
        words, data, _ = self.ask("negotiate", 0x72, b"", dialects)
        if words[:2] != b"\0\0" or len(words) != 34:
            raise Ended(f"dialect {words[:2].hex()}")
        self.security = words[2]
        (capabilities,) = struct.unpack_from("<I", words, 19)
        self.is_extended = bool(capabilities & 0x80000000)
        (filetime,) = struct.unpack_from("<Q", words, 23)
        self.time = filetime / 1e7 - 11644473600
        self.challenge, self.names = (b"", data[16:]) if self.is_extended else (data[: words[33]], data[words[33] :])

    def setup(self, account="", password="", domain="WORKGROUP"):
        if self.is_extended:
            return self.setup_extended(account, password, domain)
        nt = ntlmv2(account, password, domain, self.challenge) if account else b""
        words = struct.pack("<BxHHHHIHHII", 0xFF, 0, 0xFFFF, 1, 1, 0, 0, len(nt), 0, 0x50)
        data, at = nt, 61
        for text in (account, domain, "Test", "Test"):
            data += self.string(text, at + len(data))
        words, self.system, _ = self.ask("setup", 0x73, words, data)
        self.is_guest = bool(words[4] & 1)
        return None

    def setup_blob(self, blob, good):
        words = struct.pack("<BxHHHHIHII", 0xFF, 0, 0xFFFF, 1, 1, 0, len(blob), 0, 0x80000050)
        data = blob + self.string("Test", 59 + len(blob))
        words, data, _ = self.ask("setup", 0x73, words, data, good)
        (size,) = struct.unpack_from("<H", words, 6)
        self.system = data[size:]
        return data[:size]

    def setup_extended(self, account, password, domain):
        self.is_spnego = SPNEGO in self.names
        token = self.setup_blob(in_spnego(type1()) if self.is_spnego else type1(), (MORE_PROCESSING,))
        if token.startswith(b"NTLMSSP") == self.is_spnego:
            raise Ended("other clothes")
        token = token[token.index(b"NTLMSSP\0") :]
        self.challenge, self.token = token[24:32], token
        self.target = av_pairs(token)
        nt = ntlmv2(account, password, domain, self.challenge) if account else b""
        token = type3(account, domain, nt)
        self.setup_blob(in_spnego_further(token) if self.is_spnego else token, (0,))

    def tree(self):
        path = self.string(f"\\\\{self.address}\\IPC$", 33 + 8 + 2 + 1)
        words, data, _ = self.ask("tree", 0x75, struct.pack("<BxHHH", 0xFF, 0, 0, 1), b"\0" + path + b"?????\0")
        if data[:4] != b"IPC\0":
            raise Ended(f"service {data[:8]!r}")

    def create(self, pipe="\\browser"):
        name = self.string(pipe, 33 + 48 + 2)
        words = struct.pack("<BxHxHIIIQIIIIIB", 0xFF, 0, len(name), 0x16, 0, 0x2019F, 0, 0, 7, 1, 0, 2, 0)
        words, _, _ = self.ask("create", 0xA2, words, name)
        (self.file,) = struct.unpack_from("<H", words, 5)

    def write(self, step, data):
        words = struct.pack("<BxHHIIHHHHHI", 0xFF, 0, self.file, 0, 0xFFFFFFFF, 8, len(data), 0, len(data), 63, 0)
        words, _, _ = self.ask(step, 0x2F, words, data)
        if struct.unpack_from("<H", words, 4)[0] != len(data):
            raise Ended("not all written")

    def read(self, step, room=0x1001):
        words = struct.pack("<BxHHIHHIHI", 0xFF, 0, self.file, 0, room, 0, 0xFFFFFFFF, 0, 0)
        words, _, message = self.ask(step, 0x2E, words, b"", (0, BUFFER_OVERFLOW))
        size, at = struct.unpack_from("<HH", words, 10)
        if at + size > len(message) or size == 0:
            raise Ended("data outside")
        return message[at : at + size]

    def transaction(self, step, data, room=0x1001):
        name = self.string("\\PIPE\\", 33 + 32 + 2)
        at = 33 + 32 + 2 + len(name)
        words = struct.pack("<HHHHBxHIHHHHHBxHH", 0, len(data), 0, room, 0, 0, 0, 0, 0, 0, len(data), at, 2, 0x26, self.file)
        words, _, message = self.ask(step, 0x25, words, name + data, (0, BUFFER_OVERFLOW))
        size, at = struct.unpack_from("<HH", words, 12)
        if at + size > len(message) or size == 0:
            raise Ended("data outside")
        return message[at : at + size]

    # RPC

    def pdu_of(self, got, step):
        """One PDU that begins with these bytes; what is missing is read."""
        while len(got) < 16 or len(got) < struct.unpack_from("<H", got, 8)[0]:
            got += self.read(step)
        (size,) = struct.unpack_from("<H", got, 8)
        if got[0] != 5 or size != len(got):
            raise Ended("no PDU")
        if struct.unpack_from("<I", got, 12)[0] != self.call:
            raise Ended("another call")
        return got

    def rpc(self, step, read_step, kind, body):
        """(type, body behind the first 16 bytes of each) of what comes back."""
        self.call += 1
        request = pdu(kind, self.call, body)
        if self.transact:
            got = self.transaction(step, request)
        else:
            self.write(step, request)
            got = self.read(read_step)
        got = self.pdu_of(got, read_step)
        kind, stub = got[2], got[16:]
        for _ in range(100):
            if got[3] & 2 or kind != 2:
                return kind, stub
            got = self.pdu_of(self.read(read_step), read_step)
            stub += got[24:]
        raise Ended("endless")

    def bind(self):
        kind, body = self.rpc("write", "read", 11, bind_of())
        if kind != 12:
            raise Ended(f"PDU {kind}")
        (size,) = struct.unpack_from("<H", body, 8)
        results = body[10 + size + (-(10 + size)) % 4 :]
        count, result, reason = struct.unpack_from("<BxxxHH", results)
        if (count, result) != (1, 0) or results[8:28] != NDR:
            raise Ended(f"context {result} {reason}")

    def canonicalize(self, step, path, opnum=0x1F):
        """(path, code) of the answer."""
        kind, body = self.rpc(step, step, 0, call_of(path, opnum))
        if kind == 3:
            raise Ended(f"fault {struct.unpack_from('<I', body, 8)[0]:x}")
        if kind != 2:
            raise Ended(f"PDU {kind}")
        if len(body) != 8 + 16:
            raise Ended(f"stub of {len(body) - 8}")
        room, where, kind, code = struct.unpack_from("<IIII", body, 8)
        if (room, kind) != (2, 1):
            raise Ended("another answer")
        return where, code

    def leave(self):
        self.ask("disconnect", 0x71, b"", b"")
        self.tid = 0
        self.ask("logoff", 0x74, struct.pack("<BxH", 0xFF, 0), b"")


def der(tag, data):
    size = bytes([len(data)]) if len(data) < 128 else b"\x82" + struct.pack(">H", len(data))
    return bytes([tag]) + size + data


def in_spnego_further(token):
    """A negTokenResp around a further token."""
    return der(0xA1, der(0x30, der(0xA2, der(4, token))))


def in_spnego(token):
    """A negTokenInit around the first token of NTLMSSP."""
    oid = bytes.fromhex("060a2b06010401823702020a")
    inner = der(0xA0, der(0x30, oid)) + der(0xA2, der(4, token))
    return der(0x60, SPNEGO + der(0xA0, der(0x30, inner)))


def check(address, port=445, *, name=None, pipe="\\browser", account="", password="", leaves=True, **more):
    """Asks as the check does; (outcome, client)."""
    client, answers = None, []
    try:
        client = Client(address, port, **more)
        if name is not None:  # port 139
            client.session(name)
        client.negotiate()
        client.setup(account, password)
        client.tree()
        client.create(pipe)
        client.bind()
        for step, path in (("call1", "\\"), ("call2", "\\..\\")):
            answers.append(client.canonicalize(step, path))
        if leaves:
            client.leave()
        return Outcome("done", 0, answers), client
    except Ended as error:
        return Outcome(client.step if client else "connect", error.args[0], answers), client
    finally:
        if client:
            client.close()


def node_status(address, port=137, first=FIRST_SECONDS):
    """The datagram that answers, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.connect((address, port))
        asker.send(struct.pack(">HHHHHH", 1337, 0, 1, 0, 0, 0) + b" CK" + b"A" * 30 + b"\0" + struct.pack(">HH", 0x21, 1))
        return asker.recv(2000) if can_be_read(asker, first) else None
