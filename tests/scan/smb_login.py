"""Logging in for the SMB check: the account that a person gives, where its password may come from, how seldom a
wrong one is tried, and what is said about all that; and the real Samba, which has nothing to find."""
import os
import pty
import select
import signal
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import samba
import smb_words
from checking import check, check_once, equal, holds
from scanning import Done
from smb import SMB, logged, played, with_smb, words_of

ACCOUNT, PASSWORD = "wormsign-test", "wormsign-2009"
REFUSALS = 3  # that a wrong password may cost
WARNING = "a host that is infected sees what is sent to log in"
PASSWORD_VARIABLE = "WORMSIGN_SMB_PASSWORD"
CLOCK_SECONDS = 5


def environment(password=None):
    """Ours, with this password or with none."""
    clean = {name: value for name, value in os.environ.items() if name != PASSWORD_VARIABLE}
    return clean if password is None else {**clean, PASSWORD_VARIABLE: password}


def file_with(folder, password):
    path = Path(folder) / "password"
    path.write_text(password + "\n", encoding="utf-8")
    return str(path)


def refused_logins(lines):
    return sum(word.startswith("refused " + ACCOUNT) for line in lines for word in line["seen"])


@check
@with_smb
def the_right_account_finds_who_lets_nobody_else_in(p):
    wanted = ("credentials", "lockout", "denied-anonymous")
    with tempfile.TemporaryDirectory() as folder:
        ways = [(["--smb-password-file", file_with(folder, PASSWORD)], environment("wrong")),
                ([], environment(PASSWORD)), (["--smb-domain", "example"], environment(PASSWORD))]
        for more, env in ways:  # each at hosts of its own, for guests' failures lock as well
            rig, roles = played(p, *wanted, "logon-failure", "denied-create")
            with rig:
                done = p.json(*SMB, "--smb-user", ACCOUNT, *more, *roles, env=env).ends(1).holds_the_schema()
            equal({roles[a] for a in done.verdicts("infected")}, set(wanted), f"infected hosts ({more})")
            holds(WARNING in done.err, f"it does not warn: {done.err!r}")
            holds(PASSWORD not in done.out + done.err, "the password is in what it says")
    reasons = {roles[address]: line["smb"]["reason"] for address, line in done.hosts.items()}
    equal((reasons["logon-failure"], reasons["denied-create"]), (smb_words.NO_LOGIN, smb_words.DENIED_TOO), "reasons")


@check
@with_smb
def the_old_answer_is_given_only_when_it_is_asked_for(p):
    """The rig takes NTLMv2 alone, so NTLMv1 is refused there."""
    rig, roles = played(p, "credentials")
    with rig:
        new = p.json(*SMB, "--smb-user", ACCOUNT, *roles, env=environment(PASSWORD)).ends(1)
        old = p.json(*SMB, "--smb-user", ACCOUNT, "--ntlmv1", *roles, env=environment(PASSWORD)).ends(0)
    equal([len(done.verdicts("infected")) for done in (new, old)], [1, 0], "infected by NTLMv2 and by NTLMv1")


@check
@with_smb
def a_wrong_password_is_refused_three_times_over_all_hosts_and_no_more(p):
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        rig, roles = played(p, *["lockout"] * 20, log=log)
        with rig:
            done = p.json(*SMB, "--smb-user", ACCOUNT, *roles, env=environment("wrong")).ends(0).holds_the_schema()
            lines = logged(log)
    equal(len({line["address"] for line in lines}), 20, "hosts in the log")
    equal(refused_logins(lines), REFUSALS, "logins of the account that were refused")
    equal({line["smb"]["reason"] for line in done.hosts.values()}, {smb_words.NO_LOGIN}, "reasons")
    equal(done.summary["limits_hit"], ["account: 3 hosts refused the one that was given, so that no other was asked "
                                       "with it; is its password right?"], "limits")


@check
@with_smb
def one_host_that_refuses_the_account_costs_nobody_else_an_answer(p):
    rig, roles = played(p, *["credentials"] * 12, "logon-failure", "logon-failure")
    with rig:
        done = p.json(*SMB, "--smb-user", ACCOUNT, *roles, env=environment(PASSWORD)).ends(1)
    equal(len(done.verdicts("infected")), 12, "infected hosts that only the account may ask")


