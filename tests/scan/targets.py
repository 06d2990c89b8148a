"""Whom a scan asks: targets as words and in lists, what is left out, and what is refused before anything
is sent. What would be asked is told by --dry-run."""
import os
import signal
import tempfile

from inside import in_namespace
from checking import check, check_once, equal, holds
from scanning import Listener

FORMS = {  # words: ranges
    "10.0.0.1": ["10.0.0.1"],
    "10.0.0.1 10.0.0.1 10.0.0.2": ["10.0.0.1-10.0.0.2"],
    "10.0.0.0/24": ["10.0.0.0-10.0.0.255"],
    "10.0.0.0/31": ["10.0.0.0-10.0.0.1"],
    "10.0.0.7/32": ["10.0.0.7"],
    "10.0.0.10-20": ["10.0.0.10-10.0.0.20"],
    "10.0.0.250-": ["10.0.0.250-10.0.0.255"],
    "10.0.0.-3": ["10.0.0.0-10.0.0.3"],
    "10.0.0.1,3,5-6": ["10.0.0.1", "10.0.0.3", "10.0.0.5-10.0.0.6"],
    "10.0-1.1,5.*": [f"10.{b}.{c}.0-10.{b}.{c}.255" for b in (0, 1) for c in (1, 5)],
    "10.0.0.0/30 10.0.0.2-9": ["10.0.0.0-10.0.0.9"],
    "10.0.0.250-10.0.1.9": ["10.0.0.250-10.0.1.9"],
    "127.0.0.1": ["127.0.0.1"],
    "localhost": ["127.0.0.1"],
    "LocalHost 127.0.0.2": ["127.0.0.1-127.0.0.2"],
}
LISTS = {  # what the list holds: ranges
    "10.0.0.1\n10.0.0.5\n": ["10.0.0.1", "10.0.0.5"],
    "10.0.0.1\r\n10.0.0.5\r\n": ["10.0.0.1", "10.0.0.5"],
    "10.0.0.1 10.0.0.2\t10.0.0.9": ["10.0.0.1-10.0.0.2", "10.0.0.9"],
    "# of ward 3\n\n   \n\t\n10.0.0.1 # the door\n#10.0.0.2\n  # 10.0.0.3\n": ["10.0.0.1"],
    "  10.0.0.0/30\n10.0.0.4-5\n": ["10.0.0.0-10.0.0.5"],
    "\ufeff10.0.0.1\r\n": ["10.0.0.1"],
    "\ufeff# saved by an editor\n10.0.0.1\n": ["10.0.0.1"],
    "localhost\n": ["127.0.0.1"],
    "10.0.0.1 " * 1000 + "\n": ["10.0.0.1"],
}
EXCLUDED = {  # the value of --exclude over 10.0.0.0/28: ranges that stay
    "10.0.0.1": ["10.0.0.0", "10.0.0.2-10.0.0.15"],
    "10.0.0.1,10.0.0.3-4": ["10.0.0.0", "10.0.0.2", "10.0.0.5-10.0.0.15"],
    "10.0.0.1,3,5": ["10.0.0.0", "10.0.0.2", "10.0.0.4", "10.0.0.6-10.0.0.15"],
    "10.0.0.8/29": ["10.0.0.0-10.0.0.7"],
    "10.0.0.0/30,10.0.0.12/30": ["10.0.0.4-10.0.0.11"],
    "10.0.*.1-": ["10.0.0.0"],
    "192.0.2.0/24,localhost": ["10.0.0.0-10.0.0.15"],
}
JUNK = {  # a line of a list: what is said of it
    "10.0.0.300": "'10.0.0.300' is not an IPv4 address",
    "10.0.0": "'10.0.0' is not an IPv4 address",
    "10.0.0.1 10.0.0.2 10.0.0.": "'10.0.0.' is not an IPv4 address",
    "10.0.0.9-1": "'10.0.0.9-1' is not an IPv4 address",
    "10.0.0.1,": "blanks between targets, no commas",
    "10.0.0.0/30,": "blanks between targets, no commas",
    "10.0.0.9-10.0.0.1": "'10.0.0.9-10.0.0.1' ends before it begins",
    "010.0.0.1": "'010.0.0.1': a number with a leading 0",
    "10.0.0.1/33": "'10.0.0.1/33'",
    "10.0.0.1/8": "did you mean 10.0.0.0/8?",
    "2001:db8::1": "looks like IPv6, and the worm knows only IPv4",
    "http://10.0.0.1/": "IPv6",
    "what?": "'what?' is not an IPv4 address",
    "a..b": "'a..b' is not an IPv4 address",
    "-oN": "'-oN' is not an IPv4 address",
    "10.0.0.1\x00": "a NUL",
    "\x1b[2J": r"'\x1b[2J' is not an IPv4 address",
    "1" * 2000: "longer than 1023 bytes",
    "10.0.0.1 " * 8000: "longer than 65536 bytes",
    "\ufeff10.0.0.1": "is not an IPv4 address",
}


