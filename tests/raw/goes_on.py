"""A scan that is killed in its middle goes on where it was: nobody is forgotten, nobody asked again beyond
what was under way; and its file is believed only where it is whole and its own."""
import json
import os
import signal
import tempfile
import time
from pathlib import Path

from beyond import Far, SILENT, WIDE, comes_to, needs_nft
from checking import check, check_once, equal, holds
from inside import in_namespace

BATCH_HOSTS = 64
WEEK = ["--checks", "p2p", "--week", "2967"]
COUNTS = f"""
table ip counts {{
    set asked {{ type ipv4_addr . inet_proto . inet_service; size 65535; flags dynamic; counter; }}
    chain before {{
        type filter hook prerouting priority raw;
        ip daddr {SILENT} update @asked {{ ip daddr . ip protocol . th dport }}
    }}
}}
"""


def asked(far):
    """{host: [how often each of its ports was asked]}"""
    hosts = {}
    for each in far.listing():
        for element in each.get("set", {}).get("elem", []):
            host = element["elem"]["val"]["concat"][0]
            hosts.setdefault(host, []).append(element["elem"]["counter"]["packets"])
    return hosts


def killed(p):
    needs_nft()
    with Far() as far, tempfile.TemporaryDirectory() as folder:
        far.nft(COUNTS)
        state = f"{folder}/state"
        child = p.begin("-q", *WEEK, "--max-rate", "15000", "--state", state, "--exclude", "10.9.33.0/24", SILENT)
        comes_to(state, 1000)
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        child.stdout.close()
        child.stderr.close()
        before = len(asked(far))
        holds(900 < before < 3800, f"it was not killed in the middle: {before} hosts were asked")
        done = p.json("--resume", state, "--max-rate", "15000", seconds=60).ends(0)
        times = asked(far)
    holds(not any(host.startswith("10.9.33.") for host in times), "an excluded host was asked")
    equal((len(times), len(done.hosts)), (4096 - 256, 4096 - 256), "hosts that were asked, and that are told of")
    holds(all(min(ports) >= 3 for ports in times.values()), "somebody was forgotten")
    again = [host for host, ports in times.items() if max(ports) > 3]
    holds(len(again) <= BATCH_HOSTS, f"{len(again)} hosts were asked again")
    equal(done.summary["silent_share"], 1.0, "silent")
    equal(done.summary["complete"], True, "complete")


@check
def a_killed_scan_goes_on_and_forgets_nobody(p):
    return in_namespace(p, killed)


def interrupted(p):
    with Far(), tempfile.TemporaryDirectory() as folder:
        state = f"{folder}/state"
        child = p.begin("--json", *WEEK, "--max-rate", "4000", "--state", state, WIDE)
        comes_to(state, 500)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
        equal(child.returncode, 3, "exit code of an interrupted scan")
        holds(f"interrupted; go on with: wormsign scan --resume {state}" in err.decode(), f"stderr: {err}")
        first = out.decode().splitlines()
        holds(100 < len(first) < 4000, f"{len(first)} lines of the first part")
        holds('"type":"summary"' in first[-1] and '"complete":false' in first[-1], "its summary")
        in_use(p, state)
        done = p.json("--resume", state, "--max-rate", "0").ends(0)
        equal((len(done.hosts), done.summary["refused"], done.summary["complete"]), (4096, 4096, True),
              "hosts told of, refused and complete")
        sent = done.summary["sent"]
        holds(4 * 4096 <= sent <= 4 * (4096 + BATCH_HOSTS), f"{sent} packets were sent in both parts")


def in_use(p, state):
    """A second one at the same time; then the first ends by itself."""
    first = p.begin("-q", "--resume", state, "--max-rate", "500")
    time.sleep(0.5)
    second = p.run("--resume", state)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=20)
    equal(second.code, 4, "exit code where another scan has the file")
    holds("another scan has it" in second.err, second.err)


@check
def an_interrupted_scan_tells_what_it_knows_and_goes_on(p):
    return in_namespace(p, interrupted)


def as_fast(p):
    """The rate that the first part was given is the second one's, beyond the 200 packets a second of a /24: by
    these what is left of its 1024 would take four seconds."""
    with Far(), tempfile.TemporaryDirectory() as folder:
        state = f"{folder}/state"
        child = p.begin("-q", *WEEK, "--max-rate", "1000", "--state", state, "10.9.17.0/24")
        comes_to(state, BATCH_HOSTS)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=20)
        equal(child.returncode, 3, "exit code of an interrupted scan")
        done = p.json("--resume", state).ends(0)
    equal(done.summary["complete"], True, "complete")
    holds(done.summary["seconds"] < 3, f"it took {done.summary['seconds']} s")


