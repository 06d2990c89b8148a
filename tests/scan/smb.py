"""The SMB check of `wormsign scan` as a user meets it: every variant of the rig's smb_server is asked, and what
is said of it in JSON and in the words of 2009 is what smb_words.py says; what the servers saw is what may be
asked of a stranger, and no more. Together with P2P each pair of answers has its verdict.

Hosts listen on their real ports, 445, 139 and UDP 137, so only as root."""
import json
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import smb_words
from rig import SmbRig, built
from schema import STEERING
from checking import check, check_once, equal, holds
from scanning import ROOT, Done
from stopping import interrupted

SMB = ("--checks", "smb,netbios")
VARIANTS_SECONDS = 16  # ten of a host that falls silent, on a busy machine
PATHS = {"call 0x1f \\", "call 0x1f \\..\\"}
GOODBYE = ["disconnect", "logoff"]
LOG_SECONDS = 5
CONFICKER = "    Conficker: "


def lacks():
    """Why hosts cannot be played on ports 445 and 139 here; None: they can."""
    try:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 445))
    except OSError as error:
        return None if error.errno == 98 else f"port 445 may not be opened here: {error.strerror}"
    return None


def with_smb(function):
    """A check that needs the ports of SMB."""
    def needing(p):
        return lacks() or function(p)
    needing.__name__, needing.__module__ = function.__name__, function.__module__
    return needing


def played(p, *variants, log=None, times=1):
    """(rig that is not yet begun, {address: variant}); each variant so many times."""
    roles = dict(zip(p.addresses(times * len(variants)), variants * times))
    return SmbRig(roles, log=log), roles


def logged(path, port=None):
    """The lines of the log. They are written when a connection ends, which may be a moment after ours does."""
    late, size = time.monotonic() + LOG_SECONDS, -1
    while time.monotonic() < late and size != (size := path.stat().st_size if path.exists() else 0):
        time.sleep(0.3)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if port in (None, line["port"])]


def told(p, folder, *arguments):
    """One run that finds somebody, as JSON and as the text that tells of each host: (Done, text)."""
    path = Path(folder) / "json"
    text = p.run("-v", "-oJ", str(path), *arguments).ends(1)
    done = Done(arguments, text.code, path.read_bytes(), text.err.encode(), text.seconds)
    return done.holds_the_schema(), text.out


def words_of(text):
    """{address: what stands behind "Conficker: "} of a text with a block a host."""
    found, address = {}, None
    for line in text.splitlines():
        if line[:1].isdigit():
            address = line.split()[0]
        elif line.startswith(CONFICKER):
            found[address] = line[len(CONFICKER):]
    return found


def what_is_wrong(variant, line):
    """Complaints about a host's line of JSON, by its row."""
    row, found = smb_words.ROWS[variant], line["smb"]
    verdict, result, variants, marks = smb_words.outcome_of(row.reason)
    got = (line["verdict"], found["result"], line["variants"], found["variants"], line["marks"], found["reason"])
    wanted = (verdict, result, variants, variants, marks, row.reason)
    if got != wanted:
        yield f"{variant} is {got}, not {wanted}"
    if verdict == "unknown" and line["reason"] != row.reason:
        yield f"{variant} is unknown for another reason: {line['reason']}"
    signs = [sign["sign"] for sign in line["signs"]]
    if signs != ["smb-answer"] * (result == "infected"):
        yield f"{variant} has the signs {signs}"


def what_was_asked_too_much(line):
    """Complaints about a line of the server's log."""
    seen, name = line["seen"], f"{line['variant']} {line['port']}"
    calls = {word for word in seen if word.startswith("call ")}
    if not calls <= PATHS:
        yield f"{name}: {calls - PATHS} was called"
    if line["at_once"] != 1:
        yield f"{name}: {line['at_once']} connections at once"
    if smb_words.ROWS[line["variant"]].reason in smb_words.OUTCOMES and calls and seen[-2:] != GOODBYE:
        yield f"{name}: it ends with {seen[-2:]}, without a goodbye"


