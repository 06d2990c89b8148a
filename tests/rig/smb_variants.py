"""What is to be true of a host that plays a variant of smb_server: where the check ends, with what, and
what the two calls gave until then. A new variant needs a row here; smb_checks.py compares the names."""
from collections import namedtuple

# transacted: the step where TransactNmPipe ends, if another; name: what port 139 is asked for, if it is.
Row = namedtuple("Row", "step event answers transacted name", defaults=((), None, None))

DENIED, NO_LOGON, NOT_FOUND, BUSY = 0xC0000022, 0xC000006D, 0xC0000034, 0xC00000AC
NOT_ACCEPTED, TOO_MANY, BAD_NAME = 0xC00000D0, 0xC00000CE, 0xC00000CC
SMALL = (0, 0x84B)  # the patched answer to "\"


def done(call2, call1=SMALL, name=None):
    return Row("done", 0, (call1, call2), None, name)


def ends(step, event, answers=(), transacted=None, name=None):
    """transacted: where it ends when the client asks by TransactNmPipe, if elsewhere."""
    return Row(step, event, answers, transacted, name)


ABC, PATCHED = done((0x5C450000, 0x57)), done((0, 0x7B))
ABC_139 = done((0x5C450000, 0x57), name="*SMBSERVER")

ROWS = {
    "infected-abc": ABC,
    "infected-abc-0": done((0, 0x57)),
    "infected-de": done((0, 0x7B), (0x5C45005C, 0)),
    "infected-de-0": done((0, 0x7B), (0, 0)),
    "patched": PATCHED,
    "unpatched": done((0x5C, 0)),
    "other-code": done((0, 0x32)),
    "denied-setup": ends("setup", DENIED),
    "denied-tree": ends("tree", DENIED),
    "denied-create": ends("create", DENIED),
    "denied-write": ends("write", DENIED),
    "denied-call": ends("call1", DENIED),
    "denied-fault": ends("call1", "fault 5"),
    "denied-anonymous": ends("create", DENIED),
    "logon-failure": ends("setup", NO_LOGON),
    "guest-only": ends("setup", NO_LOGON),
    "credentials": ends("setup", NO_LOGON),
    "lockout": ends("setup", NO_LOGON),
    "no-pipe": ends("create", NOT_FOUND),
    "only-srvsvc": ends("create", NOT_FOUND),
    "only-wkssvc": ends("create", NOT_FOUND),
    "pipe-busy": ends("create", BUSY),
    "pipe-busy-always": ends("create", BUSY),
    "session-busy": ends("setup", NOT_ACCEPTED),
    "session-busy-always": ends("setup", NOT_ACCEPTED),
    "too-many-sessions": ends("setup", TOO_MANY),
    "bad-network-name": ends("tree", BAD_NAME),
    "tid-0": ABC,
    "rpc-fault": ends("call1", "fault 6f7"),
    "bind-refused": ends("read", "context 2 1", (), "write"),
    "bind-nak": ends("read", "PDU 13", (), "write"),
    "short-answer": ends("call1", "stub of 8"),
    "fragments": ABC,
    "endless-fragments": ends("call1", "endless"),
    "parts": ABC,
    "other-call": ends("call1", "another call"),
    "rpc-garbage": ends("call1", "another call"),
    "smb2-only": ends("negotiate", "closed"),
    "smb2-answers": ends("negotiate", "SMB2"),
    "smb1-off": ends("negotiate", "closed"),
    "wrong-dialect": ends("negotiate", "dialect ffff"),
    "signing-required": ends("tree", DENIED),
    "plain": ABC,
    "ntlmssp-raw": ABC,
    "names-none": ABC,
    "names-control": ABC,
    "names-bad-utf16": ABC,
    "names-outside": ABC,
    "silent-session": ends("session", "silent", name="*SMBSERVER"),
    "silent-negotiate": ends("negotiate", "silent"),
    "silent-setup": ends("setup", "silent"),
    "silent-tree": ends("tree", "silent"),
    "silent-create": ends("create", "silent"),
    "silent-write": ends("write", "silent"),
    "silent-read": ends("read", "silent", (), "write"),
    "silent-call1": ends("call1", "silent"),
    "silent-call2": ends("call2", "silent", (SMALL,)),
    "closes-session": ends("session", "closed", name="*SMBSERVER"),
    "closes-setup": ends("setup", "closed"),
    "closes-tree": ends("tree", "closed"),
    "closes-create": ends("create", "closed"),
    "closes-write": ends("write", "closed"),
    "closes-read": ends("read", "closed", (), "write"),
    "closes-call1": ends("call1", "closed"),
    "closes-call2": ends("call2", "closed", (SMALL,)),
    "resets-negotiate": ends("negotiate", "reset"),
    "resets-create": ends("create", "reset"),
    "cut-negotiate": ends("negotiate", "cut"),
    "cut-create": ends("create", "cut"),
    "session-smbserver": ABC_139,
    "session-own-name": done((0x5C450000, 0x57), name="VICTIM"),
    "session-refused": ends("session", "session 83 82", name="*SMBSERVER"),
    "session-elsewhere": ends("session", "session 84 7f0000010009", name="*SMBSERVER"),
    "only-139": ABC_139,
    "only-445": ABC,
    "node-cut": ABC,
    "node-lies": ABC,
    "node-garbage": ABC,
    "dribble": ABC,
    "unasked": ends("negotiate", "not asked"),
    "other-mid": ends("negotiate", "not asked"),
    "other-command": ends("negotiate", "not asked"),
    "echo": ends("negotiate", "not asked"),
    "keepalives": ABC,
    "huge-length": ends("negotiate", "frame too long"),
    "garbage": ends("negotiate", "frame too long"),
    "garbage-framed": ends("negotiate", "no SMB"),
    "words-outside": ends("negotiate", "words outside"),
    "bytes-outside": ends("negotiate", "bytes outside"),
    "offsets-outside": ends("read", "data outside", (), "write"),
    "reply-bit-picky": ABC,
}
