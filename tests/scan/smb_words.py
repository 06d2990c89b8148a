"""What is to be said of each variant of the rig's smb_server when it is asked over SMB: why, and in the words
of 2009; and beside it what the host really is, and where nmap's smb-vuln-conficker is wrong about it.

nmap's words are those recorded in ../rig/nmap_smb.json; smb.py holds the column against them."""
from collections import namedtuple

# truth: what the host is, whoever can find that out. nmap: what is wrong with what it says, see WRONG.
Row = namedtuple("Row", "truth reason words nmap")

RIGHT = ""
MISSES = "says NOT VULNERABLE of an infected host"
UNASKED = "says NOT VULNERABLE of a host that it could not ask"
FAILS = "ends with an error of its own at an infected host"
ENDLESS = "never ends"

OPEN, PATCHED, WORM_ABC, WORM_DE = "unpatched", "patched", "A to C", "D or E"  # truths

SAYS = "its NetpwPathCanonicalize answers as "
ABC = SAYS + "that of Conficker A, B or C"
DE = SAYS + "that of Conficker D or E"
DE_EMPTY = DE + ", but with an empty path, which is less certain"
CLEAN = SAYS + "Microsoft's, with MS08-067"
UNPATCHED = SAYS + "Microsoft's, without MS08-067: it is open to the worm"
DENIED = "access was denied to who is not logged in"
DENIED_TOO = "access was denied to the account that was given as well"
NO_LOGIN = "it let nobody log in whom we tried"
SMB1_OFF = "SMB1 is off, and the question can only be asked over SMB1"
NO_PIPE = "no pipe leads to the service that would answer: no Windows, or a service that is off or has crashed"
NO_CALL = "its service does not have the function that is asked about: no Windows"
SIGNING = "it demands that messages are signed, which this check does not do"
NO_NAME = "port 139 wants to be called by its NetBIOS name, and none that we know is its own"

LOWER, HIGHER = (f"Likely INFECTED (by Conficker.{letters})" for letters in ("C or lower", "D or higher"))
IS_CLEAN, IS_DENIED = "Likely CLEAN", "Likely CLEAN; access was denied."
ERROR = "UNKNOWN; got error "
REFUSED_LOGIN = ERROR + "NT_STATUS_LOGON_FAILURE"
NEGOTIATE = ERROR + "Could not negotiate a connection"
EOF = ERROR + "SMB: Failed to receive bytes: EOF"
TIMEOUT = ERROR + "SMB: Failed to receive bytes: TIMEOUT"
LESS = ERROR + "SMB: ERROR: Server returned less data than it was supposed to"
BUSY = ERROR + "SMB: ERROR: Server has too many active connections; giving up."
FAULT = ERROR + "MSRPC call returned a fault"
BIND = ERROR + "Bind() returned a fault"
PIPES = ("UNKNOWN; not Windows, or Windows with disabled browser service (CLEAN); or Windows with crashed browser "
         "service (possibly INFECTED).")
CRASHED = "UNKNOWN; Network name not found (required service has crashed). (Error NT_STATUS_BAD_NETWORK_NAME)"

# {reason: (verdict, smb.result, variants, marks)}; any other reason is of an unknown host.
OUTCOMES = {
    ABC: ("infected", "infected", ["A", "B", "C"], []),
    DE: ("infected", "infected", ["D", "E"], []),
    DE_EMPTY: ("suspicious", "infected", ["D", "E"], []),
    CLEAN: ("clean", "clean", [], []),
    UNPATCHED: ("clean", "unpatched", [], ["unpatched"]),
}
UNKNOWN = ("unknown", "unknown", [], [])


def silent(stage):
    return Row(PATCHED, "it fell silent at " + stage, TIMEOUT, UNASKED)


def closes(stage, how="closed"):
    return Row(PATCHED, f"it {how} the connection at {stage}", EOF, UNASKED)


def odd(stage, truth=PATCHED, nmap=UNASKED):
    return Row(truth, f"what it sent at {stage} is no answer", LESS, nmap)


def infected(nmap=RIGHT):
    return Row(WORM_ABC, ABC, LOWER, nmap)


def denied(truth=PATCHED, nmap=UNASKED):
    return Row(truth, DENIED, IS_DENIED, nmap)


