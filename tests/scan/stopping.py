"""A scan that is interrupted ends soon, with every line whole, a summary, and the truth about what it left
out."""
import fcntl
import os
import pty
import signal
import termios
import threading
import time

from checking import check, equal, holds
from scanning import Done

SOON_SECONDS = 2
SOON_SANITIZED = 5


def interrupted(p, *arguments, signals=(signal.SIGINT,)):
    """Waits for the first host, then sends the signals to the child."""
    child = p.begin(*arguments)
    killer = threading.Timer(40, child.kill)
    killer.start()
    first = child.stdout.readline()
    began = time.monotonic()
    for number in signals:
        child.send_signal(number)
        time.sleep(0.05)
    out, err = child.communicate(timeout=40)
    killer.cancel()
    taken = time.monotonic() - began
    holds(taken < (SOON_SANITIZED if p.is_sanitized else SOON_SECONDS), f"it went on for {taken:.1f} s")
    return Done(arguments, child.returncode, first + out, err, taken)


def slow_scan(p, first):
    """One host that ends at once, and more that take their time: (rig, options and targets)."""
    addresses = p.addresses(90)
    rig = p.rig({addresses[0]: first, **dict.fromkeys(addresses[1:40], "silent")})
    return rig, addresses, ["--max-rate", "80", *addresses]


@check
def an_interrupt_ends_it_soon_and_says_what_is_missing(p):
    for first, code in (("refuses", 3), ("valid", 1)):
        rig, addresses, arguments = slow_scan(p, first)
        with rig:
            done = interrupted(p, "--json", *arguments).ends(code).holds_the_schema()
        holds(done.out.endswith("\n"), "the last line is not whole")
        summary, verdict = done.summary, "infected" if first == "valid" else "unknown"
        equal((summary["complete"], summary["targets"]), (False, len(addresses)), "complete, and targets")
        equal(done.hosts[addresses[0]]["verdict"], verdict, "who was done before")
        holds(summary["asked"] < len(addresses), "all were asked")
        equal(summary["limits_hit"], [f"the scan was interrupted before its end: {summary['asked']} of {len(addresses)} "
                                      "hosts were asked all that they were to be"], "limits hit")
        holds(done.err.endswith("scan: interrupted\n"), f"stderr ends with {done.err[-200:]!r}")
        results = {c["result"] for c in done.hosts[addresses[0]]["checks"]}
        holds("error" not in results, f"the results of who was done are {results}")
        stopped = [line for line in done.hosts.values() if any(c["result"] == "error" for c in line["checks"])]
        for line in stopped:
            equal({c["reason"] for c in line["checks"] if c["result"] == "error"}, {"stopped before an answer"})
            equal(line["verdict"], "unknown", f"the verdict of {line['host']}")
            holds("answer; stopped" not in line["reason"], line["reason"])


@check
def an_interrupted_text_has_its_summary(p):
    rig, _, arguments = slow_scan(p, "valid")
    with rig:
        done = interrupted(p, *arguments).ends(1)
    for part in ("\nSUMMARY OF scan\n", "  1 infected and ", "INCOMPLETE: not all could be asked, ", "Time taken: "):
        holds(part in done.out, f"{part!r} is not in {done.out[-900:]!r}")
    holds(done.out.endswith(" s.\n") or done.out.endswith("\n\n"), f"it ends with {done.out[-80:]!r}")


@check
def other_signals_do_the_same(p):
    rig, _, arguments = slow_scan(p, "refuses")
    with rig:
        done = interrupted(p, "--json", *arguments, signals=(signal.SIGTERM,)).ends(3).holds_the_schema()
        equal(done.summary["complete"], False, "complete after SIGTERM")
        done = interrupted(p, "--json", *arguments, signals=(signal.SIGINT, signal.SIGINT)).ends(3)
        equal(done.holds_the_schema().summary["complete"], False, "complete after two at once")


def own_terminal():
    """Of a child: stdin is its controlling terminal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@check
def enter_and_sigusr1_ask_how_far_it_is(p):
    rig, _, arguments = slow_scan(p, "refuses")
    ours, theirs = pty.openpty()
    with rig:
        child = p.begin("-q", "--json", *arguments, stdin=theirs, start_new_session=True, preexec_fn=own_terminal)
        killer = threading.Timer(40, child.kill)
        killer.start()
        os.close(theirs)
        child.stdout.readline()
        child.send_signal(signal.SIGUSR1)
        lines = [child.stderr.readline().decode()]
        os.write(ours, b"\n")
        lines.append(child.stderr.readline().decode())
        child.send_signal(signal.SIGINT)
        _, rest = child.communicate(timeout=40)
        killer.cancel()
        os.close(ours)
    for line in lines:
        holds(" % of 90 hosts, 0 infected, 0 suspicious, " in line, line)
    holds(" % of " not in rest.decode(), f"nobody asked again: {rest.decode()}")
