"""Every variant of smb_server, asked over loopback by smb_client.py: what comes of it is what its row
says. And the program itself: what it logs, refuses and tells of itself. run.py runs these checks.

Below port 1024 only root may listen: anybody else tries the same on ports above 10000."""
import itertools
import json
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import asking
import smb_client
import smb_others
from checking import equal, holds
from rig import LO, NAMESPACE, RigError, SmbRig
from smb_client import Client, Ended, EXTENDED, MORE_PROCESSING, UNICODE
from smb_variants import DENIED, NO_LOGON, ROWS

HERE = Path(__file__).resolve().parent
PORTS = (445, 139, 137) if os.geteuid() == 0 else (10445, 10139, 10137)
ACCOUNT, PASSWORD = "wormsign-test", "wormsign-2009"
LOCKED_OUT = 0xC0000234
ABC = [(0, 0x84B), (0x5C450000, 0x57)]
CHECKS = []
BUSY_ROWS = {"pipe-busy": 3, "session-busy": 2}  # how often before it goes well


def check(function):
    CHECKS.append(function)
    return function


class SmbProgram:
    """One of the two smb_servers under test, and addresses that nobody else uses."""

    def __init__(self, before, path, number):
        self.before, self.path, self.is_first = before, path, number == 0
        self.numbers, self.lock = itertools.count(), threading.Lock()
        self.network = f"127.{252 + number}.{os.getpid() % 250}."
        self.hosts = {}

    def address(self):
        with self.lock:
            return self.network + str(2 + next(self.numbers))

    def play(self, *variants, **more):
        """(rig that is not yet begun, addresses)."""
        addresses = [self.address() for _ in variants]
        return SmbRig(dict(zip(addresses, variants)), ports=PORTS, program=self.path, **more), addresses

    def begin(self):
        """All variants at once; a port that an unrelated program holds makes it try other addresses."""
        for attempt in range(2):
            rig, addresses = self.play(*ROWS)
            self.hosts = dict(zip(ROWS, addresses))
            try:
                return rig.__enter__()
            except RigError as error:
                if attempt == 1 or "in use" not in str(error):
                    raise
        return None


def ask(address, **more):
    port = PORTS[1] if more.get("name") else PORTS[0]
    return smb_client.check(address, port, **more)


def as_its_row_says(p, variant):
    """Asked by writes and reads, and by TransactNmPipe, in both kinds of letters."""
    row, address = ROWS[variant], p.hosts[variant]
    first = smb_client.SILENCE_SECONDS if row.event == "silent" else smb_client.FIRST_SECONDS
    for transact, letters in ((False, 0), (True, UNICODE)):
        step = row.transacted if transact and row.transacted else row.step
        wanted = (step, row.event, list(row.answers))
        more = {"transact": transact, "flags2": 0x6045 | letters, "first": first, "name": row.name}
        for _ in range(BUSY_ROWS.get(variant, 1)):
            outcome, _client = ask(address, **more)
            equal(tuple(outcome), wanted, f"what came of it (transact: {transact})")
        if variant in BUSY_ROWS:
            equal(ask(address, **more)[0].answers, ABC, "answers when it is no more busy")


@check
def every_smb_variant_is_listed_documented_and_tried_here(p):
    done = subprocess.run([p.path, "--list"], capture_output=True, text=True, timeout=60, check=True)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    holds(all(len(line) == 2 and line[1] for line in lines), "a line is no name, tab and sentence")
    equal([line[0] for line in lines], list(ROWS), "variants")
    page = (HERE / "README.md").read_text()
    equal([line for line in lines if "| `{}` | {} |".format(*line) not in page], [], "what README.md lacks")


def logged(path, count):
    """The lines of the log when there are so many; they are written when a connection has ended."""
    late = time.monotonic() + asking.FIRST_SECONDS
    while time.monotonic() < late:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        if len(lines) >= count:
            return lines
        time.sleep(0.01)
    raise AssertionError(f"{len(lines)} lines in the log, not {count}")