def planned(p, *arguments, **more):
    done = p.json("--dry-run", *arguments, **more).ends(0)
    equal(done.err, "", "stderr")
    return done.lines[0]

REAL_JUNK = {  # of --real-ip-file: what is said of it
    "10.0.0.1\n": "stdin, line 1: it is no pair",
    "10.0.0.1 10.0.0.2 10.0.0.3": "line 1: it is no pair",
    "10.0.0.1,10.0.0.2,10.0.0.3": "line 1",
    "\n10.0.0.1 10.0.0.300": "line 2",
    "10.0.0.1 10.0.0.1.": "'10.0.0.1.' is not an IPv4 address; write it as 192.0.2.1\n",
    "10.0.0.1 ::1": "the worm knows only IPv4",
    "10.0.0.1 10.1.1.1\n10.0.0.1 10.1.1.2": "10.0.0.1 has two real addresses",
    "# nothing\n": "- has no line",
}


@check
def every_form_of_a_target_is_understood(p):
    for targets, ranges in FORMS.items():
        equal(planned(p, *targets.split())["ranges"], ranges, targets)


@check
def lists_are_read_as_nmap_reads_them(p):
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/list"
        for text, ranges in LISTS.items():
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            equal(planned(p, "-iL", path)["ranges"], ranges, repr(text[:80]))
            equal(planned(p, "-iL", "-", given=text)["ranges"], ranges, repr(text[:80]) + " on stdin")
        equal(planned(p, "-iL", path, "-iL", "-", "10.9.0.1", given="10.8.0.1")["ranges"],
              ["10.0.0.1", "10.8.0.1", "10.9.0.1"], "two lists and a target")


@check
def what_is_excluded_is_not_asked(p):
    for value, ranges in EXCLUDED.items():
        equal(planned(p, "10.0.0.0/28", "--exclude", value)["ranges"], ranges, value)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("# not these\r\n10.0.0.0/29 10.0.0.9\r\n")
        file.flush()
        got = planned(p, "10.0.0.0/28", "--excludefile", file.name, "--exclude", "10.0.0.15", "--exclude", "10.0.0.14")
        equal((got["ranges"], got["hosts"], got["excluded"]), (["10.0.0.8", "10.0.0.10-10.0.0.13"], 5, 11))
        p.is_wrong("10.0.0.0/29", "--excludefile", file.name, says="no target is left: 8 excluded")
    p.is_wrong("10.0.0.1", "--exclude", "10.0.0.300", says="--exclude: '10.0.0.300' is not")
    p.is_wrong("10.0.0.1", "--exclude", "10.0.0.2,,10.0.0.3", says="--exclude: ")
    p.is_wrong("10.0.0.1", "--excludefile", "-", given="\n10.0.0.300\n", says="stdin, line 2: '10.0.0.300' is not")


@check
def reserved_ranges_are_left_out_unless_they_are_named(p):
    cases = {  # targets: hosts, reserved, never
        "192.0.0.0/8": (2**24 - 512, 512, 0),
        "192.0.2.0/24": (256, 0, 0),
        "192.0.2.9": (1, 0, 0),
        "127.0.0.0/30": (4, 0, 0),
        "126.0.0.0/7": (2**24, 2**24, 0),
        "169.254.7.0/24": (256, 0, 0),
        "169.0.0.0/8": (2**24 - 65536, 65536, 0),
        "198.0.0.0/8": (2**24 - 131072 - 256, 131072 + 256, 0),
        "224.0.0.1 10.0.0.1": (1, 0, 1),
        "255.255.255.255 10.0.0.1": (1, 0, 1),
        "0.0.0.0 10.0.0.1": (1, 0, 1),
        "223.255.255.255-224.0.0.1": (1, 0, 2),
    }
    for targets, counts in cases.items():
        got = planned(p, "--yes", *targets.split())
        equal((got["hosts"], got["reserved"], got["never"]), counts, targets)
    p.is_wrong("224.0.0.1", "239.0.0.0/24", says="no target is left: 0 excluded, 0 reserved, 257 multicast")