@check_once
def a_scan_goes_on_as_fast_as_it_began(p):
    return in_namespace(p, as_fast)


def kept(p):
    with Far(), tempfile.TemporaryDirectory() as folder:
        state, store = f"{folder}/state", f"{folder}/store"
        child = p.begin("-q", *WEEK, "--max-rate", "4000", "--state", state, "--store", store, "--site", "north", WIDE)
        comes_to(state, 500)
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=20)
        told = p.run(store, verb="report")
        holds("never done again" in told.out, told.out)
        child = p.begin("-q", "--resume", state, "--max-rate", "500", "--store", store)
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=20)
        equal(p.run("-q", store, verb="report").code, 3, "exit code of a report of two runs that were cut short")
        p.run("-q", "--resume", state, "--max-rate", "0", "--store", store).ends(0)
        told = p.run("--json", store, verb="report")
        summary = json.loads(told.out.splitlines()[-1])
        equal((told.code, summary["complete"]), (0, True), f"exit and complete ({told.out[-600:]})")
        equal((summary["hosts"]["seen"], summary["hosts"].get("seen_is_estimate", False)), (4096, False), "hosts seen")
        text = p.run(store, verb="report").out
        holds("of 4096 addresses seen" in text, text[-800:])
        runs = p.run("--runs", store, verb="report").out
        equal(runs.count("not whole, but done again since"), 2, runs)


@check
def a_scan_that_goes_on_completes_what_a_store_has_of_it(p):
    return in_namespace(p, kept)


def not_believed(p):
    with Far(), tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        p.run("-q", *WEEK, "--max-rate", "0", "--state", str(state), "10.9.2.1-9").ends(0)
        whole = state.read_bytes()
        other = Path(folder) / "other"
        done = p.run(*WEEK, "--state", str(other), "-oJ", f"{folder}/none/here", "10.9.2.1-9").ends(4)
        equal((other.exists(), "cannot open" in done.err), (False, True), "a state file behind outputs that cannot be")
        done = p.run(*WEEK, "--state", str(other), "--store", folder, "10.9.2.1-9").ends(4)
        equal((other.exists(), "is a directory" in done.err), (False, True), "a state file behind a store that cannot be")
        once = p.json(*WEEK, "--engine", "raw", "--max-retries", "0", "--max-rate", "0", "10.9.3.7").ends(0)
        equal((once.summary["sent"], once.summary.get("lost_share")), (4, None), "packets without repeats, and what was lost")
        p.is_wrong(*WEEK, "--engine", "raw", "--max-retries", "3", "10.9.3.7", says="above 2 is kept through sockets")
        p.is_wrong(*WEEK, "--engine", "raw", "--host-timeout", "9s", "10.9.3.7", says="none has a time of its own")
        again = p.run(*WEEK, "--state", str(state), "10.9.2.1-9").ends(4)
        holds("--resume goes on" in again.err, again.err)
        equal(state.read_bytes(), whole, "the file after that")
        for name, content, says in (
                ("cut", whole[:-1], "it is cut"), ("short", whole[:100], "no state of a scan"),
                ("empty", b"", "no state of a scan"), ("foreign", b"x" * 9000, "no state of a scan"),
                ("other", whole[:130] + bytes([whole[130] ^ 1]) + whole[131:], "it is damaged"),
                ("newer", whole[:16] + b"\x09" + whole[17:], "version 9")):
            path = Path(folder) / name
            path.write_bytes(content)
            done = p.run("--resume", str(path)).ends(4)
            holds(says in done.err and done.out == "", f"{name}: {done.err!r} does not say {says!r}")
            equal(path.read_bytes(), content, f"the file {name} after that")
        p.run("--resume", f"{folder}/none").ends(4)
        p.is_wrong("--resume", str(state), "10.9.2.1", says="those of the file")
        p.json("--resume", str(state)).ends(0)
        full(p)


def full(p):
    """A disk without room is found out before anything is sent."""
    if not os.path.exists("/dev/full"):
        return
    with tempfile.TemporaryDirectory() as folder:
        from beyond import command
        command("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder)
        try:
            done = p.run(*WEEK, "--state", f"{folder}/state", "10.9.16.0/20").ends(4)
            holds("no room for its" in done.err, done.err)
            equal(os.listdir(folder), [], "what is left of it")
        finally:
            command("umount", folder)


@check
def a_state_file_is_believed_only_where_it_is_whole(p):
    return in_namespace(p, not_believed)