@check
def the_log_tells_what_was_asked_and_how_many_asked_at_once(p):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        rig, (address, other) = p.play("infected-abc", "credentials", log=path)
        with rig:
            for count in range(3):
                ask(address)
                (line, *_), lines = logged(path, count + 1), logged(path, count + 1)  # it has ended
            equal(line["seen"], ["negotiate", "setup (anonymous)", f"tree \\\\{address}\\IPC$", "create \\browser", "bind",
                                 "call 0x1f \\", "call 0x1f \\..\\", "disconnect", "logoff"], "seen")
            equal((line["address"], line["port"], line["variant"], line["ending"]),
                  (address, PORTS[0], "infected-abc", "peer closed"), "line")
            equal([line["at_once"] for line in lines], [1, 1, 1], "at once, one after the other")
            clients = [Client(address, PORTS[0]) for _ in range(3)]
            for client in clients:
                client.negotiate()
            for client in clients:
                client.close()
            equal(sorted(line["at_once"] for line in logged(path, 6)[3:]), [1, 2, 3], "at once, side by side")
            ask(other, account="evil\x1b\"\\", password="x")
            line = logged(path, 7)[6]
            equal((line["seen"][1:], line["failures"]), (['setup evil?"\\', 'refused evil?"\\'], 1), "seen of a login")


@check
def any_other_call_is_logged_and_refused(p):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        rig, (address,) = p.play("infected-abc", log=path)
        with rig:
            client = Client(address, PORTS[0])
            for step in (client.negotiate, client.setup, client.tree, client.create, client.bind):
                step()
            try:
                client.canonicalize("call", "\\", opnum=0x20)
                raise AssertionError("operation 0x20 is answered")
            except Ended as error:
                equal(error.args[0], "fault 1c010002", "answer to operation 0x20")
            client.close()
            holds("call 0x20 " in logged(path, 1)[0]["seen"], "the log does not tell of operation 0x20")


@check
def only_the_account_with_its_password_may_log_in_where_it_matters(p):
    for flags2 in (0x6045, 0x6045 | UNICODE, 0x6045 | EXTENDED, 0x6045 | EXTENDED | UNICODE):
        for variant, step, status in (("credentials", "setup", NO_LOGON), ("denied-anonymous", "create", DENIED)):
            address = p.hosts[variant]
            equal(ask(address, flags2=flags2, account=ACCOUNT, password=PASSWORD)[0].answers, ABC, "answers")
            equal(ask(address, flags2=flags2)[0][:2], (step, status), "the null session")
            equal(ask(address, flags2=flags2, account="guest")[0][:2], (step, status), "a guest")
            equal(ask(address, flags2=flags2, account=ACCOUNT, password="wrong")[0][:2], ("setup", NO_LOGON),
                  "a wrong password")
        outcome, client = ask(p.hosts["guest-only"], flags2=flags2, account="guest")
        equal((outcome.answers, client.is_guest), (ABC, not flags2 & EXTENDED), "answers to a guest")


@check
def three_wrong_logins_lock_the_account_and_are_counted(p):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        rig, (address,) = p.play("lockout", log=path)
        with rig:
            for count in range(5):
                ask(address)  # a null session locks nothing
                logged(path, count + 1)  # it has ended
            for count, wanted in enumerate((NO_LOGON, NO_LOGON, NO_LOGON, LOCKED_OUT)):
                equal(ask(address, account=ACCOUNT, password="wrong")[0].event, wanted, "status")
                logged(path, count + 6)
            equal(ask(address, account=ACCOUNT, password=PASSWORD)[0].event, LOCKED_OUT, "status of the right one")
            equal([line["failures"] for line in logged(path, 10)], [0] * 5 + [1, 2, 3, 3, 3], "failures")


def utf16(data):
    return data.decode("utf-16-le", errors="strict")


@check
def a_host_tells_who_it_is(p):
    for variant in ("infected-abc", "ntlmssp-raw", "names-control"):
        outcome, client = ask(p.hosts[variant])
        equal(outcome.answers, ABC, "answers")
        holds(abs(client.time - time.time()) < 60, "its clock is wrong")
        domain, server, end = utf16(client.names).split("\0")
        names = (domain, server) if variant != "names-control" else (domain[:4], server[:3] + server[-3:])
        equal((names, end), (("WORKGROUP", "VICTIM") if len(domain) == 9 else ("WORK", "VICTIM"), ""), "names")
        equal("\033" in domain, variant == "names-control", "escapes in the name")
        system, manager, workgroup, _ = client.system.split(b"\0")
        equal((system[:7], manager, workgroup[:4]), (b"Windows", b"Windows 2000 LAN Manager", b"WORK"), "system")
        outcome, client = ask(p.hosts[variant], flags2=0x6045 | EXTENDED)
        equal((outcome.answers, client.is_spnego), (ABC, variant != "ntlmssp-raw"), "answers, SPNEGO")
        equal((utf16(client.target[3])[-12:], utf16(client.target[4])), ("example.test", "example.test"), "DNS names")
        equal(client.token[48:56].hex(), "0501280a0000000f", "version")