@check
def a_line_that_is_wrong_is_named_and_nothing_is_sent(p):
    with Listener(p) as host, tempfile.TemporaryDirectory() as folder:
        path = folder + "/list"
        for junk, says in JUNK.items():
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(f"{host.address}\n{junk}\n{host.address}\n")
            done = p.is_wrong("--week", str(p.week), "-iL", path, says=[f"{path}, line 2: ", says])
            holds("\x1b" not in done.err, "an escape sequence came through")
        many = f"{host.address}\n" + "nobody?\n" * 1000
        done = p.run("-iL", "-", "--week", str(p.week), given=many).ends(2)
        holds("stdin, line 2: " in done.err and "more wrong lines" in done.err, done.err[-300:])
        holds(done.err.count("\n") < 30, f"{done.err.count(chr(10))} lines for 1000 wrong ones")
        for wrong in ("10.0.0.300", "::1", "a..b", ""):
            p.is_wrong("--week", str(p.week), host.address, wrong, says="IPv4")
        equal(host.heard(), 0, "datagrams that were sent all the same")
        p.run("--week", str(p.week), host.address, "--host-timeout", "1s")
        holds(host.heard() > 0, "nothing is heard of a right request either")


@check
def a_list_that_is_missing_ends_with_4_and_nothing_is_sent(p):
    with Listener(p) as host, tempfile.TemporaryDirectory() as folder:
        asked = ["--week", str(p.week), host.address]
        for more in (["-iL", folder + "/none"], ["--excludefile", folder + "/none"], ["-iL", folder],
                     ["-iL", "-", "-iL", folder + "/none"]):
            done = p.run(*asked, *more, given="10.0.0.300" if "-" in more else "").ends(4)
            equal(done.out, "", "stdout")
            holds(folder in done.err, f"{done.err!r} does not name it")
        equal(host.heard(), 0, "datagrams that were sent all the same")


@check
def a_dry_run_sends_nothing_and_tells_the_ports(p):
    with Listener(p) as host:
        week = str(p.week)
        row = p.run("--week", week, host.address, verb="ports").out.split()
        ports = f"{host.address}\t{row[2]}/tcp\t{row[4]}/tcp\t{row[3]}/udp\t{row[5]}/udp\t445/tcp\t137/udp\n"
        counted = "1 host would be asked, on 6 ports (3 TCP, 3 UDP):\n"
        # 137 is asked twice, the worm's two UDP ports three times; 445 and 139 are two connections.
        listed = (f"  {host.address}\nThrough sockets, datagrams and connections would be sent as fast as they go:\n"
                  "  7, where every port refuses at once\n  12, where none answers\n"
                  "What follows an answer comes on top: a conversation over SMB.\nNothing was sent.\n")
        equal(p.run("--dry-run", "--week", week, host.address).ends(0).out, counted + listed)
        equal(p.run("--dry-run", "-v", "--week", week, host.address).ends(0).out, ports + counted + listed)
        got = planned(p, "--week", week, host.address)
        equal((got["type"], got["hosts"], got["ports"]), ("dry-run", 1, {"tcp": 3, "udp": 3}), "JSON")
        got = planned(p, "--week", week, "--week-slack", host.address)
        equal(got["ports"], {"tcp": 5, "udp": 5}, "ports with slack")
        for checks, words in (("smb", "1 port (1 TCP, 0 UDP)"), ("p2p,netbios", "5 ports (2 TCP, 3 UDP)")):
            out = p.run("--dry-run", "--checks", checks, "--week", week, host.address).ends(0).out
            holds(f"1 host would be asked, on {words}:" in out, out)
            equal("SMB" in out, checks == "smb", f"a conversation over SMB in {out!r}")
        equal(host.heard(), 0, "datagrams")
    out = p.run("--dry-run", "10.0.0.0-255,2").ends(0).out
    holds("256 hosts would be asked" in out, out)
    out = p.run("--dry-run", "10.0.0-100.1").ends(0).out
    holds("  and others\n" in out, out)
    equal(planned(p, "10.0.0-100.1")["more_ranges"], True)