@check
@with_smb
def every_smb_variant_is_said_to_be_what_it_is(p):
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        rig, roles = played(p, *smb_words.ROWS, log=log)
        with rig:
            done, text = told(p, folder, *SMB, *roles)
            lines = logged(log)
        said = words_of(text)
    wrong = [complaint for address, v in roles.items() for complaint in what_is_wrong(v, done.hosts[address])]
    wrong += [f"{v}: it says {said.get(a)!r}, not {smb_words.ROWS[v].words!r}" for a, v in roles.items()
              if said.get(a) != smb_words.ROWS[v].words]
    equal(wrong, [], "what is wrong")
    plain = " ".join(text.split())
    for words in (" CLEAN, marked unpatched, ", f" UTC: {smb_words.UNPATCHED} Install the update MS08-067",
                  f" UTC: {smb_words.CLEAN} 127."):
        holds(words in plain, f"{words!r} is not in the text")
    too_much = [complaint for line in lines for complaint in what_was_asked_too_much(line)]
    equal(too_much, [], "what was asked too much")
    equal({line["variant"] for line in lines}, set(roles.values()), "whom the log tells of")
    holds(p.is_sanitized or done.summary["seconds"] < VARIANTS_SECONDS, f"it took {done.summary['seconds']} s")
    equal((done.summary["complete"], done.summary["asked"]), (True, len(roles)), "complete, and asked")


@check_once
def the_table_of_smb_variants_is_whole_and_says_where_nmap_is_wrong(_):
    listed = subprocess.run([built("smb_server"), "--list"], capture_output=True, text=True, timeout=60, check=True)
    equal(list(smb_words.ROWS), [line.split("\t")[0] for line in listed.stdout.splitlines()], "variants")
    recorded = json.loads((ROOT / "tests/rig/nmap_smb.json").read_text(encoding="utf-8"))
    wrong = {}
    for variant, row in smb_words.ROWS.items():
        said = recorded.get(variant, {}).get("conficker")
        found = smb_words.wrong_of_nmap(row.truth, row.reason, said)
        if found != row.nmap:
            wrong[variant] = f"{said}: {found}"
    equal(wrong, {}, "where the table says otherwise than what nmap said")


@check
@with_smb
def no_name_of_a_host_steers_the_terminal(p):
    """Names with escapes and line ends, and such as are no Unicode."""
    with tempfile.TemporaryDirectory() as folder:
        rig, roles = played(p, "names-control", "names-bad-utf16")
        with rig:
            done, text = told(p, folder, *SMB, *roles)
        lines = text.split("\n")
    equal([line for line in lines if STEERING.search(line)], [], "lines that steer a terminal")
    control, halves = (done.hosts[address] for address in roles)
    equal(control["smb"]["fqdn"], "vic\\x1b[31mtim.example.test", "a name with an escape, in JSON")
    equal(control["netbios"]["computer"], "VIC\\x1b[2J\\x1b]0;owne", "a NetBIOS name with escapes, in JSON")
    holds("    FQDN: vic\\x1b[31mtim.example.test" in lines, f"a name with an escape is not in {lines}")
    equal(halves["smb"]["computer"], "\ufffd", "a name that is half a character")


def both(p, pairs):
    """Hosts that play a P2P variant and an SMB variant each, at one address: (rigs, {pair: address})."""
    at = dict(zip(pairs, p.addresses(len(pairs))))
    return p.rig({a: pair[0] for pair, a in at.items()}), SmbRig({a: pair[1] for pair, a in at.items() if pair[1]}), at


# By the answer over SMB: the verdict where the P2P ports refuse, are silent, answer oddly, answer as the worm.
P2P = ("refuses", "silent", "wrong-checksum", "valid")
PAIRS = {
    "infected-abc": ("infected", "infected", "infected", "infected"),
    "infected-de": ("infected", "infected", "infected", "infected"),
    "infected-de-0": ("suspicious", "suspicious", "suspicious", "infected"),
    "patched": ("clean", "clean", "suspicious", "infected"),
    "unpatched": ("clean", "clean", "suspicious", "infected"),
    "denied-tree": ("unknown", "unknown", "suspicious", "infected"),
    "smb1-off": ("unknown", "unknown", "suspicious", "infected"),
    None: ("unknown", "unknown", "suspicious", "infected"),
}