@check
def wrong_names_are_wrong_as_their_variants_say(p):
    extended = 0x6045 | EXTENDED
    equal(ask(p.hosts["names-outside"], flags2=extended)[0][:2], ("setup", "names outside"), "what came of it")
    equal(ask(p.hosts["names-none"], flags2=extended)[1].target, {}, "names")
    equal(ask(p.hosts["names-none"])[1].names, b"", "names")
    equal(len(ask(p.hosts["names-bad-utf16"])[1].names) % 2, 1, "half a character")
    for names in (ask(p.hosts["names-bad-utf16"])[1].names, ask(p.hosts["names-bad-utf16"], flags2=extended)[1].target[1]):
        try:
            utf16(names)
            raise AssertionError("the names are right")
        except UnicodeDecodeError:
            pass
    equal(ask(p.hosts["plain"], flags2=extended)[1].is_extended, False, "extended security of plain")
    equal(ask(p.hosts["signing-required"])[1].security, 0x0F, "security mode")
    equal(ask(p.hosts["tid-0"], leaves=False)[1].tid, 0, "number of the tree")


@check
def other_pipes_and_other_accounts_open_what_others_cannot(p):
    for variant in ("only-srvsvc", "only-wkssvc"):
        equal(ask(p.hosts[variant], pipe="\\" + variant[5:])[0].answers, ABC, f"answers of {variant}")
    for pipe in ("\\srvsvc", "\\wkssvc", "\\\\BROWSER"):
        equal(ask(p.hosts["infected-abc"], pipe=pipe)[0].answers, ABC, f"answers of {pipe}")
    equal(ask(p.hosts["infected-abc"], pipe="\\spoolss")[0].event, 0xC0000034, "status of another pipe")


@check
def sessions_stand_under_the_right_name_only(p):
    for variant, good, wrong in (("session-smbserver", "*SMBSERVER", "VICTIM"), ("session-own-name", "VICTIM", "*SMBSERVER")):
        equal(ask(p.hosts[variant], name=good)[0].answers, ABC, "answers")
        equal(ask(p.hosts[variant], name=wrong)[0].event, "session 83 82", "answer to another name")
        equal(ask(p.hosts[variant])[0].event, "refused", "port 445")
    equal(ask(p.hosts["only-139"])[0].event, "refused", "port 445")
    equal(ask(p.hosts["only-445"], name="VICTIM")[0].event, "refused", "port 139")
    equal(ask(p.hosts["infected-abc"], name="ANY")[0].answers, ABC, "answers on port 139")


@check
def a_request_with_the_reply_bit_is_dropped_by_the_picky_alone(p):
    equal(ask(p.hosts["infected-abc"], flags=0x98)[0].answers, ABC, "answers")
    equal(ask(p.hosts["reply-bit-picky"], flags=0x98, first=smb_client.SILENCE_SECONDS)[0][:2], ("negotiate", "silent"),
          "what came of it")


@check
def node_statuses_are_as_their_variants_say(p):
    told = smb_client.node_status(p.hosts["infected-abc"], PORTS[2])
    equal(told[:12].hex(), "053984000000000100000000", "head")
    equal(told[12:50], b"\x20CK" + b"A" * 30 + b"\0" + struct.pack(">HH", 0x21, 1), "name")
    equal(struct.unpack_from(">IHB", told, 50), (0, len(told) - 56, 4), "time, length and count")
    names = [struct.unpack_from(">15sBH", told, 57 + 18 * i) for i in range(4)]
    equal([(name.decode().rstrip(), suffix, flags >> 15) for name, suffix, flags in names],
          [("VICTIM", 0, 0), ("WORKGROUP", 0, 1), ("VICTIM", 0x20, 0), ("WORKGROUP", 0x1E, 1)], "names")
    equal(told[129:135].hex(), "00163e112233", "MAC")
    holds(len(smb_client.node_status(p.hosts["node-cut"], PORTS[2])) < len(told), "node-cut is not cut")
    equal(smb_client.node_status(p.hosts["node-lies"], PORTS[2])[56], 255, "count of node-lies")
    holds(smb_client.node_status(p.hosts["node-garbage"], PORTS[2])[2:] != told[2:], "node-garbage is no junk")
    equal(smb_client.node_status(p.hosts["only-445"], PORTS[2], first=smb_client.SILENCE_SECONDS), None, "only-445")


