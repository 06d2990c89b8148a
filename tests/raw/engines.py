"""Both engines say the same of every host."""
import itertools
import shutil
import subprocess
import tempfile

from beyond import Far, command, needs_nft
from checking import check, equal, holds
from inside import in_namespace
from scanning import is_plain


def plain(p, network, count):
    found = [f"{network}.{last}" for last in range(2, 255) if is_plain(f"{network}.{last}", p.week)]
    holds(len(found) >= count, f"{network} has not {count} plain addresses")
    return found[:count]


def told(done):
    """What is said of each host, but for times and sizes."""
    hosts = {}
    for address, line in done.hosts.items():
        # What random bytes are mistaken for is random.
        checks = sorted((c["port"], c["proto"], c["week"], c["result"], c["reason"] if c["result"] != "odd" else "")
                        for c in line.get("checks", []))
        hosts[address] = (line["verdict"], line["variants"], checks, sorted(s["sign"] for s in line["signs"]))
    return hosts


def same(raw, sockets):
    a, b = told(raw), told(sockets)
    equal(sorted(a), sorted(b), "hosts told of by raw")
    different = [f"{host}: raw {a[host]}, sockets {b[host]}" for host in a if a[host] != b[host]]
    equal(different, [], "hosts of which the engines do not say the same")


def variants(p):
    listed = subprocess.run([p.responder, "--list"], capture_output=True, text=True, timeout=20, check=True)
    return [line.split()[0] for line in listed.stdout.splitlines()]


def all_variants(p):
    names = variants(p)
    played = dict(zip(plain(p, "10.9.2", len(names)), names))
    with Far() as far, tempfile.TemporaryDirectory() as folder:
        role = next(a for a, v in played.items() if v == "other-host").rsplit(".", 1)
        played.pop(f"{role[0]}.{int(role[1]) + 1}", None)  # the host that answers for another one
        with far.play(p, folder, played):
            scans = {engine: p.json("--engine", engine, "--checks", "p2p", "--max-rate", "20000", *options,
                                    *played, "10.9.3.7", seconds=90)
                     for engine, options in (("raw", []), ("socket", []))}
    same(scans["raw"], scans["socket"])
    holds("asked by packets of our own" in scans["raw"].err, f"raw was not raw: {scans['raw'].err[-300:]}")
    holds(len(scans["raw"].verdicts("infected")) > 15, "few were infected")
    equal(scans["raw"].code, 1, "exit code")
    scans["raw"].holds_the_schema()


@check
def both_engines_say_the_same_of_every_variant(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, all_variants)


