"""What a scan says: the words of 2009 to the letter, the checks in JSON, the verdicts and exit codes, and
the options that change whom it believes, how fast it asks and where its words go."""
import fcntl
import os
import pty
import re
import select
import struct
import tempfile
import termios
import time
from pathlib import Path

import p2p
import words
from nmap_agrees import all_variants
from rig import Rig
from checking import check, equal, holds

DAY = 86400
CONTRACT = re.compile(r"    (Check|\d+/\d+ checks)")
RATE = 50


def block(address, ports, said, last):
    """The lines of 2009, with one's own line above them."""
    lines = [address, "    Checking for Conficker.C or higher..."]
    lines += [f"    Check {i + 1} (port {port}/{transport}): {words_of}"
              for i, ((transport, port), words_of) in enumerate(zip(ports, said))]
    return "\n".join([*lines, f"    {last}"]) + "\n"


def four_ports(address, week):
    tcp, udp = p2p.predicted(address, week)
    return [("tcp", tcp[0]), ("tcp", tcp[1]), ("udp", udp[0]), ("udp", udp[1])]


CLEAN = "0/4 checks: Host is CLEAN or ports are blocked"
WORDS = {
    "valid": (["INFECTED (Received valid data)"] * 4, "4/4 checks: Host is likely INFECTED"),
    "wrong-checksum": (["CLEAN (Data received, but checksum was invalid (possibly INFECTED))"] * 4, CLEAN),
    "refuses": (["CLEAN (Couldn't connect)"] * 2 + ["CLEAN (Failed to receive data)"] * 2, CLEAN),
    "closes": (["CLEAN (Couldn't connect)"] * 2 + ["CLEAN (Failed to receive data)"] * 2, CLEAN),
    "resets": (["CLEAN (Failed to receive data)"] * 4, CLEAN),
    "one-byte": (["CLEAN (Data too short)"] * 4, CLEAN),
    "silent": (["CLEAN (Timeout)"] * 4, CLEAN),
    "udp-only": (["CLEAN (Couldn't connect)"] * 2 + ["INFECTED (Received valid data)"] * 2,
                 "2/4 checks: Host is likely INFECTED"),
    "one-port": (["INFECTED (Received valid data)", "CLEAN (Couldn't connect)"] +
                 ["CLEAN (Failed to receive data)"] * 2, "1/4 checks: Host is likely INFECTED"),
}
HONEST = {  # what stands below them
    "valid": "  INFECTED, variant D (SRI: C) or E, by proof",
    "wrong-checksum": "  SUSPICIOUS, ",
    "refuses": "  UNKNOWN: all ports refuse: no variant D or E listens; A to C cannot be seen so",
    "closes": "  UNKNOWN: 2 of 4 ports: listening, but no data; 2 of 4 ports: refused",
    "silent": "  UNKNOWN: ",
}


@check
def the_words_of_2009_are_kept_to_the_letter(p):
    rig, played = p.play(*WORDS)
    with rig:
        done = p.run("-v", "--week", str(p.week), *played.values()).ends(1)
    for variant, (said, last) in WORDS.items():
        wanted = block(played[variant], four_ports(played[variant], p.week), said, last)
        holds("\n" + wanted in "\n" + done.out, f"of {variant} it does not say {wanted!r}")
        below = done.out.split(wanted)[1].splitlines()[0]
        holds(below.startswith(HONEST.get(variant, "  ")), f"{variant}: {below!r} stands below")
    summary = done.out[done.out.index("SUMMARY OF scan"):]
    holds("  3 infected and 2 suspicious of 9 hosts asked." in summary and "  4 stay unknown: " in summary, summary)


@check
def every_variant_is_said_to_be_what_it_is_in_json_of_the_schema(p):
    rig, played = p.play(*all_variants(p))
    now = p.week
    with rig:
        done = p.json(*played.values()).ends(1).holds_the_schema()
    hosts, wrong = done.hosts, []
    for variant, address in played.items():
        line = hosts[address]
        if line["verdict"] != words.verdict_of(variant):
            wrong.append(f"{variant} is {line['verdict']}")
        for c in line["checks"]:
            allowed = words.wanted(words.OURS, variant, address, c["proto"], c["port"], now)
            if c["reason"] not in allowed or (c["result"] == "infected") != (c["reason"] == words.VALID):
                wrong.append(f"{variant} {c['port']}/{c['proto']}: {c['result']}, {c['reason']}")
        asked = [(c["proto"], c["port"]) for c in line["checks"]]
        if not set(four_ports(address, now)) <= set(asked) or [t for t, _ in asked] != sorted(t for t, _ in asked):
            wrong.append(f"{variant}: asked on {asked}")
    equal(wrong, [], "what is wrong")
    count = {v: sum(words.verdict_of(name) == v for name in played) for v in ("infected", "suspicious", "unknown")}
    equal({v: done.summary["hosts"][v] for v in count}, count, "the counts of the summary")
    equal((done.summary["complete"], done.summary["targets"], done.summary["asked"]),
          (True, len(played), len(played)), "complete, targets and asked")


