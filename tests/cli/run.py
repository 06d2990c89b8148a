#!/usr/bin/env python3
"""The command line from outside: runs the program and compares what it says with what it promises.

The program is $WORMSIGN, else build/wormsign; where $WORMSIGN_ASAN is set, every check runs again with
that one, built with sanitizers.

Prints `ok NAME` or `not ok NAME: reason` a check, and a count at the end; ends with 1 on failure.
The vectors are public facts about the worm; nothing here sends anything anywhere.
"""
import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "rig"))
from checking import equal, holds
VECTORS = os.path.join(ROOT, "tests", "vectors")
MAN_PAGE = os.path.join(ROOT, "docs", "wormsign.1")
PROGRAM = os.environ.get("WORMSIGN", os.path.join(ROOT, "build", "wormsign"))
SANITIZED = False  # then memory and time are no measure
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def run(*arguments, stdin="", **more):
    given = stdin if isinstance(stdin, bytes) else stdin.encode()
    done = subprocess.run([PROGRAM, *arguments], input=given, capture_output=True, timeout=300, **more)
    done.out, done.err = done.stdout.decode(), done.stderr.decode()
    return done


def rows(name):
    with open(os.path.join(VECTORS, name), encoding="ascii") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def usage(*arguments, says):
    """A wrong command line: exit code 2, nothing on stdout, one line on stderr that holds the words."""
    done = run(*arguments)
    equal(done.returncode, 2, "exit code of " + " ".join(arguments))
    equal(done.out, "", "stdout")
    equal(done.err.count("\n"), 1, "lines on stderr")
    holds(says in done.err, f"{done.err!r} does not say {says!r}")


# ---- ports ----

@check
def ports_gives_every_row_of_the_vectors():
    table = rows("ports.tsv")
    equal(len(table), 1500, "rows of the vectors")
    done = run("ports", "-q", "-iL", "-", stdin="".join(f"{r['ip']} {r['week']}\n" for r in table))
    wanted = [f"{r['ip']}\t{r['week']}\t{r['tcp1']}\t{r['udp2']}\t{r['tcp3']}\t{r['udp4']}" for r in table]
    equal(done.returncode, 0, "exit code")
    for got, want in zip(done.out.splitlines(), wanted):
        equal(got, want, "row")
    equal(len(done.out.splitlines()), 1500, "rows")


@check
def ports_gives_every_row_as_json_in_the_promised_order():
    table = rows("ports.tsv")
    done = run("ports", "--json", "-iL", "-", stdin="".join(f"{r['ip']}\t{r['week']}\r\n" for r in table))
    for line, r in zip(done.out.splitlines(), table):
        start = (f'{{"type":"ports","schema":1,"address":"{r["ip"]}","week":{r["week"]},'
                 f'"tcp":[{r["tcp1"]},{r["tcp3"]}],"udp":[{r["udp2"]},{r["udp4"]}]')
        holds(line.startswith(start), f"{line} does not start with {start}")
        json.loads(line)
    equal(len(done.out.splitlines()), 1500, "rows")


@check
def ports_says_where_the_other_reading_differs():
    for r in rows("ports-two-readings.tsv"):
        done = run("ports", r["ip"], "--week", r["week"])
        equal(done.out, f"{r['ip']}\t{r['week']}\t{r['tcp1']}\t{r['udp1']}\t{r['tcp2']}\t{r['udp2']}\n")
        cross = [r["cross_" + k] for k in ("tcp1", "udp1", "tcp2", "udp2")]
        holds("note:" in done.err and " ".join(cross) in done.err, f"no note in {done.err!r}")
        got = json.loads(run("ports", "--json", "--week=" + r["week"], r["ip"]).out)
        equal([str(p) for p in got["sri"]["tcp"] + got["sri"]["udp"]],
              [cross[0], cross[2], cross[1], cross[3]], "sri")
        equal(run("ports", "-q", r["ip"], "--week", r["week"]).err, "", "stderr with -q")


@check
def ports_of_a_host_without_difference_has_no_sri_and_no_note():
    done = run("ports", "--json", "--week", "2050", "192.168.1.65")
    equal(done.out, '{"type":"ports","schema":1,"address":"192.168.1.65","week":2050,'
                    '"tcp":[59436,39014],"udp":[43492,27859]}\n')
    done = run("ports", "--week", "2050", "192.168.1.65")
    equal((done.out, done.err), ("192.168.1.65\t2050\t59436\t43492\t39014\t27859\n", ""))


@check
def ports_takes_networks_ranges_and_octet_ranges():
    def addresses(*targets):
        return [line.split("\t")[0] for line in run("ports", "-q", "--week", "1", *targets).out.splitlines()]
    equal(addresses("192.0.2.0/30"), ["192.0.2.%d" % i for i in range(4)])
    equal(addresses("192.0.2.10-20"), ["192.0.2.%d" % i for i in range(10, 21)])
    equal(addresses("10.0-3.1,5.254-"), [f"10.{b}.{c}.{d}" for b in range(4) for c in (1, 5) for d in (254, 255)])
    equal(len(addresses("10.0-3.1,5.*")), 4 * 2 * 256)
    equal(addresses("10.0.0.-2,1-3"), ["10.0.0.%d" % i for i in range(4)])
    equal(addresses("1.2.3.4", "--", "5.6.7.8"), ["1.2.3.4", "5.6.7.8"])
    equal(addresses("255.255.255.255/32"), ["255.255.255.255"])