@check
@with_smb
def a_password_is_asked_for_on_the_terminal_and_not_shown(p):
    rig, roles = played(p, "credentials")
    with rig:
        child, master = pty.fork()
        if child == 0:
            os.execve(p.path, [p.path, "scan", "--json", *SMB, "--smb-user", ACCOUNT, *roles], environment())
        came, typed, late = b"", False, time.monotonic() + 30
        while time.monotonic() < late and select.select([master], [], [], late - time.monotonic())[0]:
            try:
                came += os.read(master, 65536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not typed and came.endswith(b": "):
                typed = True
                os.write(master, PASSWORD.encode() + b"\n")
        if not typed or time.monotonic() >= late:
            os.kill(child, signal.SIGKILL)  # it waits for ever
        _, status = os.waitpid(child, 0)
        os.close(master)
    said = came.decode()
    holds(said.startswith(f"Password of {ACCOUNT}: \r\n"), f"it asks otherwise: {said[:80]!r}")
    holds(PASSWORD not in said, "what is typed is shown")
    equal((os.waitstatus_to_exitcode(status), '"verdict":"infected"' in said), (1, True), "exit code, and infected")


@check
def wrong_use_of_an_account_is_said_and_nothing_is_sent(p):
    where = "127.0.0.9"
    for more in (["--smb-domain", "d"], ["--smb-password-file", "/dev/null"], ["--ntlmv1"]):
        p.is_wrong(*more, where, says="--smb-domain, --smb-password-file and --ntlmv1 go with --smb-user")
    p.is_wrong("--checks", "smb,nothing", where, says="there is no check called 'nothing'")
    p.is_wrong("--checks", "smb,", where, says="there is no check called ''")
    p.is_wrong("--smb-user", "", where, says="--smb-user needs a value")
    with tempfile.TemporaryDirectory() as folder:
        empty, long = Path(folder) / "empty", Path(folder) / "long"
        empty.write_bytes(b"")
        long.write_bytes(b"x" * 5000)
        cases = [(["--smb-password-file", folder + "/none"], environment(), "none: No such file or directory"),
                 (["--smb-password-file", str(empty)], environment(), "empty: no password is there"),
                 (["--smb-password-file", str(long)], environment(), "long: the password is longer than"),
                 ([], environment("x" * 5000), PASSWORD_VARIABLE + " is longer than"),
                 ([], environment(), "there is no terminal to ask for the password on: use --smb-password-file or "
                  + PASSWORD_VARIABLE)]
        for more, env, says in cases:
            done = p.run("--smb-user", ACCOUNT, *more, where, env=env, start_new_session=True).ends(4)
            holds(says in done.err, f"{done.err!r} does not say {says!r}")
            equal((done.out, done.err.count("\n")), ("", 1), "stdout, and lines on stderr")


# {variant: (reason, words)}
SAMBAS = {
    "smb1": (smb_words.NO_CALL, smb_words.FAULT),
    "smb1-off": (smb_words.SMB1_OFF, smb_words.NEGOTIATE + ":SMB: Failed to receive bytes: EOF"),
    "signing": (smb_words.NO_CALL, smb_words.FAULT),
    "no-guest": (smb_words.DENIED, smb_words.IS_DENIED),
}


@check_once
def a_real_samba_is_unknown_for_the_right_reason_and_tells_who_it_is(p):
    if samba.lacks():
        return samba.lacks()
    at = dict(zip(SAMBAS, p.addresses(len(SAMBAS))))
    with ExitStack() as stack, ThreadPoolExecutor(len(at)) as pool, tempfile.TemporaryDirectory() as folder:
        servers = [samba.Samba(variant, address) for variant, address in at.items()]
        for server, started in [(s, pool.submit(s.__enter__)) for s in servers]:
            started.result()
            stack.push(server)
        path = Path(folder) / "json"
        text = p.run("-v", *SMB, "-oJ", str(path), *at.values()).ends(0)
        hosts = Done([], 0, path.read_bytes(), b"", 0).holds_the_schema().hosts
    said = words_of(text.out)
    for variant, address in at.items():
        reason, words = SAMBAS[variant]
        found = hosts[address]["smb"]
        equal((hosts[address]["verdict"], found["result"], found["reason"]), ("unknown", "unknown", reason), variant)
        equal(said[address], words, f"words of {variant}")
        equal(found["computer"], "RIGSAMBA", f"the name of {variant}")
        holds("os" in found, f"{variant} tells no system")
        clock, asked = (datetime.fromisoformat(found[name].rstrip("Z")) for name in ("time", "asked"))
        holds(abs((clock - asked).total_seconds()) < CLOCK_SECONDS, f"the clock of {variant} is {clock}, not {asked}")
    return None