MAY_BE_OFF = "negotiating: SMB1 may be off"
ROWS = {
    "infected-abc": infected(),
    "infected-abc-0": infected(),
    "infected-de": Row(WORM_DE, DE, HIGHER, RIGHT),
    "infected-de-0": Row(WORM_DE, DE_EMPTY, HIGHER, MISSES),
    "patched": Row(PATCHED, CLEAN, IS_CLEAN, RIGHT),
    "unpatched": Row(OPEN, UNPATCHED, IS_CLEAN, RIGHT),
    "other-code": Row(PATCHED, "its answer to the second question is neither Microsoft's nor the worm's (0x32)",
                      ERROR + "NT_STATUS_UNKNOWN (0x00000032) (srvsvc.netpathcanonicalize)", UNASKED),
    "denied-setup": denied(),
    "denied-tree": denied(),
    "denied-create": denied(),
    "denied-write": denied(),
    "denied-call": denied(),
    "denied-fault": denied(),
    "denied-anonymous": denied(WORM_ABC, MISSES),
    "logon-failure": Row(PATCHED, NO_LOGIN, REFUSED_LOGIN, UNASKED),
    "guest-only": infected(),
    "credentials": Row(WORM_ABC, NO_LOGIN, REFUSED_LOGIN, MISSES),
    "lockout": Row(WORM_ABC, NO_LOGIN, REFUSED_LOGIN, MISSES),
    "no-pipe": Row(PATCHED, NO_PIPE, PIPES, UNASKED),
    "only-srvsvc": infected(MISSES),
    "only-wkssvc": infected(MISSES),
    "pipe-busy": infected(),
    "pipe-busy-always": Row(PATCHED, "its pipes were busy each time they were asked for",
                            ERROR + "NT_STATUS_PIPE_NOT_AVAILABLE too many times; giving up.", UNASKED),
    "session-busy": infected(MISSES),
    "session-busy-always": Row(PATCHED, "it was busy each time it was asked", BUSY, UNASKED),
    "too-many-sessions": Row(PATCHED, "it takes no more connections", BUSY, UNASKED),
    "bad-network-name": Row(PATCHED, "it has no IPC$: the service has crashed, or it is no Windows", CRASHED, UNASKED),
    "tid-0": infected(MISSES),
    "rpc-fault": Row(PATCHED, "a fault at the first question: 0x000006f7", FAULT, UNASKED),
    "bind-refused": Row(PATCHED, "the service that would answer refused the interface", BIND, UNASKED),
    "bind-nak": Row(PATCHED, "the service that would answer refused to be bound", BIND, UNASKED),
    "short-answer": Row(PATCHED, "its answer to the question is too short to be read", LESS, UNASKED),
    "fragments": infected(),
    "endless-fragments": Row(PATCHED, "its answers had no end, and were given up", LESS, ENDLESS),
    "parts": infected(MISSES),
    "other-call": odd("the first question", WORM_ABC, MISSES),
    "rpc-garbage": odd("the first question"),
    "smb2-only": Row(PATCHED, SMB1_OFF, NEGOTIATE + ":SMB: Failed to receive bytes: EOF", UNASKED),
    "smb2-answers": Row(PATCHED, SMB1_OFF, NEGOTIATE + ":SMB: Failed to receive bytes: EOF", UNASKED),
    "smb1-off": closes(MAY_BE_OFF),
    "wrong-dialect": Row(PATCHED, SMB1_OFF, NEGOTIATE + ":SMB: Failed to receive bytes: EOF", UNASKED),
    "signing-required": Row(PATCHED, SIGNING, ERROR + "NT_STATUS_ACCESS_DENIED", UNASKED),
    "plain": infected(),
    "ntlmssp-raw": infected(),
    "names-none": infected(MISSES),
    "names-control": infected(),
    "names-bad-utf16": infected(FAILS),
    "names-outside": infected(),
    "silent-session": Row(PATCHED, CLEAN, IS_CLEAN, RIGHT),  # of port 139, which is not needed
    "silent-negotiate": silent("negotiating"),
    "silent-setup": silent("logging in"),
    "silent-tree": silent("opening IPC$"),
    "silent-create": silent("opening the pipe"),
    "silent-write": silent("binding the service"),
    "silent-read": silent("binding the service"),
    "silent-call1": silent("the first question"),
    "silent-call2": silent("the second question"),
    "closes-session": Row(PATCHED, CLEAN, IS_CLEAN, RIGHT),
    "closes-setup": closes("logging in"),
    "closes-tree": closes("opening IPC$"),
    "closes-create": closes("opening the pipe"),
    "closes-write": closes("binding the service"),
    "closes-read": closes("binding the service"),
    "closes-call1": closes("the first question"),
    "closes-call2": closes("the second question"),
    "resets-negotiate": closes(MAY_BE_OFF, "reset"),
    "resets-create": closes("opening the pipe", "reset"),
    "cut-negotiate": closes(MAY_BE_OFF),
    "cut-create": closes("opening the pipe"),
    "session-smbserver": infected(),
    "session-own-name": infected(),
    "session-refused": Row(PATCHED, NO_NAME, NEGOTIATE, UNASKED),
    "session-elsewhere": Row(PATCHED, NO_NAME, NEGOTIATE, UNASKED),
    "only-139": infected(),
    "only-445": infected(),
    "node-cut": infected(FAILS),
    "node-lies": infected(FAILS),
    "node-garbage": infected(),
    "dribble": infected(),
    "unasked": infected(MISSES),
    "other-mid": Row(WORM_ABC, "it fell silent at negotiating", TIMEOUT, RIGHT),  # whose answers it takes, is luck
    "other-command": Row(WORM_ABC, "it fell silent at negotiating", TIMEOUT, RIGHT),
    "echo": silent("negotiating"),
    "keepalives": infected(MISSES),
    "huge-length": odd("negotiating"),
    "garbage": odd("negotiating"),
    "garbage-framed": odd("negotiating"),
    "words-outside": odd("negotiating", WORM_ABC, MISSES),
    "bytes-outside": infected(MISSES),
    "offsets-outside": odd("binding the service", WORM_ABC, MISSES),
    "reply-bit-picky": infected(),
}


def outcome_of(reason):
    return OUTCOMES.get(reason, UNKNOWN)


def wrong_of_nmap(truth, reason, said):
    """What is wrong with these words of nmap (None: it gave none), as the column has it."""
    if said is None:
        return ENDLESS
    if truth in (WORM_ABC, WORM_DE):
        return {"L": RIGHT, "N": MISSES, "E": FAILS}[said[0]]
    return UNASKED if outcome_of(reason) == UNKNOWN and said.startswith("NOT VULNERABLE") else RIGHT