@check
def exit_codes_tell_what_was_found(p):
    rig, at = p.play("valid", "refuses", "wrong-checksum", "one-port")
    with rig:
        cases = [
            (["valid"], [], 1), (["one-port"], [], 1), (["refuses"], [], 0), (["wrong-checksum"], [], 0),
            (["valid", "refuses"], [], 1), (["valid", "refuses"], ["--strict"], 1),
            (["refuses"], ["--strict"], 3), (["wrong-checksum"], ["--strict"], 0),
            (["wrong-checksum", "refuses"], ["--strict"], 3),
        ]
        for variants, more, code in cases:
            done = p.json(*more, *[at[v] for v in variants]).ends(code).holds_the_schema()
            equal(done.summary["complete"], True, "complete")


@check
def the_ports_can_be_those_of_another_address(p):
    real, address = "10.20.30.41", p.addresses(1)[0]
    with p.rig({address: "valid"}, real_ip=real):
        week = ["--week", str(p.week)]
        done = p.json("--real-ip", real, *week, address).ends(1)
        equal([(c["proto"], c["port"]) for c in done.hosts[address]["checks"]], four_ports(real, p.week), "asked")
        p.json(*week, address).ends(0)


@check
def a_file_tells_the_real_addresses_of_single_hosts(p):
    listed, other = p.addresses(2)
    reals = {listed: "10.20.30.41", other: "10.20.30.44"}
    with p.rig({listed: "valid"}, real_ip=reals[listed]):
        given = f"# doors of the branch\n{listed} {reals[listed]} # behind NAT\r\n\n{other},{reals[other]}\n"
        done = p.json("--real-ip-file", "-", "--week", str(p.week), listed, other, given=given).ends(1)
        for host, real in reals.items():
            equal([(c["proto"], c["port"]) for c in done.hosts[host]["checks"]], four_ports(real, p.week), f"asked {host}")
        done = p.json("--real-ip-file", "-", "--real-ip", reals[listed], "--week", str(p.week), listed,
                      given=f"{other}\t{reals[other]}").ends(1)
        equal(done.verdicts("infected"), {listed}, "infected where --real-ip holds for whom the file does not list")


@check
def a_week_and_its_slack_choose_the_ports(p):
    wednesday = (p.week + 10) * 7 * DAY + 345600 + 2 * DAY
    week = str(p.week + 10)
    last, now, after = p.addresses(3)
    with Rig({last: "last-week", now: "valid", after: "next-week"}, wednesday):
        def of_week(*more):
            found = p.json("--week", week, *more, last, now, after).ends(1).holds_the_schema().hosts
            return {address: [(c["week"], c["result"]) for c in found[address]["checks"] if c["week"] != "any"]
                    for address in (last, now, after)}

        plain, slack = of_week(), of_week("--week-slack")
    wanted = {last: "last", now: "this", after: "next"}
    for address, name in wanted.items():
        result = "infected" if name == "this" else "refused"
        equal(plain[address], [("this", result)] * 2, f"the checks of {name} week")
        equal({w for w, result in slack[address] if result == "infected"}, {name}, f"with slack, of {name} week")
        equal(sorted(w for w, _ in slack[address]), ["last", "last", "next", "next", "this", "this"], "weeks")


@check
def a_rate_is_kept(p):
    addresses = p.addresses(30)
    done = p.json("--checks", "p2p", "--max-rate", str(RATE), "--week", str(p.week), *addresses).ends(0)
    equal((done.summary["sent"], done.summary["refused"]), (120, 30), "sent and refused")
    least = 120 / RATE - 0.2
    holds(done.summary["seconds"] >= least, f"{done.summary['seconds']} s for 120 at {RATE} a second")
    holds(done.seconds < 4 * least, f"it took {done.seconds:.1f} s")


@check
def a_host_gets_no_more_than_its_time(p):
    rig, at = p.play("silent", "valid", "prefix-huge")
    with rig:
        done = p.json("--host-timeout", "1s", *at.values()).ends(1)
    holds(1 <= done.summary["seconds"] < 3, f"it took {done.summary['seconds']} s")
    equal([done.hosts[at[v]]["verdict"] for v in at], ["unknown", "infected", "suspicious"], "verdicts")


