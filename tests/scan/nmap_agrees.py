"""The real nmap and wormsign ask the same hosts, all variants of the rig at once, and are compared port
by port; and docs/nmap.md says of the differences what words.py says.

nmap needs half a minute, so it runs beside the other checks. It asks on the ports of its own week;
wormsign asks with --week-slack, so that all that nmap may ask is among its ports, whenever it is."""
import json
import re
import shutil
import subprocess
import tempfile
import time
import xml.etree.ElementTree
from pathlib import Path

import p2p
import words
from checking import check_once, equal, holds
from scanning import ROOT

NMAP_SECONDS = 120
NMAP = ["-n", "-Pn", "-v", "-p", "T:445", "--script", "p2p-conficker", "--script-args", "checkconficker=1",
        "--min-hostgroup", "64", "--min-parallelism", "64"]
LINE = re.compile(r"\s*Check \d+ \(port (\d+)/(tcp|udp)\): (INFECTED|CLEAN) \((.*)\)")
PAGE = ROOT / "docs" / "nmap.md"
ROW = re.compile(r"\| `([a-z-]+)` \| (.+) \|")


class Asked:
    """What one of the two said of a host: {(transport, port): (is it infected, words)}."""

    def __init__(self, ports, fixed):
        self.ports, self.fixed = ports, fixed

    def infected_of_a_week(self):
        return {at for at, (is_infected, _) in self.ports.items() if is_infected and at not in self.fixed}


def fixed_ports(address):
    tcp, udp = p2p.predicted(address, 0)
    return {("tcp", tcp[0]), ("udp", udp[0])}


def said_by_nmap(path):
    """{address: Asked}; every host must be there, with a line a port."""
    found = {}
    for host in xml.etree.ElementTree.parse(path).iter("host"):
        address, script = host.find("address").get("addr"), host.find(".//script[@id='p2p-conficker']")
        holds(script is not None, f"nmap says nothing of {address}")
        lines = [LINE.fullmatch(line) for line in script.get("output").splitlines()]
        found[address] = Asked({(m[2], int(m[1])): (m[3] == "INFECTED", m[4]) for m in lines if m},
                               fixed_ports(address))
    return found


def said_by_wormsign(done):
    return {address: Asked({(c["proto"], c["port"]): (c["result"] == "infected", c["reason"])
                            for c in line["checks"]}, fixed_ports(address))
            for address, line in done.hosts.items()}


def where_readings_differ(p):
    """A loopback address whose ports of this week are others by SRI's reading, of our own where we can."""
    for second in range(p.second_octet, 252):
        done = p.run(f"127.{second}.0.0/16", "--json", "-q", "--week", str(p.week), verb="ports").ends(0)
        for line in done.out.splitlines():
            if '"sri"' in line:
                return json.loads(line)["address"]
    raise AssertionError("no address with two readings")


class Comparison:
    """Both programs' words of the same hosts, taken once, for all checks below."""

    def __init__(self, p):
        self.week = p.week
        variants = [v for v in all_variants(p) if v != "sri"]
        rig, self.played = p.play(*variants)
        self.played["sri"] = where_readings_differ(p)
        rig.roles[self.played["sri"]] = "sri"
        with rig, tempfile.TemporaryDirectory() as folder:
            self.ask(p, Path(folder) / "nmap.xml")
        self.is_one_week = p2p.week_of(int(time.time())) == self.week

    def ask(self, p, path):
        addresses = list(self.played.values())
        with subprocess.Popen(["nmap", *NMAP, "-oX", str(path), *addresses], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as nmap:
            try:
                self.ours = said_by_wormsign(p.json("--week-slack", *addresses).ends(1))
                _, err = nmap.communicate(timeout=NMAP_SECONDS)
            except BaseException:
                nmap.kill()
                raise
        equal(nmap.returncode, 0, f"exit code of nmap ({err[-300:]})")
        self.nmaps = said_by_nmap(path)
        equal(sorted(self.nmaps), sorted(addresses), "hosts that nmap tells of")

    def each(self):
        for variant, address in self.played.items():
            yield variant, address, self.nmaps[address], self.ours[address]


def all_variants(p):
    done = subprocess.run([p.responder, "--list"], capture_output=True, text=True, timeout=60, check=True)
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def says_what_the_spec_says(c):
    wrong = []
    for variant, address, nmap, _ in c.each():
        for (transport, port), (is_infected, reason) in nmap.ports.items():
            allowed = words.wanted(words.NMAP, variant, address, transport, port, c.week)
            if variant == "sri" and (transport, port) not in nmap.fixed:
                continue
            if reason not in allowed or is_infected != (reason == words.VALID):
                wrong.append(f"{variant} {port}/{transport}: {reason}")
    equal(wrong, [], "what nmap says otherwise")


def asks_no_port_that_we_leave_out(c):
    for variant, address, nmap, ours in c.each():
        equal(sorted(set(nmap.ports) - set(ours.ports)), [], f"what only nmap asks of {variant}")
        holds(3 <= len(nmap.ports) <= 4, f"nmap asks {variant} on {len(nmap.ports)} ports")


def differs(variant, nmap, ours):
    both = set(nmap.ports) & set(ours.ports)
    if variant in words.BY_CHANCE:
        return any(nmap.ports[at][0] != ours.ports[at][0] for at in both)
    if any(nmap.ports[at] != ours.ports[at] for at in both):
        return True
    return bool(ours.infected_of_a_week()) and not nmap.infected_of_a_week()


def differ_where_it_is_written(c):
    found = {variant for variant, _, nmap, ours in c.each() if differs(variant, nmap, ours)}
    wanted = set(words.DIFFERENCES)
    if not c.is_one_week:  # Monday passed meanwhile: which week nmap took is not known
        found, wanted = (each - {"last-week", "next-week", "sri"} for each in (found, wanted))
    equal(sorted(found - wanted), [], "what differs and is not written")
    equal(sorted(wanted - found), [], "what is written and does not differ")


@check_once
def nmap_and_wormsign_agree_but_where_it_is_written(p):
    if not shutil.which("nmap"):
        return "nmap is not installed"
    compared, wrong = Comparison(p), []
    for part in (says_what_the_spec_says, asks_no_port_that_we_leave_out, differ_where_it_is_written):
        try:
            part(compared)
        except AssertionError as error:
            wrong.append(f"{part.__name__}: {error}")
    equal(wrong, [], "what does not hold")
    return None


@check_once
def the_page_of_the_differences_is_the_table_of_the_test(_):
    rows = [match.groups() for match in map(ROW.fullmatch, PAGE.read_text(encoding="utf-8").splitlines()) if match]
    equal(rows, [(variant, why + ".") for variant, why in words.DIFFERENCES.items()], "docs/nmap.md")