def smb2(command, body, message_id):
    head = struct.pack("<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 0, 0, command, 1, 0, 0, message_id, 0, 0, 0, bytes(16))
    return struct.pack(">I", len(head + body)) + head + body


def smb2_answered(client, command):
    kind, message = client.frame()
    magic, size, status, got = struct.unpack_from("<4sHxxIH", message)
    equal((kind, magic, size, got), (0, b"\xfeSMB", 64, command), "frame, magic, size and command")
    return status, message


@check
def without_smb1_a_host_still_tells_its_names_by_smb2(p):
    client = Client(p.hosts["smb2-only"], PORTS[0])
    client.send(smb2(0, struct.pack("<HHHHI16sQHH", 36, 2, 1, 0, 0, bytes(16), 0, 0x0202, 0x0210), 1))
    status, message = smb2_answered(client, 0)
    equal((status, struct.unpack_from("<HHH", message, 64)), (0, (65, 1, 0x0202)), "status, size, security and dialect")
    at, size = struct.unpack_from("<HH", message, 64 + 56)
    holds(smb_client.SPNEGO in message[at : at + size], "no SPNEGO is offered")
    blob = smb_client.in_spnego(smb_client.type1())
    client.send(smb2(1, struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(blob), 0) + blob, 2))
    status, message = smb2_answered(client, 1)
    equal(status, MORE_PROCESSING, "status")
    token = message[message.index(b"NTLMSSP\0") :]
    equal(utf16(smb_client.av_pairs(token)[3]), "victim.example.test", "name")
    client.send(smb2(3, struct.pack("<HHHH", 9, 0, 72, 0), 3))
    equal(smb2_answered(client, 3)[0], DENIED, "status of the tree connect")
    client.close()
    client = Client(p.hosts["smb2-only"], PORTS[0])
    client.step = "negotiate"
    dialects = smb_client.NT_LM + b"\x02SMB 2.???\x00"
    body = struct.pack("<4sBIBHH8sHHHHHBH", b"\xffSMB", 0x72, 0, 0x18, 0x6045, 0, bytes(8), 0, 0, 1, 0, 1, 0, len(dialects)) + dialects
    client.send(struct.pack(">I", len(body)) + body)
    equal(struct.unpack_from("<H", smb2_answered(client, 0)[1], 68)[0], 0x02FF, "dialect when both were offered")
    client.close()
    client = Client(p.hosts["infected-abc"], PORTS[0])
    client.send(smb2(0, bytes(36), 1))
    try:
        client.receive(1)
        raise AssertionError("SMB2 is answered by a host that has none")
    except Ended as error:
        equal(error.args[0], "closed", "answer to SMB2")
    client.close()


@check
def what_is_no_request_ends_the_connection(p):
    for sent in (b"GET / HTTP/1.0\r\n\r\n", b"\0\0\x10\0" + bytes(4096), b"\0\0\0\x04junk", b"\0\xff\xff\xff",
                 b"\0\0\0\x27\xffSMB" + b"\xff" * 35, b"\x81\0\0\x44" + bytes(68)):
        reply = asking.tcp(p.hosts["infected-abc"], PORTS[0], sent)
        holds(reply.ending in ("closed", "reset") and not reply.bytes, f"{sent[:20]!r} is answered: {reply}")


@check
def requests_cut_anywhere_are_waited_for_and_in_pieces_answered(p):
    client = Client(p.hosts["infected-abc"], PORTS[0])
    send, pieces = client.send, []

    def by_pieces(data):
        for i in range(0, len(data), 7):
            send(data[i : i + 7])
            pieces.append(i)

    client.send = by_pieces
    for step in (client.negotiate, client.setup, client.tree, client.create, client.bind):
        step()
    equal(client.canonicalize("call2", "\\..\\"), (0x5C450000, 0x57), "answer")
    holds(len(pieces) > 50, "it came in one piece")
    client.close()


def spoilt(chance, data):
    """With a byte changed, or cut, or another length in it."""
    at, data = chance.randrange(4, len(data)), bytearray(data)
    data[at : at + chance.choice((1, 1, 2, 4))] = chance.choice((b"\0", b"\xff", b"\xff\xff", b"\0\0\0\0", b"", chance.randbytes(1)))
    return bytes(data)