@check
@with_smb
def every_pair_of_p2p_and_smb_answers_has_its_verdict(p):
    wanted = {(p2p, smb): row[i] for smb, row in PAIRS.items() for i, p2p in enumerate(P2P)}
    p2p, smb, at = both(p, list(wanted))
    with p2p, smb:
        hosts = p.json(*at.values()).ends(1).holds_the_schema().hosts
    got = {pair: hosts[address]["verdict"] for pair, address in at.items()}
    equal({pair: got[pair] for pair in got if got[pair] != wanted[pair]}, {}, "verdicts that are wrong")
    variants = {pair: "".join(hosts[address]["variants"]) for pair, address in at.items()}
    equal(variants["refuses", "infected-abc"], "ABC", "variants by SMB alone")
    equal(variants["valid", "patched"], "DE", "variants by P2P alone")
    equal(variants["valid", "infected-de"], "DE", "variants by both")
    equal({pair for pair, a in at.items() if "unpatched" in hosts[a]["marks"]},
          {(name, "unpatched") for name in P2P}, "who is marked unpatched, whatever the verdict")
    equal(hosts[at["refuses", "smb1-off"]]["reason"],
          "it closed the connection at negotiating: SMB1 may be off", "why SMB leaves a host unknown")
    equal(hosts[at["refuses", None]]["reason"], "all ports refuse: no variant D or E listens; A to C cannot be "
          "seen so; ports 445 and 139 refuse", "why a host that refuses all is unknown")


@check
@with_smb
def port_139_is_called_by_the_name_that_fits(p):
    """Its own from UDP 137, else *SMBSERVER; without UDP 137 its own is known to nobody."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        rig, roles = played(p, "session-own-name", "session-smbserver", "session-refused", "only-139", log=log)
        with rig:
            hosts = p.json(*SMB, *roles).ends(1).hosts
            seen = {}
            for line in logged(log):
                seen.setdefault(line["variant"], []).extend(word for word in line["seen"] if "session" in word)
    at = {variant: address for address, variant in roles.items()}
    equal({v: hosts[a]["smb"]["port"] for v, a in at.items()}, dict.fromkeys(at, 139), "ports")
    for variant, names in (("session-own-name", ["VICTIM"]), ("session-smbserver", ["VICTIM", "*SMBSERVER"]),
                           ("session-refused", ["VICTIM", "*SMBSERVER"])):
        equal([word.split()[-1] for word in seen[variant]], names, f"names by which {variant} was called")
    address = p.addresses(1)[0]
    with SmbRig({address: "session-own-name"}, ports=(0, 139, 0)):
        found = p.json(*SMB, address).ends(0).hosts[address]["smb"]
    equal((found["result"], found["reason"]), ("unknown", smb_words.NO_NAME), "where nobody tells its name")


@check
@with_smb
def an_interrupt_in_the_middle_of_smb_ends_it_soon(p):
    slow = ["silent-tree", "silent-call1", "silent-setup", "session-busy-always", "silent-read"]
    for more, code in (([], 3), (["infected-abc"], 1)):
        rig, roles = played(p, *(more or ["patched"]), *slow * 6)
        with rig:
            done = interrupted(p, "--json", *SMB, *roles, signals=(signal.SIGINT,)).ends(code).holds_the_schema()
        equal((done.summary["complete"], done.summary["targets"]), (False, len(roles)), "complete, and targets")
        stopped = [line for line in done.hosts.values() if line["smb"]["reason"] == "stopped before an answer"]
        equal({line["verdict"] for line in stopped}, {"unknown"}, "the verdicts of who was stopped")


@check
@with_smb
def a_host_that_falls_silent_over_smb_gets_no_more_than_its_time(p):
    rig, roles = played(p, "silent-tree", "infected-abc", "session-busy-always", "dribble")
    with rig:
        done = p.json("--host-timeout", "2s", *SMB, *roles).ends(1).holds_the_schema()
    holds(2 <= done.summary["seconds"] < 4, f"it took {done.summary['seconds']} s")
    verdicts = {variant: done.hosts[address]["verdict"] for address, variant in roles.items()}
    equal((verdicts["silent-tree"], verdicts["infected-abc"]), ("unknown", "infected"), "verdicts")