@check
def ports_has_this_week_by_default_and_the_week_of_a_date():
    week = lambda: int((time.time() - 345600) // 604800)
    before = week()
    got = int(run("ports", "192.0.2.1").out.split("\t")[1])
    holds(before <= got <= week(), f"week {got} is not this week")
    for date, wanted in (("2009-04-20", 2050), ("2009-04-26", 2050), ("2009-04-19", 2049), ("2026-11-16", 2967)):
        equal(int(run("ports", "--date", date, "192.0.2.1").out.split("\t")[1]), wanted, date)


@check
def ports_streams_a_target_that_is_too_large_to_store():
    """All of IPv4, of which the first lines are read under a limit of memory."""
    import resource
    limit = lambda: resource.setrlimit(resource.RLIMIT_DATA, (64 << 20, 64 << 20))
    with subprocess.Popen([PROGRAM, "ports", "-q", "0.0.0.0/0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          preexec_fn=None if SANITIZED else limit) as process:
        lines = [process.stdout.readline() for _ in range(1000)]
        process.stdout.close()
        err = process.stderr.read()
        code = process.wait(60)
    equal(lines[999].split(b"\t")[0], b"0.0.3.231", "address 999")
    equal((code, err), (4, b""), "end after the reader has gone")


@check
def ports_goes_on_behind_a_wrong_line_and_ends_with_3():
    done = run("ports", "-iL", "-", "--week", "2050", stdin="# a comment\n\n192.168.1.65\nnonsense\n10.0.0.1 x\n"
               "10.0.0.1 2967 more\n10.0.0.1 99999999999\n192.168.1.65 2967\n")
    equal(done.returncode, 3, "exit code")
    equal([line.split("\t")[1] for line in done.out.splitlines()], ["2050", "2967"])
    equal(re.findall(r"line (\d+)", done.err), ["4", "5", "6", "7"])


@check
def ports_says_when_a_line_is_too_long_or_binary_and_goes_on():
    done = run("ports", "-iL", "-", "--week", "1", stdin=b"1" * 5000 + b"\n1.2.3.4\0\n\x1b[31m\n1.2.3.4\n")
    equal(done.returncode, 3, "exit code")
    equal(done.out.count("\n"), 1, "good lines")
    holds("longer than" in done.err and "\x1b" not in done.err, "the escape came through, or no word of length")
    equal(done.err.count("\n"), 3, "complaints")


@check
def lists_that_cannot_be_opened_end_with_4_or_3():
    done = run("ports", "-iL", "/nonexistent/list")
    equal((done.returncode, done.err.count("\n")), (4, 1), "exit code and lines")
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("1.2.3.4")
        file.flush()
        done = run("ports", "-iL", "/nonexistent/list", "-iL=" + file.name)
        equal((done.returncode, done.out.count("\n")), (3, 1), "with one good list")
    done = run("ports", "-iL", "/")
    equal((done.returncode, done.err), (4, "wormsign: / is a directory, not a list\n"), "a folder")


@check
def wrong_lines_of_a_list_are_shown_up_to_20_and_counted():
    for wrong, rest in ((20, None), (21, "and 1 more wrong line\n"), (500, "and 480 more wrong lines\n")):
        done = run("ports", "-iL", "-", "--week", "1", stdin="nonsense\n" * wrong + "1.2.3.4\n")
        equal((done.returncode, done.out.count("\n")), (3, 1), "exit code and good lines")
        equal(done.err.count("line"), 20 + (rest is not None), "complaints")
        holds(rest is None or done.err.endswith(f"wormsign: stdin: {rest}"), done.err[-100:])


@check
def ports_before_the_first_week_are_refused():
    usage("ports", "--date", "1969-01-01", "192.0.2.1", says="before 1970-01-05")
    usage("ports", "--date", "1970-01-04", "192.0.2.1", says="before 1970-01-05")
    equal(run("ports", "--date", "1970-01-05", "192.0.2.1").out.split("\t")[1], "0", "week")


@check
def a_list_of_1500_takes_well_under_a_second():
    text = "".join(f"{r['ip']} {r['week']}\n" for r in rows("ports.tsv"))
    start = time.monotonic()
    run("ports", "--json", "-iL", "-", stdin=text)
    seconds = time.monotonic() - start
    holds(seconds < (10 if SANITIZED else 1), f"took {seconds:.2f} s")


# ---- unmask ----

@check
def unmask_finds_the_address_behind_the_nat():
    four = ("--tcp", "59436", "--udp", "43492", "--tcp2", "39014", "--udp2", "27859", "--week", "2050")
    equal(run("unmask", *four, "--within", "192.168.0.0/16").out, "192.168.1.65\n")
    equal(run("unmask", "--tcp=59436", "--udp=43492", "--within", "10.0.0.0/12,192.168.0.0/16",
              "--within", "192.168.1.0/24").out, "192.168.1.65\n", "overlapping networks")
    equal(run("unmask", *four, "--within", "192.168.1.64/31", "--json").out,
          '{"type":"unmask","schema":1,"address":"192.168.1.65"}\n')
    done = run("unmask", *four, "--within", "10.0.0.0/16", "-v")
    equal((done.returncode, done.out), (0, ""))
    holds("0 of 65536 addresses" in done.err, "no count with -v")


@check
def unmask_comes_ascending_and_holds_against_the_generator():
    port = "59436"
    out = run("unmask", "--tcp", port, "--within", "192.168.0.0/16,10.0.0.0/13").out.split()
    numbers = [tuple(map(int, a.split("."))) for a in out]
    holds(len(out) > 3 and numbers == sorted(set(numbers)), "not ascending, or none")
    holds("192.168.1.65" in out, "the host itself is not there")
    for line in run("ports", "-q", "--week", "1", *out).out.splitlines():
        equal(line.split("\t")[2], port, "TCP 1 of " + line)


@check
def unmask_takes_the_other_reading_too():
    for r in rows("ports-two-readings.tsv")[:4]:
        net = r["ip"].rsplit(".", 1)[0] + ".0/24"
        for ports in ("", "cross_"):
            out = run("unmask", *sum((["--" + k.replace("1", ""), r[ports + k]]
                                      for k in ("tcp1", "udp1", "tcp2", "udp2")), []),
                      "--week", r["week"], "--within", net).out
            equal(out, r["ip"] + "\n", ports)


@check
def unmask_refuses_what_cannot_be_answered():
    usage("unmask", says="at least one port")
    usage("unmask", "--tcp", "59436", "10.0.0.0/8", says="'10.0.0.0/8': networks go behind --within")
    usage("unmask", "--week", "2050", says="at least one port")
    usage("unmask", "--tcp", "443", says="no address can own it")
    usage("unmask", "--tcp", "59436", "--udp", "53", says="port 53 is on the worm's black list")
    usage("unmask", "--tcp2", "39014", says="--week N")
    usage("unmask", "--tcp", "59436", "--within", "fd00::/8", says="IPv4")
    usage("unmask", "--tcp", "59436", "--within", "10.0.0.1/8", says="did you mean 10.0.0.0/8?")


@check
def progress_is_drawn_on_a_terminal_only_and_never_into_a_result():
    """Under a pseudo-terminal: each result stands at the start of a line that was cleared."""
    arguments = ["unmask", "--tcp", "59436", "--within", "0.0.0.0/5"]
    ours, theirs = os.openpty()
    with subprocess.Popen([PROGRAM, *arguments], stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        try:
            while part := os.read(ours, 65536):
                seen += part
        except OSError:  # the other end has closed
            pass
    os.close(ours)
    equal(process.returncode, 0, "exit code")
    shown = seen.decode().split("\r\n")
    wanted = run(*arguments)
    # What follows the last clearing may be nothing: the progress was the last thing drawn.
    results = [line.rsplit("\r\x1b[K", 1)[-1] for line in shown]
    equal([line for line in results if line], wanted.out.split(), "results")
    equal(wanted.err, "", "stderr that is no terminal")
    holds("million addresses" in seen.decode(), "no progress")
    holds("million" not in run_on_terminal_quietly(arguments), "progress with -q")


def run_on_terminal_quietly(arguments):
    ours, theirs = os.openpty()
    subprocess.run([PROGRAM, *arguments, "-q"], stdout=subprocess.DEVNULL, stderr=theirs, timeout=300, check=True)
    os.close(theirs)
    try:
        return os.read(ours, 65536).decode()
    except OSError:
        return ""
    finally:
        os.close(ours)


# ---- domains ----

def domain_vectors(name):
    dates = {}
    with open(os.path.join(VECTORS, name), encoding="ascii") as file:
        for line in file:
            if not line.startswith("#"):
                date, index, value = line.rstrip("\n").split("\t")
                dates.setdefault(date, {})[index] = value
    return dates


def list_matches_vectors(name, variants):
    seen = 0
    for date, wanted in domain_vectors(name).items():
        for variant in variants:
            done = run("domains", "--variant", variant, "--date", date)
            names = done.out.splitlines()
            equal(done.returncode, 0, "exit code")
            equal(hashlib.sha256(done.stdout).hexdigest(), wanted["sha256"], f"sha256 of {variant} {date}")
            for index, value in wanted.items():
                if index.isdigit():
                    equal(names[int(index)], value, f"{variant} {date} #{index}")
                    seen += 1
            if "n_unique" in wanted:
                equal(len(set(names)), int(wanted["n_unique"]), "unique names")
    holds(seen >= 1500, f"only {seen} rows were compared")


@check
def domains_of_a_match_every_vector():
    list_matches_vectors("domains-a.tsv", ["A"])


@check
def domains_of_b_and_c_match_every_vector():
    list_matches_vectors("domains-b.tsv", ["B", "C"])


@check
def domains_of_d_and_e_match_every_vector():
    list_matches_vectors("domains-d.tsv", ["D", "E", "sri-c"])


@check
def domains_as_json_say_what_the_list_says():
    plain = run("domains", "--variant", "b", "--date", "2009-01-08").out.splitlines()
    lines = run("domains", "--variant", "b", "--date", "2009-01-08", "--json").out.splitlines()
    equal(lines[24], '{"type":"domain","schema":1,"name":"%s","variants":["B","C"],"date":"2009-01-08",'
                     '"position":24}' % plain[24])
    equal([json.loads(line)["name"] for line in lines], plain)


@check
def domains_check_knows_names_that_were_really_seen():
    """Published sightings: three names of B on 2009-01-08, three on 2009-09-02, weeks of collateral in March 2009."""
    equal(run("domains", "--check", "--date", "2009-01-08", "mphtfrxs.net", "imctaef.cc", "HCWEU.org.", "example.com").out,
          "mphtfrxs.net\tB,C\t2009-01-08\t24\nimctaef.cc\tB,C\t2009-01-08\t26\nHCWEU.org.\tB,C\t2009-01-08\t27\n"
          "example.com\t-\t-\t-\n")
    out = run("domains", "--check", "--since", "2009-08-01", "--until", "2009-10-01", "--variant", "B", "-iL", "-",
              stdin="wllntjmv.org\ntbskpqrsn.org\nmtntdjlfkcv.org\n").out
    equal([line.split("\t")[2:] for line in out.splitlines()],
          [["2009-09-02", "51"], ["2009-09-02", "103"], ["2009-09-02", "183"]])
    out = run("domains", "--check", "--since", "2009-03-01", "--until", "2009-03-31", "--variant", "C",
              "jogli.com", "dssmb.com", "wnsux.com", "tnddb.com", "qhflh.com", "praat.org").out
    equal([line.split("\t")[2] for line in out.splitlines()],
          ["2009-03-08", "2009-03-11", "2009-03-13", "2009-03-14", "2009-03-18", "2009-03-31"])


@check
def domains_check_finds_every_name_of_a_day_of_d():
    names = run("domains", "--variant", "D", "--date", "2009-04-01").out
    done = run("domains", "--check", "--date", "2009-04-01", "--variant", "D", "-iL", "-", stdin=names)
    found = [line.split("\t") for line in done.out.splitlines() if "\t2009-04-01\t" in line]
    equal(len(found), 50000, "names found on their day")
    first = {}
    for index, name in enumerate(names.splitlines()):
        first.setdefault(name, index)
    for name, variants, _, position in found:
        equal((variants, int(position)), ("D,E", first[name]), name)


@check
def domains_check_takes_today_and_its_neighbours_by_default():
    day = lambda offset: time.strftime("%Y-%m-%d", time.gmtime(time.time() + offset * 86400))
    for offset, found in ((-1, True), (0, True), (1, True), (-3, False), (3, False)):
        name = run("domains", "--variant", "A", "--date", day(offset)).out.splitlines()[7]
        equal(run("domains", "--check", "--variant", "A", name).out.startswith(f"{name}\tA\t"), found, f"day {offset}")


@check
def domains_check_covers_a_century_of_lists_a_and_b():
    first = run("domains", "--variant", "A", "--date", "2008-01-01").out.splitlines()[249]
    last = run("domains", "--variant", "B", "--date", "2100-12-31").out.splitlines()[249]
    for extra, name, date in (("A", first, "2008-01-01"), ("B", last, "2100-12-31")):
        done = run("domains", "--check", "--variant", extra, "--since", "2008-01-01", "--until", "2100-12-31", "--json", name)
        holds(date in [json.loads(line).get("date") for line in done.out.splitlines()], f"{name} of {date} not found")


@check
def domains_check_as_json_says_no_variant_for_a_miss():
    equal(run("domains", "--check", "--json", "example.com").out,
          '{"type":"domain","schema":1,"name":"example.com","variants":[]}\n')


@check
def domains_check_escapes_names_and_goes_on_behind_wrong_lines():
    done = run("domains", "--check", "-iL", "-", stdin=b"\x1b[2Jabc.com\ntwo names\n" + b"a" * 300 + b"\nabc.com\n")
    equal(done.out, "abc.com\t-\t-\t-\n")
    equal((done.returncode, re.findall(r"line (\d+)", done.err)), (3, ["1", "2", "3"]), "wrong lines")


@check
def domains_check_says_what_is_wrong_with_what_is_no_bare_name():
    wrong = {"": "is empty", "www.mphtfrxs.net": "a label too many", "http://mphtfrxs.net/": "is a URL",
             "two names": "more than one name", "a..com": "has an empty label", ".com": "has an empty label",
             "\x1b[2J.com": "byte 0x1b at place 1", "mphtfrxs.net:80": "byte 0x3a at place 13"}
    day = ("--check", "--date", "2009-01-08")
    done = run("domains", *day, *wrong, "mphtfrxs.net", "example.co.uk", "wpad.example.info.test")
    equal(done.out, "mphtfrxs.net\tB,C\t2009-01-08\t24\nexample.co.uk\t-\t-\t-\nwpad.example.info.test\t-\t-\t-\n")
    equal((done.returncode, done.err.count("\n")), (3, len(wrong)), "exit code and complaints")
    for line, words in zip(done.err.splitlines(), wrong.values()):
        holds(words in line, f"{line!r} does not say {words!r}")
    holds("check mphtfrxs.net" in done.err, "the name that was meant is not given")


@check
def domains_check_tells_the_days_that_nobody_chose():
    day = lambda offset: time.strftime("%Y-%m-%d", time.gmtime(time.time() + offset * 86400))
    holds(f"note: looked in the lists of {day(-1)} to {day(1)}; " in run("domains", "--check", "a.com").err, "no note")
    for chosen in (("--date", "2009-01-08"), ("--since", day(-1)), ("--until", "2008-02-01"), ("-q",)):
        equal(run("domains", "--check", *chosen, "a.com").err, "", f"stderr with {chosen[0]}")


@check
def domains_refuses_what_cannot_be_answered():
    usage("domains", says="--variant A, B, C, D, E or sri-c")
    usage("domains", "--variant", "F", says="A|B|C|D|E|sri-c")
    usage("domains", "--variant", "A", "--date", "2007-12-31", says="2008-01-01 to 2100-12-31")
    usage("domains", "--variant", "A", "--date", "2101-01-01", says="2008-01-01 to 2100-12-31")
    usage("domains", "--variant", "A", "--date", "2009-02-29", says="is not a date")
    usage("domains", "--variant", "A", "example.com", says="belong to --check")
    usage("domains", "--check", says="needs a name")
    usage("domains", "--check", "--since", "2010-01-01", "--until", "2009-01-01", "a.com", says="later than")
    usage("domains", "--check", "--until", "2200-01-01", "a.com", says="2100-12-31")


# ---- decode ----

FAULTS = {"1": ["key", "8 bytes"], "2": ["flags"], "3": ["address", "unknown0"], "4": ["unknown1"],
          "5": ["header"], "6": ["data"], "7": ["sys"], "8": ["checksum"]}


def sysinfo_wanted(text):
    f = dict(part.split("=") for part in text.split(","))
    major, minor, build = map(int, f["os"].split("."))
    sp = [int(n) for n in f["sp"].split(".")]
    number = lambda key: int(f[key], 16)
    return {"test_flags": number("testflags"), "os_major": major, "os_minor": minor, "os_build": build,
            "sp_major": sp[0], "sp_minor": sp[1], "ntdll": number("ntdll"), "prng_sample": number("prng"),
            "unknown": [number("u%d" % i) for i in range(5)]}


def message_wanted(r):
    flags = int(r["flags"], 16)
    names = ["mode", "local_ack", "is_tcp", "ip", "unknown0", "unknown1", "data", "sysinfo"]
    wanted = {"type": "message", "schema": 1, "proto": r["proto"], "parse": "ok", "key": r["key2"] + r["key1"],
              "flags": flags, "flag_names": [n for i, n in enumerate(names) if flags >> i & 1] +
              ["0x%04x" % (1 << i) for i in range(8, 15) if flags >> i & 1] + (["encoded"] if flags >> 15 else []),
              "sane": bool(flags >> 15) and flags & 0x7f00 == 0 and bool(flags & 4) == (r["proto"] == "tcp")}
    if r["ip_u32le"]:
        wanted["ip"] = ".".join(str(b) for b in int(r["ip_u32le"], 16).to_bytes(4, "little"))
        wanted["port"] = int(r["port"])
    for field in ("unknown0", "unknown1"):
        if r[field]:
            wanted[field] = int(r[field], 16)
    if flags & 0x40:
        wanted["data_flags"] = int(r["data_flags"], 16)
        wanted["data"] = r["data_hex"]
    if r["sysinfo"]:
        wanted["sysinfo"] = sysinfo_wanted(r["sysinfo"])
    wanted["checksum"] = "ok" if r["checksum_ok"] == "1" else "wrong"
    wanted["checksum_value"] = int(r["hash"], 16)
    wanted["noise_length"] = len(r["noise_hex"]) // 2
    if r["proto"] == "tcp":
        wanted["trailing_length"] = 0
    return wanted


@check
def decode_explains_every_packet_of_the_vectors():
    table = rows("packets.tsv")
    equal(len(table), 150, "rows of the vectors")
    done = run("decode", stdin="".join(f"{r['proto']} {r['hex_wire']}\n" for r in table))
    equal((done.returncode, done.err), (0, ""), "exit code and stderr")
    lines = done.out.splitlines()
    equal(len(lines), 150, "lines")
    for r, line in zip(table, lines):
        got = json.loads(line)
        if r["parse_ok"] == "1":
            equal(list(got.items()), list(message_wanted(r).items()), "packet " + r["id"])
            continue
        equal(sorted(got), ["parse", "proto", "schema", "type"], "fields of packet " + r["id"])
        number = re.search(r"\[(\d)\]", r["parse_error"]).group(1)
        holds(any(word.lower() in got["parse"].lower() for word in FAULTS[number]),
              f"packet {r['id']}: {got['parse']!r} is not fault {number}")


@check
def decode_prints_the_contract_to_the_letter():
    equal(run("decode", stdin="udp 0000000000000000018004290000\n").out,
          '{"type":"message","schema":1,"proto":"udp","parse":"ok","key":"0000000000000000","flags":32769,'
          '"flag_names":["mode","encoded"],"sane":true,"checksum":"ok","checksum_value":10500,"noise_length":0}\n')
    out = run("decode", stdin="tcp 0e:00:00 00 00 00 00 00 00 00 05 80 14 29 00 00 ff\n").out
    holds(out.endswith('"noise_length":0,"trailing_length":1}\n'), out)
    equal(json.loads(run("decode", stdin="tcp 0e00000000\n").out)["parse"], "cut: prefix says 14, 3 came")
    equal(json.loads(run("decode", stdin="udp\n").out)["proto"], "udp", "an empty message is one too")


@check
def decode_names_the_lines_that_are_wrong_and_ends_with_3():
    done = run("decode", stdin="icmp 00\nudp 0g\nudp 000\nudp 0000000000000000018004290000\nudp " + "00" * 70000 + "\n")
    equal((done.returncode, done.out.count("\n"), done.err.count("\n")), (3, 1, 4), "what came")
    equal(re.findall(r"line (\d+)", done.err), ["1", "2", "3", "5"])


@check
def decode_reads_files():
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("udp 0000000000000000018004290000\n")
        file.flush()
        equal(run("decode", "-iL", file.name, "-iL", file.name).out.count("\n"), 2)
    usage("decode", "packets.txt", says="-iL FILE")


# ---- explain, list, doctor ----

@check
def explain_tells_all_of_every_sign():
    kinds = [json.loads(line) for line in run("explain", "--json").out.splitlines()]
    equal(len(kinds), 14, "signs")
    for kind in kinds:
        flat = " ".join(run("explain", kind["sign"]).out.split())
        for field in ("sign", "weight", "claim", "meaning", "advice"):
            holds(kind[field] in flat, f"{kind['sign']} lacks its {field}")
    holds(all(kind["sign"] in run("explain").out for kind in kinds), "the list is not whole")
    usage("explain", "p2p-anser", says="did you mean p2p-answer?")


@check
def explain_tells_of_marks_and_verdicts_as_reports_write_them():
    for mark in ("attacked", "fetched", "relay", "scanner", "unpatched"):
        told = json.loads(run("explain", "--json", mark).out)
        equal((told["type"], told["mark"]), ("mark", mark), "what is explained")
        flat = " ".join(run("explain", mark.upper()).out.split())
        holds(told["meaning"] in flat and told["advice"] in flat, f"{mark} lacks its meaning or advice")
    equal(run("explain", "INFECTED").out, run("explain", "infected").out, "in capitals")
    usage("explain", "relais", says="did you mean relay?")


@check
def explain_says_that_every_sign_is_looked_for():
    looked_for = {line.split("\t")[0] for line in run("list", "detectors").out.splitlines()}
    looked_for |= {"p2p-answer", "p2p-odd-answer", "smb-answer"}  # by scan
    for line in run("explain", "--json").out.splitlines():
        kind = json.loads(line)
        equal((kind["looked_for"], kind["sign"] in looked_for), (True, True), kind["sign"])


@check
def no_advice_names_a_verb_that_is_not_there():
    """The advice is followed on a bad day: what it names must work."""
    for page in (run("explain", "--json").out, run("help").out, run("man").out):
        for verb in re.findall(r"'wormsign ([a-z]+)", page):
            holds(verb in VERBS or verb == "man", f"'wormsign {verb}' is named")


@check
def a_report_without_a_store_or_without_runs_is_told_what_lacks():
    usage("report", says="name one store")
    usage("report", "--diff", "kept.db", says="two runs in front of the store, as in --diff last-1..last kept.db")
    usage("report", "--diff", "1..2", says="name one store")


@check
def list_knows_its_tables():
    for name in ("detectors", "probes", "sources", "reports", "fields"):
        done = run("list", name)
        equal(done.returncode, 0, "exit code")
        holds(done.out != "" or f"no {name} yet" in done.err, f"{name}: nothing, and no word of it")
        for line in done.out.splitlines():
            equal(line.count("\t"), 1, "tabs in " + line)
    usage("list", says="detectors, probes, sources, reports or fields")
    usage("list", "detector", says="did you mean detectors?")


@check
def doctor_looks_at_everything_and_mends_what_is_lacking():
    found = {json.loads(line)["check"]: json.loads(line) for line in run("doctor", "--json").out.splitlines()}
    equal(sorted(found), sorted(["wormsign", "libraries", "unpacking", "raw packets", "terminal", "open files",
                                 "memory", "clock", "nmap", "argus", "ra", "smbd", "tshark"]))
    for name, one in found.items():
        equal(one["ok"], "mend" not in one, name)
    bare = run("doctor", env={"PATH": "/nonexistent"})
    equal(bare.returncode, 0, "exit code")
    holds("apt-get install --no-remove nmap" in bare.out, "no command that mends a missing nmap")


# ---- hunt ----

SAMPLE = os.path.join(ROOT, "samples", "outbreak.pcap.gz")


@check
def a_list_of_sites_that_is_not_what_was_meant_stops_a_hunt():
    missing = run("hunt", "--sites", "/nonexistent/list", SAMPLE)
    equal((missing.returncode, missing.out), (4, ""), "a list that is missing")
    holds("cannot open /nonexistent/list" in missing.err, missing.err)
    wrong = run("hunt", "--sites", "-", SAMPLE, stdin=b"good.example\n\0\nbad_\xff.example\n" + b"a" * 2000)
    equal((wrong.returncode, wrong.out), (2, ""), "wrong lines")
    for words in ("line 2: ", "line 3: ", "line 4: longer than 1024 bytes"):
        holds(words in wrong.err, f"{wrong.err!r} does not say {words!r}")
    holds("\xff" not in wrong.err and "\0" not in wrong.err, "foreign bytes on stderr")


@check
def a_list_of_sites_is_held_against_names_and_all_below_them():
    hosts = {}
    for listed in ("net\n# nothing", "# nothing\n", "wdxsxmd.net\n", "MTFTJ.wdxsxmd.net\n"):
        done = run("hunt", "--json", "--sites", "-", SAMPLE, stdin=listed)
        lines = [json.loads(line) for line in done.out.splitlines()]
        hosts[listed] = [line["host"] for line in lines
                         for sign in line.get("signs", []) if sign["sign"] == "known-site"]
    equal(hosts["# nothing\n"], [], "hosts of an empty list")
    equal(hosts["net\n# nothing"], [], "hosts of a wrong list")
    holds("10.9.1.11" in hosts["wdxsxmd.net\n"], "the host that looked the name up is not there")
    equal(hosts["MTFTJ.wdxsxmd.net\n"], [], "hosts of a name below")


# ---- help, options, exit codes ----

VERBS = ["scan", "hunt", "ports", "unmask", "domains", "decode", "explain", "list", "doctor", "help", "completion"]


@check
def no_arguments_show_a_page_and_do_not_look_like_success():
    done = run()
    equal(done.returncode, 2, "exit code")
    for verb in VERBS:
        holds(re.search(rf"^  {verb} ", done.out, re.M), f"{verb} is not on the page")
    equal(run("--help").out, done.out, "--help")
    equal(run("--help").returncode, 0, "exit code of --help")
    equal(run("help").out, done.out, "help")


@check
def every_verb_has_a_page_that_names_its_options():
    for verb in VERBS:
        page = run("help", verb)
        equal(page.returncode, 0, "exit code")
        holds(page.out.startswith(f"usage: wormsign {verb} ") and "--help" in page.out, verb)
        equal(run(verb, "--help").out, page.out, f"{verb} --help")
        equal(run(verb, "--nonsense", "-h").out, page.out, f"{verb} -h beside a wrong option")
        holds(max(map(len, page.out.splitlines())) <= 80, f"a line of {verb} is too long")
        holds("\n\n\n" not in page.out, f"{verb} has two blank lines in a row")
    for option in ("--week N", "--date DATE", "--json", "-iL FILE"):
        holds(f"  {option}" in run("help", "ports").out, f"{option} is not on the page of ports")


@check
def version_is_the_projects():
    holds(re.fullmatch(r"wormsign \d+\.\d+\.\d+\n", run("--version").out), "no version")


@check
def wrong_words_end_with_2_and_the_right_ones():
    usage("prots", says="did you mean ports?")
    usage("nonsense", says="wormsign help")
    usage("--json", says="before the verb")
    usage("help", "prots", says="did you mean ports?")
    usage("ports", "--weak", "3", says="did you mean --week?")
    usage("ports", "-il", "x", says="did you mean -iL?")
    usage("ports", "-x", "1.2.3.4", says="'-x'")
    usage("ports", "--zzzzzzz", says="--help")
    usage("ports", "--week", says="needs a value: --week N")
    usage("ports", "--week=", says="needs a value")
    usage("ports", "--week", "--json", "1.2.3.4", says="is itself an option")
    usage("ports", "--json=yes", "1.2.3.4", says="takes no value")
    usage("ports", "--week", "soon", "1.2.3.4", says="'soon' is not a number from 0 to 4294967295")
    usage("ports", "--week", "-1", "1.2.3.4", says="from 0")
    usage("ports", "--week", "99999999999999999999", "1.2.3.4", says="from 0")
    usage("ports", "--week", "1", "--date", "2009-01-01", "1.2.3.4", says="one of them")
    usage("ports", says="give an address")


@check
def wrong_addresses_are_refused_before_anything_is_printed():
    for wrong in ("1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/", "a.b.c.d", "1.2.3.9-1", "1..2.3",
                  "", "1.2.3.4 ", "1.2.3.,", "1.2.3.1,", "\x1b[2J", "9" * 5000, "4294967297.1.1.1", "-"):
        usage("ports", "192.0.2.1", wrong, says="wormsign help ports")
    usage("ports", "2001:db8::1", says="only IPv4")
    usage("ports", "10.0.0.1/8", says="did you mean 10.0.0.0/8?")
    holds("\x1b" not in run("ports", "\x1b[2J").err, "an escape sequence came through")


@check
def flags_join_and_values_attach():
    plain = run("ports", "--week", "2050", "192.168.1.65").out
    equal(run("ports", "-qv", "--week=2050", "192.168.1.65").out, plain)
    holds("2009-04-20" in run("ports", "-v", "--week=2050", "192.168.1.65").err, "-v does not tell the Monday")


@check
def a_full_disk_ends_with_4_and_a_word():
    for arguments in (["ports", "10.0.0.0/16"], ["ports", "1.2.3.4"], ["domains", "--variant", "D"], ["doctor"],
                      ["domains", "--variant", "D", "--json"], ["explain"], ["--help"], ["--version"],
                      ["unmask", "--tcp", "59436", "--within", "192.168.0.0/16"], ["completion", "bash"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        equal(done.returncode, 4, " ".join(arguments))
        holds(b"cannot write the results to stdout: No space left" in done.stderr, done.stderr)


@check
def a_reader_that_has_gone_ends_with_4_in_silence():
    for arguments in (["ports", "-q", "10.0.0.0/8"], ["domains", "--variant", "D", "--json"], ["help"]):
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = subprocess.run([PROGRAM, *arguments], stdout=write_end, stderr=subprocess.PIPE, timeout=60, check=False)
        os.close(write_end)
        equal((done.returncode, done.stderr), (4, b""), " ".join(arguments))


@check
def a_closed_stdout_ends_with_4_and_harms_no_file():
    with tempfile.NamedTemporaryFile("w+") as file:
        file.write("1.2.3.4\n")
        file.flush()
        done = subprocess.run(["sh", "-c", '"$0" ports -iL "$1" >&-', PROGRAM, file.name], stderr=subprocess.PIPE,
                              timeout=60, check=False)
        equal(done.returncode, 4, "exit code")
        holds(b"cannot write" in done.stderr, done.stderr)
        file.seek(0)
        equal(file.read(), "1.2.3.4\n", "the list")


@check
def completion_knows_verbs_options_and_values():
    script = run("completion", "bash").out
    def complete(*words):
        program = script + "\nCOMP_WORDS=(%s); COMP_CWORD=%d; _wormsign; printf '%%s\\n' \"${COMPREPLY[@]}\"" % (
            " ".join(f"'{w}'" for w in words), len(words) - 1)
        return subprocess.run(["bash", "-c", program], capture_output=True, timeout=30, check=True).stdout.decode().split()
    equal(complete("wormsign", "po"), ["ports"])
    equal(complete("wormsign", "ports", "--w"), ["--week"])
    equal(complete("wormsign", "ports", "-i"), ["-iL"])
    equal(complete("wormsign", "domains", "--variant", ""), ["A", "B", "C", "D", "E", "sri-c"])
    equal(complete("wormsign", "explain", "smb-"), ["smb-answer", "smb-sweep"])
    equal(complete("wormsign", "list", "p"), ["probes"])
    equal(complete("wormsign", "help", "dec"), ["decode"])


@check
def the_man_page_is_the_one_that_the_tables_give():
    with open(MAN_PAGE, encoding="ascii") as file:
        equal(run("man").out, file.read(), "docs/wormsign.1 (made by: wormsign man)")


def run_checks(before):
    failed = 0
    for function in CHECKS:
        name = before + function.__name__
        try:
            function()
            print(f"ok {name}", flush=True)
        except Exception as reason:  # any failure of a check is its answer
            failed += 1
            print(f"not ok {name}: {' '.join(str(reason).split())}", flush=True)
    return failed


def main():
    global PROGRAM, SANITIZED
    failed, count = run_checks(""), len(CHECKS)
    if os.environ.get("WORMSIGN_ASAN"):
        PROGRAM, SANITIZED = os.environ["WORMSIGN_ASAN"], True
        failed, count = failed + run_checks("asan "), 2 * count
    print(f"{count - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