@check
def a_host_that_answers_late_or_only_when_asked_again_is_heard(p):
    rig, at = p.play("slow", "first-lost", "segments")
    with rig:
        done = p.json(*at.values()).ends(1)
        equal(done.verdicts("infected"), set(at.values()), "infected")
        equal({c["result"] for v in at for c in done.hosts[at[v]]["checks"]}, {"infected"}, "results")
        holds(done.summary["lost_share"] > 0, "nothing is said to be lost")
        once = p.json("--max-retries", "0", "--host-timeout", "2s", at["first-lost"]).ends(1)
    equal(sorted({(c["proto"], c["result"]) for c in once.hosts[at["first-lost"]]["checks"]}),
          [("tcp", "infected"), ("udp", "unanswered")], "without a repeat")


@check
def reports_go_to_files_as_well(p):
    rig, at = p.play("valid", "refuses")
    with rig, tempfile.TemporaryDirectory() as folder:
        base = folder + "/today"
        done = p.run("-oN", folder + "/n", "-oJ", folder + "/j", "-oA", base, *at.values()).ends(1)
        texts = [Path(name).read_text(encoding="utf-8") for name in (folder + "/n", base + ".txt")]
        lines = [Path(name).read_text(encoding="utf-8") for name in (folder + "/j", base + ".jsonl")]
        equal((texts[0], texts[1], lines[0]), (done.out, done.out, lines[1]), "the files")
        holds('"type":"summary"' in lines[0].splitlines()[-1], "the last line is no summary")
        full = p.run("-oJ", "/dev/full", at["refuses"]).ends(4)
        holds("cannot write all of the report to /dev/full: No space left" in full.err, full.err)
        p.run("-oN", folder + "/none/x", at["valid"]).ends(4)
        mine = folder + "/list"
        Path(mine).write_text(at["valid"] + "\n", encoding="ascii")
        p.run("-iL", mine, "-oN", mine).ends(4)
        equal(Path(mine).read_text(encoding="ascii"), at["valid"] + "\n", "the list")


@check
def a_full_disk_ends_it_with_4(p):
    rig, at = p.play("valid", "silent", "refuses")
    with rig:
        for more in ([], ["--json"], ["-v"]):
            with open("/dev/full", "wb") as full:
                done = p.run(*more, *at.values(), stdout=full).ends(4)
            holds("cannot write the results to stdout: No space left" in done.err, done.err)
            holds(done.seconds < 12, f"it took {done.seconds:.1f} s")


@check
def a_reader_that_has_gone_ends_it_with_4(p):
    for more in (["--json"], ["-v"]):
        child = p.begin(*more, "--max-rate", "100", "127.252.0.0/20")
        began = time.monotonic()
        child.stdout.readline()
        child.stdout.close()
        err = child.stderr.read().decode()
        equal((child.wait(20), "cannot write" in err), (4, False), f"exit code and complaint ({err})")
        holds(time.monotonic() - began < 10, "it went on without a reader")
        child.stderr.close()


@check
def what_it_talks_of_goes_to_stderr(p):
    rig, at = p.play("silent", "valid")
    with rig:
        done = p.json("--stats-every", "1s", *at.values()).ends(1).holds_the_schema()
        stats = re.findall(r"scan: (\d+\.\d) % of 2 hosts, 1 infected, 0 suspicious, \d+ sent", done.err)
        holds(3 <= len(stats) <= 6, f"{len(stats)} reports in 5 s: {done.err!r}")
        equal(p.json("-q", *at.values()).err, "", "stderr with -q")


def on_terminal(p, columns, *arguments):
    """(what came on a terminal of so many columns, exit code)."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    child = p.begin(*arguments, stdout=slave, stderr=slave, env={**environment, "TERM": "xterm"})
    os.close(slave)
    came, late = b"", time.monotonic() + 30
    while time.monotonic() < late and select.select([master], [], [], late - time.monotonic())[0]:
        try:
            came += os.read(master, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
    os.close(master)
    return came.decode(), child.wait(10)


@check
def a_terminal_shows_progress_and_short_lines(p):
    rig, at = p.play("silent", "valid", "wrong-checksum", "refuses")
    with rig:
        came, code = on_terminal(p, 40, "--week", str(p.week), *at.values())
    equal(code, 1, "exit code")
    holds(re.search(r"\r[^\n]*scan: \d+\.\d %", came), f"no progress in {came[:300]!r}")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", came)
    lines = [line.rsplit("\r", 1)[-1] for line in plain.replace("\r\n", "\n").split("\n")]
    long = [line for line in lines if len(line) > 40 and not CONTRACT.match(line)]
    equal(long, [], "lines of more than 40 columns")
    for variant in ("valid", "refuses"):
        said, last = WORDS[variant]
        wanted = block(at[variant], four_ports(at[variant], p.week), said, last).split("\n", 1)[1]
        holds(wanted in "\n".join(lines), f"of {variant} it does not say {wanted!r}")
    holds("\x1b" not in p.run("--week", str(p.week), at["refuses"]).out, "colour without a terminal")
