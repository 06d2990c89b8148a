"""Hosts that send too much, too long or too often, and more hosts than descriptors: bounded time and
memory, and nobody is lost or called wrong for it."""
import os
import resource
import subprocess
import tempfile
import threading

from checking import check, check_once, equal, holds
from scanning import Done

HEAVY = {"flood": "suspicious", "endless": "suspicious", "prefix-huge": "suspicious", "many": "infected",
         "big": "infected"}
HEAVY_SECONDS = 12
HEAVY_KIB = 100 * 1024
DESCRIPTORS = 64


def run_measured(p, *arguments):
    """(Done, the largest memory of the child in KiB)."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = p.begin(*arguments, stdout=out, stderr=err)
        late = threading.Timer(60, child.kill)
        late.start()
        _, status, usage = os.wait4(child.pid, 0)
        late.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for each in (out, err):
            each.seek(0)
            texts.append(each.read())
        return Done(arguments, child.returncode, *texts, 0), usage.ru_maxrss


@check
def whoever_sends_too_much_costs_bounded_time_and_memory(p):
    networks = [p.play(*HEAVY) for _ in range(3)]
    roles = {a: v for rig, _ in networks for a, v in rig.roles.items()}
    with p.rig(roles):
        done, kib = run_measured(p, "--json", *roles)
    done.ends(1).holds_the_schema()
    equal({a: line["verdict"] for a, line in done.hosts.items()}, {a: HEAVY[v] for a, v in roles.items()}, "verdicts")
    equal((done.summary["complete"], done.summary["limits_hit"]), (True, []), "complete, and limits")
    holds(done.summary["seconds"] < HEAVY_SECONDS, f"it took {done.summary['seconds']} s")
    holds(p.is_sanitized or kib < HEAVY_KIB, f"it took {kib} KiB")


def hundreds(p):
    """(all addresses, the four among them that are infected)."""
    addresses = [a for _ in range(5) for a in p.addresses(100)]
    return addresses, addresses[7::130]


@check_once
def a_few_infected_among_hundreds_that_refuse_are_found_exactly(p):
    addresses, infected = hundreds(p)
    with p.rig(dict.fromkeys(infected, "valid")):
        done = p.json("-iL", "-", given="\n".join(addresses)).ends(1).holds_the_schema()
    equal(done.verdicts("infected"), set(infected), "infected")
    equal(len(done.verdicts("unknown")), len(addresses) - len(infected), "unknown")
    equal((done.summary["refused"], done.summary["complete"]), (len(addresses) - len(infected), True), "refused")


@check_once
def few_descriptors_make_it_slower_and_say_nothing_wrong(p):
    addresses, infected = hundreds(p)
    few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    with p.rig(dict.fromkeys(infected, "valid")):
        done = p.json("-iL", "-", given="\n".join(addresses), preexec_fn=few).ends(1).holds_the_schema()
    equal(done.verdicts("infected"), set(infected), "infected")
    results = {c["result"] for line in done.hosts.values() for c in line["checks"]}
    equal(results, {"infected", "refused"}, "results")
    equal((len(done.hosts), done.summary["complete"]), (len(addresses), True), "hosts, and complete")


@check_once
def descriptors_that_run_out_altogether_are_said(p):
    """None is left for a connection: the ports are not asked, and that is no silence of the hosts."""
    addresses = p.addresses(2)
    none = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))
    done = p.json(*addresses, preexec_fn=none, stdin=subprocess.DEVNULL)
    done.ends(3).holds_the_schema()
    results = {c["result"] for line in done.hosts.values() for c in line["checks"]}
    equal((results, done.summary["complete"]), ({"error"}, False), "results, and complete")