def smb_and_netbios(p):
    from rig import built
    hosts = {"10.9.2.20": "infected-abc", "10.9.2.21": "patched", "10.9.2.22": "only-139", "10.9.2.23": "infected-de"}
    with Far() as far, tempfile.TemporaryDirectory() as folder:
        listing = f"{folder}/hosts"
        with open(listing, "w", encoding="ascii") as out:
            out.write("".join(f"{a}={v}\n" for a, v in hosts.items()))
        server = subprocess.Popen(["nsenter", "-t", str(far.child.pid), "-n", built("smb_server"), "--any", "@" + listing],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            holds(server.stdout.readline().startswith(b"ready"), "the server did not start")
            scans = [p.json("--engine", engine, "--max-rate", "20000", *hosts, "10.9.2.30", "10.9.3.8", seconds=90)
                     for engine in ("raw", "socket")]
            named = [p.json("--engine", engine, "--max-rate", "20000", "-p", "50000-50030", *hosts, "10.9.2.30",
                            seconds=90) for engine in ("raw", "socket")]
        finally:
            server.stdin.close()
            server.wait(20)
    same(*scans)
    same(*named)
    equal(named[0].verdicts("infected"), scans[0].verdicts("infected"), "infected where ports are named as well")
    equal(scans[0].verdicts("infected"), {"10.9.2.20", "10.9.2.22", "10.9.2.23"}, "infected")
    equal(scans[0].verdicts("clean"), {"10.9.2.21"}, "clean")
    for host in [*hosts, "10.9.2.30", "10.9.3.8"]:
        raw, sockets = (dict(s.hosts[host].get("smb", {})) for s in scans)
        for each in (raw, sockets):
            for moment in ("time", "asked"):
                each.pop(moment, None)
        equal(raw, sockets, f"what is told of SMB on {host}")


@check
def whoever_opens_smb_is_asked_in_full(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, smb_and_netbios)


def many_infected(p):
    """All infected hosts of a /20 at 1 %, with the ports of a week of one's choice: four a host."""
    week = 2967
    infected = plain(p, "10.9.18", 10) + plain(p, "10.9.27", 21) + plain(p, "10.9.30", 10)
    with Far() as far, tempfile.TemporaryDirectory() as folder, far.infected(p, folder, infected, week):
        done = p.json("--checks", "p2p", "--week", str(week), "--max-rate", "0", "10.9.16.0/20", seconds=90)
    equal(done.verdicts("infected"), set(infected), "infected hosts")
    equal((done.summary["targets"], done.summary["asked"], done.summary["complete"]), (4096, 4096, True),
          "targets, asked, complete")
    holds("asked by packets of our own" in done.err, "a /20 is not asked by raw by itself")
    refused = [c["result"] for line in itertools.islice(done.hosts.values(), 50) for c in line["checks"]]
    holds("refused" in refused, "nobody refused")


@check
def all_infected_hosts_of_a_network_are_found(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, many_infected)


def gates(p):
    """Of 10.9.2.0/24 hosts that refuse, of 10.9.3.0/24 silent ones."""
    with Far() as far:
        hosts = ["10.9.2.40-43", "10.9.3.7-9"]
        for gate in ("--ping", "--windows-only"):
            scans = [p.json("--engine", engine, "--checks", "p2p", "--max-rate", "20000", gate, *hosts, seconds=90)
                     for engine in ("raw", "socket")]
            for each in scans:
                each.ends(0).holds_the_schema()
                asked = {host for host, line in each.hosts.items() if "checks" in line}
                equal(sorted(asked), [f"10.9.2.{n}" for n in range(40, 44)] if gate == "--ping" else [], f"{gate}: asked")
                equal(len(each.hosts), 7, f"{gate}: hosts told of")
                for host, line in each.hosts.items():
                    holds(host in asked or gate in line["reason"], f"{gate}: {host}: {line['reason']}")
            same_but_checks(*scans)


ONLY_ECHOES = """
table ip echoes {
    chain before {
        type filter hook prerouting priority raw;
        ip daddr 10.9.2.60-10.9.2.61 meta l4proto { tcp, udp } drop
    }
}
"""


def echoes(p):
    """Of two hosts that answer an ICMP echo and nothing else one is asked where users may send echoes, and both by
    raw whether they may or not; an echo that is refused by a router is none."""
    needs_nft()
    hosts = ["10.9.2.60-61", "10.9.3.7", "10.9.4.5"]
    with Far() as far:
        far.nft(ONLY_ECHOES)
        ask = ["--checks", "p2p", "--max-rate", "20000", "--ping", *hosts]
        raw = p.json("--engine", "raw", *ask, seconds=90).ends(0).holds_the_schema()
        command("sh", "-c", "echo '0 0' > /proc/sys/net/ipv4/ping_group_range")
        sockets = p.json("--engine", "socket", *ask, seconds=90).ends(0)
        again = p.json("--engine", "raw", *ask, seconds=90).ends(0)
    for each in (raw, sockets, again):
        asked = {host for host, line in each.hosts.items() if "checks" in line}
        equal(asked, {"10.9.2.60", "10.9.2.61"}, "asked")
        holds("did not prove" not in each.err, each.err)
    same(raw, sockets)
    same(again, sockets)


@check
def ping_by_raw_asks_who_only_sends_an_echo_back(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, echoes)


def same_but_checks(raw, sockets):
    """Of hosts that are kept out nothing else is told."""
    equal({h: line["verdict"] for h, line in raw.hosts.items()},
          {h: line["verdict"] for h, line in sockets.hosts.items()}, "verdicts")


@check
def both_engines_keep_the_same_hosts_out(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, gates)


def large(p):
    with Far():
        scans = [p.json("--engine", "raw", "--checks", "p2p", "--max-rate", "0", *more, seconds=90)
                 for more in (["10.9.16.0/20"], ["-q", "10.9.16.0/20"], ["10.9.16.0/22"])]
    told = [done.err.count("an intrusion detection will see 10.9.1.1 sweep 4096 hosts by TCP SYN") for done in scans]
    equal(told, [1, 0, 0], "lines that announce a scan of 4096 hosts, with -q, and of 1024")


@check
def a_large_scan_says_what_those_who_watch_the_network_will_see(p):
    if not shutil.which("nsenter"):
        return "nsenter is not installed"
    return in_namespace(p, large)
