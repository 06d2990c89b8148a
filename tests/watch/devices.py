"""Interfaces of a network namespace that is made here, by which packets of the sample pass: what is told
is what a hunt tells of the same packets, recorded beside; and what becomes of a watch whose interface
goes away, whose filter hides something, who is too slow, or who may not look."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import nullcontext
from pathlib import Path

from checking import check, equal, holds
from inside_devices import FRAGMENTED, PARTING
from watching import ROOT, Done

SECONDS = 60
INSIDE = Path(__file__).resolve().parent / "inside_devices.py"
# Whose verdict does not rest on names of a day, for the packets are seen today.
PROVEN = {"10.9.3.33", "10.9.4.44"}
FETCHER = ("10.9.2.57", "unknown")  # of what may be the worm
# Of these one at a time: what they send fills a queue of the kernel's that all interfaces share.
FLOODS, FLOODING = {"stopped", "behind"}, threading.Lock()
# tcpdump lets go of what root may, which only the true one can.
NAMESPACE = ["unshare", "-n" if os.geteuid() == 0 else "-rn", "--pid", "--fork", "--kill-child", "--mount-proc"]


class Lacks(Exception):
    """Something that the check needs is not here: why."""


def lacking(function):
    def checked(p):
        try:
            return function(p)
        except Lacks as reason:
            return str(reason)

    checked.__name__ = function.__name__
    checked.__module__ = function.__module__
    return checked


def watched(p, scene, *arguments):
    """(Done of the watch, the folder's files by name) of a scene of inside_devices.py."""
    if subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode != 0:
        raise Lacks("no network namespace can be made here")
    with FLOODING if scene in FLOODS else nullcontext(), tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([*NAMESPACE, sys.executable, str(INSIDE), scene,
                               p.path, str(ROOT / "samples" / "outbreak.pcap.gz"), folder, *arguments],
                              capture_output=True, text=True, timeout=SECONDS, check=False)
        recorded = Path(folder, "recorded.pcap")
        hunted = p.hunt(recorded) if recorded.exists() else None
    return Done(done.returncode, done.stdout, done.stderr), hunted


def infected_of(done):
    return {line["host"] for line in done.lines if line.get("verdict") == "infected" and line["home"]}


@check
@lacking
def what_passes_is_judged_as_if_it_were_recorded(p):
    if shutil.which("tcpdump") is None or os.geteuid() != 0:
        raise Lacks("tcpdump is not installed, or this is not root")
    done, hunted = watched(p, "recorded")
    done.ends(1).holds_the_schema().says("there: listening")
    equal(len(done.hosts), len(set(done.hosts)), "hosts and verdicts, and how many of them are different")
    last = dict(done.hosts)
    equal({h: v for h, v in last.items() if v == "infected"},
          {h: v for h, v in hunted.hosts if v == "infected"}, "who is infected, against a hunt")
    holds(set(last) >= {h for h, v in hunted.hosts if v == "suspicious"}, f"{last} against {hunted.hosts}")
    holds(PROVEN <= infected_of(done), f"infected are {sorted(infected_of(done))}")
    equal([host for host in done.hosts if host[1] == "unknown"], [FETCHER], "told at the end though never judged")
    one = done.summary["inputs"][0]
    equal((done.summary["complete"], one["name"], one["format"]), (True, "there", "pcap"), "summary")
    equal(one["records"], hunted.summary["inputs"][0]["records"], "packets, against tcpdump")


@check
@lacking
def what_comes_with_the_last_fragment_of_a_packet_is_judged_with_it(p):
    done, _ = watched(p, "fragmented")
    equal(done.ends(0).summary["inputs"][0]["records"], FRAGMENTED, "packets")


@check
@lacking
def all_interfaces_are_watched_as_any(p):
    done, _ = watched(p, "plain", "-i", "any")
    holds(PROVEN <= infected_of(done.ends(1)), f"infected are {sorted(infected_of(done))}")
    done.says("any: listening; not in promiscuous mode")


@check
def an_interface_is_watched_once(p):
    p.run("-i", "lo", "-i", "lo").ends(2).says("-i lo is there twice")
    p.run("-i", "lo", "-i", "any").ends(2).says("-i any is all interfaces")


@check
@lacking
def two_interfaces_are_two_inputs(p):
    done, _ = watched(p, "plain", "-i", "there", "-i", "other")
    done.ends(1).holds_the_schema()
    equal([(one["name"], one["records"] > 0) for one in done.summary["inputs"]],
          [("there", True), ("other", False)], "inputs")
    done.says("other: not one packet was seen")
    holds("there: not one" not in done.err, done.err)
    equal([d[:22] for d in done.damage], ["not one packet was see"], "what lacks")
    equal(done.summary["complete"], False, "that it was whole")


@check
@lacking
def a_filter_hides_what_it_does_not_name(p):
    done, _ = watched(p, "plain", "-i", "there", "-", "udp", "port", "53")
    done.ends(0).holds_the_schema()
    holds(0 < done.summary["inputs"][0]["records"] < 8000, f"{done.summary['inputs']}")
    equal((infected_of(done), done.summary["filter"]), (set(), "udp port 53"), "infected, and the filter")


@check
@lacking
def an_interface_that_goes_away_is_opened_again_when_it_is_back(p):
    done, _ = watched(p, "gone")
    done.ends(1).holds_the_schema().says("the next attempt is in 1 s", "listening again")
    holds(PROVEN <= infected_of(done), f"infected are {sorted(infected_of(done))}")
    equal(done.summary["complete"], False, "complete")
    holds(done.damage, "the loss is no damage")


@check
@lacking
def what_passes_just_before_an_interface_goes_away_is_judged(p):
    done, _ = watched(p, "parting")
    done.ends(1).says("disappeared; the next attempt is in 1 s")
    equal(done.summary["inputs"][0]["records"], PARTING, "packets")


@check
@lacking
def what_passes_just_before_the_end_is_judged(p):
    done, _ = watched(p, "hasty")
    equal(done.ends(1).summary["inputs"][0]["records"], PARTING, "packets")


@check
@lacking
def what_is_said_to_a_slow_reader_is_whole_though_it_is_told_to_end(p):
    done, _ = watched(p, "unread")
    done.ends(1).holds_the_schema()
    holds(PROVEN <= infected_of(done), f"infected are {sorted(infected_of(done))}")


@check
@lacking
def the_end_of_a_session_ends_it_with_its_summary(p):
    done, _ = watched(p, "hung_up")
    equal(done.ends(3).summary["type"], "summary", "what is said last")


@check
@lacking
def what_passes_an_interface_that_was_down_for_a_moment_is_seen(p):
    done, _ = watched(p, "blinking")
    holds(PROVEN <= infected_of(done.ends(1)), f"infected are {sorted(infected_of(done))}")


@check
@lacking
def an_interface_that_stays_away_is_given_up_where_that_is_wished(p):
    done, _ = watched(p, "away", "--retries", "2")
    done.ends(3).holds_the_schema().says("the next attempt is in 1 s", "there is no such interface", "given up")
    equal(done.summary["complete"], False, "complete")


@check
@lacking
def packets_that_come_too_fast_are_counted_as_lost(p):
    done, _ = watched(p, "stopped")
    done.ends(3).holds_the_schema().says("packets come faster than they can be judged, and are lost")
    equal(done.summary["complete"], False, "complete")
    holds(any("lost, as more came than could be judged" in d for d in done.damage), f"{done.damage}")


@check
@lacking
def what_had_come_before_it_was_asked_to_end_is_judged(p):
    done, _ = watched(p, "behind")
    done.ends(1).holds_the_schema()
    equal((done.summary["inputs"][0]["records"], done.summary["complete"]), (3 * 20312, True), "packets, complete")


@check
@lacking
def who_may_not_look_is_told_why(p):
    done, _ = watched(p, "powerless")
    done.ends(4).holds_the_schema().says("CAP_NET_RAW", "doctor", "given up")


@check
@lacking
def what_has_no_link_that_is_known_is_not_watched(p):
    done, _ = watched(p, "refused", "-i", "nflog", "--for", "3s")
    if "no such interface" in done.err:
        raise Lacks("libpcap knows no nflog")
    done.ends(4).holds_the_schema().says("nflog: its packets have a link type that is not known here (239); given up")


@check
@lacking
def an_interface_that_is_down_is_said_to_be(p):
    done, _ = watched(p, "down")
    done.ends(4).holds_the_schema().says("it is not up; `ip link set dev IFACE up` mends that; given up")


@check
def an_interface_that_is_not_there_is_told_with_those_that_are(p):
    done = p.run("-i", "nosuch0").ends(4).holds_the_schema()
    done.says("nosuch0: there is no such interface")
    if os.geteuid() == 0:
        done.says("; there are ", "lo")


@check
def a_filter_that_is_wrong_or_of_two_languages_is_refused(p):
    p.run("-i", "lo", "-", "tcp", "portt", "5").ends(2).says("filter: ")
    p.run("-i", "lo", "argus://127.0.0.1", "-", "tcp").ends(2).says("watch them apart")


@check
@lacking
def what_is_watched_is_kept_in_a_store(p):
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder, "kept.db")
        watched(p, "plain", "-i", "there", "--store", str(store))[0].ends(1)
        told = subprocess.run([p.path, "report", "--json", str(store)], capture_output=True, text=True, timeout=SECONDS,
                              check=False)
    equal(told.returncode, 1, f"exit code ({told.stderr[-300:]})")
    infected = {line["host"] for line in map(json.loads, told.stdout.splitlines()) if line.get("verdict") == "infected"}
    holds(PROVEN <= infected, f"infected are {sorted(infected)}")
