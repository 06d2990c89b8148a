"""What nmap's p2p-conficker says of each variant of the rig, what wormsign says, and where and why the
two differ. docs/nmap.md tells the same to people; nmap_agrees.py holds all of it against both programs."""
import p2p

VALID = "Received valid data"
CHECKSUM = "Data received, but checksum was invalid (possibly INFECTED)"
TIMEOUT = "Timeout"
CONNECT = "Couldn't connect"
RECEIVE = "Failed to receive data"
SHORT = "Data too short"
FLAGS = "Data received, but its flags are none of Conficker's (possibly INFECTED)"
ECHO = "Data received, but it is our own message sent back"
CUT = "Data received, but wasn't Conficker data: it was cut"
SMALL = "Data received, but wasn't Conficker data: its length is too small"


def too_short(*numbers):
    return {f"Data received, but wasn't Conficker data: Packet was too short [{n}]" for n in numbers}


# Random bytes may be anything but a message whose checksum holds.
RANDOM = {CHECKSUM, *too_short(3, 4, 5, 6, 7, 8)}
REFUSED = {"tcp": {CONNECT}, "udp": {RECEIVE}}
# {variant: (of TCP, of UDP)}; what is not here is valid on both.
NMAP = {
    "wrong-checksum": ({CHECKSUM}, {CHECKSUM}),
    "junk": ({TIMEOUT, *RANDOM, *too_short(1, 2)}, RANDOM),
    "banner": ({TIMEOUT}, too_short(6)),
    "truncated": ({CONNECT}, too_short(6)),
    "prefix-long-close": ({CONNECT}, {TIMEOUT}),
    "prefix-long-silent": ({TIMEOUT}, {TIMEOUT}),
    "prefix-short": ({VALID}, {TIMEOUT}),
    "one-byte": ({SHORT}, {SHORT}),
    "silent": ({TIMEOUT}, {TIMEOUT}),
    "closes": ({CONNECT}, {RECEIVE}),
    "resets": ({RECEIVE}, {RECEIVE}),
    "udp-only": ({CONNECT}, {VALID}),
    "tcp-only": ({VALID}, {RECEIVE}),
    "first-lost": ({VALID}, {TIMEOUT}),
    "flood": ({TIMEOUT, *RANDOM, *too_short(1, 2)}, RANDOM),
    "endless": ({VALID}, {TIMEOUT}),
    "prefix-huge": ({TIMEOUT}, {TIMEOUT}),
    "prefix-zero": (too_short(1), {TIMEOUT}),
    "other-port": ({CONNECT}, {TIMEOUT}),
    "other-host": ({CONNECT}, {TIMEOUT}),
    "refuses": ({CONNECT}, {RECEIVE}),
}
OURS = {
    **NMAP,
    "insane-flags": ({FLAGS}, {FLAGS}),
    "insane-high": ({FLAGS}, {FLAGS}),
    "insane-tcp": ({FLAGS}, {FLAGS}),
    "junk": ({CUT, SMALL, *RANDOM}, RANDOM),
    "banner": ({CUT}, too_short(6)),
    "truncated": ({CUT}, too_short(6)),
    "prefix-long-close": ({CUT}, {TIMEOUT}),
    "prefix-long-silent": ({CUT}, {TIMEOUT}),
    "prefix-short": ({SMALL}, {TIMEOUT}),
    "echo": ({ECHO}, {ECHO}),
    "first-lost": ({VALID}, {VALID}),
    "flood": ({CUT, SMALL, *RANDOM}, RANDOM),
    "endless": ({CUT}, {TIMEOUT}),
    "prefix-huge": ({CUT}, {TIMEOUT}),
    "prefix-zero": ({SMALL}, {TIMEOUT}),
}
# Each of these must really differ, on a port that both ask or in the ports that are asked.
DIFFERENCES = {
    "echo": "nmap takes its own message, sent back, for an answer; wormsign sees that it is no other's",
    "insane-flags": "nmap does not look at the flags; the worm always sets ENCODED",
    "insane-high": "nmap does not look at the flags; the worm never sets bits 8 to 14",
    "insane-tcp": "nmap does not look at the flags; the worm sets IS_TCP on TCP, and only there",
    "prefix-short": "nmap reads on past the length that the answer states; wormsign believes the length",
    "endless": "nmap believes the first bytes of a longer answer; wormsign waits for all that is promised",
    "prefix-zero": "the same fault in other words: nmap counts bytes, wormsign says that the length is too small",
    "prefix-huge": "nmap says Timeout; wormsign says that data came and was cut",
    "prefix-long-silent": "nmap says Timeout; wormsign says that data came and was cut",
    "prefix-long-close": "nmap says Couldn't connect; wormsign says that data came and was cut",
    "truncated": "nmap says Couldn't connect of what is cut on TCP; wormsign says that data came and was cut",
    "banner": "nmap says Timeout of a greeting on TCP; wormsign says that data came and was cut",
    "first-lost": "nmap never repeats a datagram; wormsign repeats it, and hears the answer",
    "last-week": "nmap asks on the ports of this week alone; wormsign also asks on last week's, "
                 "near Monday or with `--week-slack`",
    "next-week": "nmap asks on the ports of this week alone; wormsign also asks on next week's, "
                 "near Monday or with `--week-slack`",
    "sri": "nmap reads the worm's generator one way; where SRI's reading gives other ports, wormsign asks on both",
}
# The bytes are random, so the words are too: only what is infected is compared.
BY_CHANCE = {"junk", "flood"}
# Answers that come from where nobody was asked are nothing that either of the two can hear.
SUSPICIOUS = {"wrong-checksum", "insane-flags", "insane-high", "insane-tcp", "junk", "banner", "truncated",
              "prefix-long-close", "prefix-long-silent", "prefix-short", "one-byte", "echo", "flood", "endless",
              "prefix-huge", "prefix-zero"}
UNKNOWN = {"silent", "closes", "resets", "other-port", "other-host", "refuses"}


def verdict_of(variant):
    return "suspicious" if variant in SUSPICIOUS else "unknown" if variant in UNKNOWN else "infected"


def is_open(variant, address, transport, port, week):
    """Whether a host whose clock is in that week listens there, of those that do not always."""
    at = 0 if transport == "tcp" else 1
    fixed = p2p.predicted(address, week)[at][0]
    shift = {"last-week": -1, "next-week": 1}
    if variant in shift:
        return port in p2p.predicted(address, week + shift[variant])[at]
    if variant == "fixed-only":
        return port == fixed
    if variant == "one-port":
        return transport == "tcp" and port == fixed
    return True


def wanted(table, variant, address, transport, port, week):
    """The words that may be said of a port."""
    if not is_open(variant, address, transport, port, week):
        return REFUSED[transport]
    return table.get(variant, ({VALID}, {VALID}))[0 if transport == "tcp" else 1]