@check
def a_dry_run_is_the_run_that_would_be(p):
    for part, count in (("1/3", 3), ("3/3", 2)):
        shown = planned(p, "--shard", part, "127.75.0.0/29", "--exclude", "127.75.0.7")
        equal((shown["hosts"], shown["shard"]), (count, part), "hosts of a shard")
    text = p.run("--dry-run", "-v", "--shard", "1/3", "127.75.0.0/29", "--exclude", "127.75.0.7").ends(0).out
    named = {line.split("\t")[0] for line in text.splitlines() if "\t" in line}
    asked = p.json("--shard", "1/3", "127.75.0.0/29", "--exclude", "127.75.0.7").ends(0)
    equal(named, set(asked.hosts), "hosts that are listed, and that are asked")
    for words, says in ((["--shard", "3/2", "127.0.0.1"], "--shard"), (["--shard", "0/2", "127.0.0.1"], "--shard"),
                        (["--shard", "2/2", "127.0.0.1"], "fewer hosts than parts"),
                        (["127.0.0.1", "--exclude", "127.0.0.1"], "no target is left")):
        p.is_wrong("--dry-run", *words, says=says)
    for words in ([], ["-p", "T:50000-50010"], ["--checks", "smb"], ["--checks", "p2p,netbios", "--ping"]):
        words = ["--week", str(p.week), "--max-rate", "200", *words, "127.75.0.0/29"]
        shown, done = planned(p, *words), p.json(*words).ends(0)
        equal((shown["engine"], shown["rate"]), ("socket", 200), "engine and rate")
        sent, seconds = done.summary["sent"], done.summary["seconds"]
        if "--ping" not in words:
            # Others of these checks have servers on loopback, which need not refuse.
            least = shown["least"]
            holds(0 <= sent - least["packets"] <= 4, f"{sent} were sent with {words}, and {least} was said")
            holds(-1.1 < seconds - least["seconds"] < 1.1 or sent > least["packets"], f"{seconds} s, and {least} was said")
        holds(sent <= shown["most"]["packets"], f"{sent} were sent, and {shown['most']} was said to be the most")
    text = p.run("--dry-run", "-T", "2", "-p", "T:50000", "127.75.0.0/24").ends(0).out
    for words in ("at most 400 a second:", "in about", "3 of each host's ports nobody named", "51200-51231"):
        holds(words in text, f"{words!r} is not in {text}")


@check
def more_than_65536_hosts_need_a_yes(p):
    p.is_wrong("10.0.0.0/15", says="these are 131072 hosts; say --yes to ask more than 65536")
    p.is_wrong("10.0.0.0/16", "10.1.0.0", says="65537 hosts")
    p.is_wrong("--dry-run", "10.0.0.0/15", says="these are 131072 hosts")
    equal(planned(p, "--yes", "10.0.0.0/15")["hosts"], 131072, "hosts of a dry run")
    for targets in (["127.252.0.0/16"], ["127.252.0.0/15", "--yes"]):
        child = p.begin("--json", "--max-rate", "20", *targets)
        try:
            holds(child.stdout.readline().startswith(b'{"type":"host"'), "the scan has not begun")
        finally:
            child.send_signal(signal.SIGINT)
            child.communicate(timeout=20)


@check
def no_target_and_wrong_values_are_wrong_requests(p):
    p.is_wrong(says="name a target, or a list of them with -iL FILE")
    p.is_wrong("-iL", os.devnull, says="no target is left")
    p.is_wrong("-n", "localhost", says="'localhost' is a name, and -n forbids")
    p.is_wrong("-n", "-iL", "-", given="10.0.0.1\nlocalhost\n", says="stdin, line 2: 'localhost' is a name")
    p.is_wrong("127.0.0.1", "--exclude", "127.0.0.0/8", says="no target is left: 1 excluded")
    p.is_wrong("127.0.0.1", "--real-ip", "::1", says="--real-ip is IPv6, and the worm knows only IPv4")
    p.is_wrong("127.0.0.1", "--real-ip", "junk", says="--real-ip")
    for line, says in REAL_JUNK.items():
        p.is_wrong("127.0.0.1", "--real-ip-file", "-", given=line, says=says)
    p.is_wrong("127.0.0.1", "--resume", "f", "--real-ip-file", "f", says="--resume")
    p.is_wrong("127.0.0.1", "--week", "4294967296", says="from 0 to 4294967295")
    p.is_wrong("127.0.0.1", "--max-rate", "-1", says="--max-rate")
    p.is_wrong("127.0.0.1", "--max-retries", "11", says="from 0 to 10")
    p.is_wrong("127.0.0.1", "--host-timeout", "soon", says="--host-timeout")
    p.is_wrong("127.0.0.1", "--dryrun", says="did you mean --dry-run?")


@check
def a_host_is_reported_by_the_name_it_was_given_by(p):
    done = p.json("localhost", "127.0.0.2", "--host-timeout", "5s").ends(0)
    equal({host: line["names"] for host, line in done.hosts.items()}, {"127.0.0.1": ["localhost"], "127.0.0.2": []})
    holds("127.0.0.1 (localhost)" in p.run("localhost").ends(0).out, "the text does not tell the name")


def inside_without_a_resolver(p):
    p.is_wrong("nobody.example", says="'nobody.example' cannot be looked up: ", seconds=30)
    p.is_wrong("-iL", "-", given="127.0.0.1\nnobody.example # who?\n", seconds=30,
               says="stdin, line 2: 'nobody.example' cannot be looked up: ")
    p.is_wrong("127.0.0.1", "--exclude", "nobody.example", says="'nobody.example' cannot be looked up: ", seconds=30)


@check_once
def a_name_that_nobody_knows_is_an_error_and_nothing_is_sent(p):
    return in_namespace(p, inside_without_a_resolver)