@check
def requests_made_wrong_anywhere_do_no_harm(p):
    """The server must live; under the sanitizers nothing may be read where nothing is."""
    chance, ended = random.Random(2009), set()
    for number in range(600):
        client = Client(p.hosts["infected-abc"], PORTS[0], transact=number % 2 == 1, first=0.02,
                        flags2=0x6045 | chance.choice((0, UNICODE, EXTENDED)))
        wrong, send = chance.randrange(9), client.send

        def send_wrong(data, send=send, wrong=wrong, sent=itertools.count()):
            send(spoilt(chance, data) if next(sent) == wrong else data)

        client.send = send_wrong
        try:
            for step in (client.negotiate, lambda: client.setup(ACCOUNT, PASSWORD), client.tree, client.create, client.bind):
                step()
            client.canonicalize("call1", "\\")
            client.canonicalize("call2", "\\..\\")
        except (Ended, ValueError, struct.error):
            ended.add(client.step)
        client.close()
    holds(len(ended) >= 6, f"requests were made wrong only at {ended}")
    equal(ask(p.hosts["infected-abc"])[0].answers, ABC, "answers afterwards")


@check
def thousands_of_connections_are_held_at_once(p):
    """In a process of its own: so many open files are more than select() can count, here."""
    addresses = [p.address() for _ in range(20)]
    command = [sys.executable, str(HERE / "smb_many.py"), p.path, str(PORTS[0]), "2000", *addresses]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    equal((done.returncode, done.stderr), (0, ""), "exit code and stderr")
    holds(done.stdout.startswith("2000 answered"), done.stdout)


@check
def in_a_namespace_of_a_test_any_smb_host_can_be_played(p):
    lacks = subprocess.run([*NAMESPACE, LO + "true"], capture_output=True, text=True, timeout=60, check=False)
    if lacks.returncode != 0:
        return "no namespaces here: " + " ".join(lacks.stderr.split())
    inside = [LO + 'exec "$0" "$@"', sys.executable, str(HERE / "smb_many.py"), p.path, "445", "20", "10.77.0.3"]
    done = subprocess.run([*NAMESPACE, *inside], capture_output=True, text=True, timeout=60, check=False)
    equal((done.returncode, done.stdout[:11], done.stderr), (0, "20 answered", ""), "what was said inside")
    return None


def fails(p, *arguments, code, says):
    done = subprocess.run([p.path, *arguments], capture_output=True, text=True, timeout=20, check=False,
                          stdin=subprocess.DEVNULL)
    equal((done.returncode, done.stdout), (code, ""), f"exit code and stdout of {arguments}")
    holds(says in done.stderr, f"{done.stderr!r} does not say {says!r}")


@check
def smb_hosts_outside_loopback_and_wrong_words_are_refused(p):
    address = p.address()
    for other in ("10.0.0.1", "126.255.255.255", "128.0.0.1", "0.0.0.0"):
        fails(p, f"{address}=patched", f"{other}=patched", code=2, says="outside 127.0.0.0/8")
    fails(p, "--any", "10.0.0.1=patched", code=2, says="--any works only in a network namespace")
    fails(p, code=2, says="no ADDRESS=VARIANT")
    fails(p, address, code=2, says="is not ADDRESS=VARIANT")
    fails(p, address + "=pached", code=2, says="no variant 'pached'")
    fails(p, "--smb", "65536", address + "=patched", code=2, says="not a number")
    fails(p, "--smb", "12445", "--log", "/nowhere/log", address + "=patched", code=1, says="/nowhere/log")
    with socket.socket() as taken:
        taken.bind((address, 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        fails(p, "--smb", port, "--session", "0", "--names", "0", address + "=patched", code=1,
              says=f"{address} port {port}/tcp: Address already in use")


def results_of(p, pool, result):
    """Futures of all checks of this program, which plays all variants already."""
    for function in (smb_others.nmap_says_of_the_smb_variants_what_is_recorded,
                     smb_others.real_samba_answers_the_check_as_it_is_set_up) if p.is_first else ():
        yield pool.submit(result, p.before + function.__name__, function, p)
    for variant in ROWS:
        yield pool.submit(result, f"{p.before}{variant} ends_as_its_row_says", as_its_row_says, p, variant)
    for function in CHECKS:
        yield pool.submit(result, p.before + function.__name__, function, p)
