#!/usr/bin/env python3
"""The reports beside text and native JSON, read back by others: the same evidence gives the same
verdicts in every format, strings that mean harm break no reader, and --anonymise tells nobody.

Programs are $WORMSIGN (else build/wormsign) and $WORMSIGN_ASAN. Prints `ok NAME`,
`not ok NAME: reason` or `skip NAME: reason`. Nothing is sent anywhere but to loopback."""
import ipaddress
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("rig", "schema")]
import p2p
from bundle import BUNDLE
from checking import CHECKS, check, check_once, equal, holds
from published import Published, jsonschema
from reading import READERS, alarming, ecs, eve, native, unpacked
from schema import Schema

PROGRAMS = {"": os.environ.get("WORMSIGN", ROOT / "build" / "wormsign")}
if "WORMSIGN_ASAN" in os.environ:
    PROGRAMS["asan "] = os.environ["WORMSIGN_ASAN"]
SAMPLE = ROOT / "samples" / "outbreak.pcap.gz"
SAMPLE_TIME = 1240329600  # 2009-04-21 16:00 UTC, when the sample begins
NMAP_DTD = Path("/usr/share/nmap/nmap.dtd")
TELLING = ("10.9.", "qkzvbn", "4821", "16:23", "outbreak ward", "outbreak.pcap")
WRITTEN = [(name, option) for name, (option, _, _) in READERS.items() if option]


class Skip(Exception):
    """What the machine lacks."""


class Program:
    def __init__(self, path, folder):
        self.path, self.folder = str(Path(path).resolve()), Path(folder)

    def run(self, *arguments, code=None):
        done = subprocess.run([self.path, *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120, check=False)
        said = done.stderr.decode(errors="replace")
        holds(code is None or done.returncode == code,
              f"exit code of {arguments[:8]} is {done.returncode}, not {code}: {said[-300:]}")
        return done

    def outputs(self, before):
        """Options for a file of each format, and where they are."""
        files = {name: self.folder / f"{before}.{name}" for name, _ in WRITTEN}
        return files, [word for name, option in WRITTEN for word in (option, files[name])]

    def all_of(self, before, *arguments):
        """{format: bytes} of one run over the sample, with JSON in its three schemas."""
        files, options = self.outputs(before)
        out = self.run("hunt", *options, *arguments, SAMPLE, code=1).stdout
        told = {name: path.read_bytes() for name, path in files.items()}
        told["text"] = out
        for schema in ("eve", "ecs"):
            told[schema] = self.run("hunt", "--json", "--schema", schema, *arguments, SAMPLE, code=1).stdout
        return told

    def key(self, name="key", letters=b"k"):
        path = self.folder / name
        path.write_bytes(letters * 32)
        return path


def need(*commands):
    for command in commands:
        if shutil.which(command) is None:
            raise Skip(f"{command} is not installed")


def has_same_verdicts(told):
    wanted = native(told["json"])
    for name, (_, read, whole) in READERS.items():
        equal(read(told[name]), wanted if whole else alarming(wanted), f"verdicts in {name}")
    return wanted


@check
def the_same_evidence_gives_the_same_verdicts_in_every_format(p):
    told = p.all_of("same")
    wanted = has_same_verdicts(told)
    equal(len(wanted), 72, "hosts of the sample")
    for host, (verdict, _) in wanted.items():
        if host.startswith("10.9.") and verdict == "infected":
            holds(f"{host}: INFECTED".encode() in told["text"], f"{host} is not in the text")


@check
def oa_writes_text_json_and_xml(p):
    p.run("hunt", "-oA", "base", SAMPLE, code=1)
    holds((p.folder / "base.txt").read_bytes().startswith(b"INFECTED"), "base.txt is no text report")
    wanted = native((p.folder / "base.jsonl").read_bytes())
    equal(READERS["xml"][1]((p.folder / "base.xml").read_bytes()), wanted, "verdicts in base.xml")
    p.run("hunt", "-oA", "eve", "--schema", "eve", SAMPLE, code=1)
    equal(eve((p.folder / "eve.jsonl").read_bytes()), alarming(wanted), "verdicts in eve.jsonl")


@check_once
def nmaps_own_readers_take_the_xml(p):
    need("xmllint", "ndiff")
    p.run("hunt", "-oX", "all.xml", SAMPLE, code=1)
    p.run("hunt", "-oX", "home.xml", "--exempt", "10.9.1.11", SAMPLE, code=1)
    text = (p.folder / "all.xml").read_text()
    (p.folder / "as-nmap.xml").write_text(text.replace('scanner="wormsign"', 'scanner="nmap"', 1))
    lint = ["xmllint", "--noout", "--nonet", *(["--dtdvalid", NMAP_DTD] if NMAP_DTD.exists() else []), "as-nmap.xml"]
    done = subprocess.run(lint, cwd=p.folder, capture_output=True, timeout=60, check=False)
    equal((done.returncode, done.stderr), (0, b""), "what xmllint says")
    same, other = (subprocess.run(["ndiff", "all.xml", b], cwd=p.folder, capture_output=True, timeout=60, check=False)
                   for b in ("all.xml", "home.xml"))
    equal(same.returncode, 0, "ndiff of a file and itself")
    equal(other.returncode, 1, f"ndiff of two hunts ({other.stderr[-200:]})")
    holds(b"10.9.1.11" in other.stdout, "ndiff does not tell who changed")


@check_once
def stix_is_as_the_standard_says(p):
    if jsonschema is None:
        raise Skip("python3-jsonschema is not installed")
    p.run("hunt", "--stix", "a.stix", "--site", "ward 3", SAMPLE, code=1)
    bundle = json.loads((p.folder / "a.stix").read_text())
    for error in itertools.islice(jsonschema.Draft202012Validator(BUNDLE).iter_errors(bundle), 1):
        raise AssertionError(f"{error.json_path}: {error.message[:300]}")
    p.run("hunt", "--stix", "b.stix", "--site", "ward 3", SAMPLE, code=1)
    equal((p.folder / "a.stix").read_bytes(), (p.folder / "b.stix").read_bytes(), "a second bundle")
    p.run("hunt", "--stix", "c.stix", "--site", "ward 4", SAMPLE, code=1)
    ids = [{o["id"] for o in json.loads((p.folder / f"{n}.stix").read_text())["objects"]
            if o["type"] == "sighting"} for n in "ac"]
    equal(ids[0] & ids[1], set(), "sightings of two sites with one id")


@check_once
def misp_ids_are_stable_and_no_victim_is_an_indicator(p):
    events = []
    for name in "ab":
        p.run("hunt", "--misp", f"{name}.misp", SAMPLE, code=1)
        events.append(json.loads((p.folder / f"{name}.misp").read_text())["Event"])
    ids = [[a["uuid"] for a in event["Attribute"]] for event in events]
    equal(ids[0], ids[1], "UUIDs of attributes")
    equal(events[0]["uuid"], events[1]["uuid"], "UUID of the event")
    equal(len(set(ids[0])), len(ids[0]), "UUIDs that are there once")
    equal({a["to_ids"] for a in events[0]["Attribute"]}, {False})
    equal((events[0]["published"], events[0]["distribution"]), (False, "0"))


@check_once
def an_alert_has_a_community_id_where_its_flow_is_known(p):
    flows = ROOT / "samples" / "smb"
    found = 0
    for capture in sorted(flows.glob("*.pcap*")):
        for line in p.run("hunt", "--json", "--schema", "eve", capture).stdout.decode().splitlines():
            alert = json.loads(line)
            whole = {"src_port", "dest_port", "dest_ip"} <= set(alert)
            equal("community_id" in alert, whole, "an id where all five are known")
            if whole:
                holds(re.fullmatch(r"1:[A-Za-z0-9+/]{27}=", alert["community_id"]), alert["community_id"])
                found += 1
    holds(found > 0 or not any(flows.glob("*.pcap*")), "no alert has one")


@check
def strings_that_mean_harm_break_no_reader(p):
    writer = Path(p.path).parent / "tests" / "formats" / "hostile_formats"
    if not writer.exists():
        raise Skip("hostile_formats is not built")
    folder = p.folder / "hostile"
    folder.mkdir()
    subprocess.run([writer, folder], check=True, timeout=60)
    told = {path.name: path.read_bytes() for path in folder.iterdir()}
    wanted = has_same_verdicts(told)
    equal(len(wanted), 19, "hosts")
    for name, data in told.items():
        text = data.decode()  # UTF-8, or it raises
        bad = re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]", text)
        holds(bad is None, f"{name} has a character that steers: {bad and text[bad.start() - 40:bad.end() + 9]!r}")
    for xml in ("", "-of-itself"):
        (folder / f"nmap{xml}.xml").write_bytes(told["xml"].replace(b'scanner="wormsign"', b'scanner="nmap"', 1))
    if shutil.which("xmllint") and shutil.which("ndiff"):
        subprocess.run(["xmllint", "--noout", "--nonet", "nmap.xml"], cwd=folder, check=True, timeout=60)
        subprocess.run(["ndiff", "nmap.xml", "nmap-of-itself.xml"], cwd=folder, check=True, timeout=60, stdout=subprocess.DEVNULL)
    if jsonschema is not None:
        equal(list(Published().complaints_of_output(told["json"].decode()))[:1], [], "the published schema")
        for error in itertools.islice(jsonschema.Draft202012Validator(BUNDLE).iter_errors(json.loads(told["stix"])), 1):
            raise AssertionError(f"{error.json_path}: {error.message[:300]}")


@check
def a_full_disk_is_said_and_ends_with_4(p):
    for _, option in WRITTEN:
        done = p.run("hunt", option, "/dev/full", SAMPLE, code=4)
        holds(b"cannot write all of the report to /dev/full: No space left" in done.stderr, done.stderr[-300:])
        holds(done.stdout.startswith(b"INFECTED"), "the other report was hurt")
        p.run("hunt", option, "/dev/full", "--anonymise", p.key(), SAMPLE, code=4)
        p.run("hunt", option, "/nonexistent/x", SAMPLE, code=4)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([p.path, "hunt", "--json", "--schema", "ecs", SAMPLE], stdout=full,
                              stderr=subprocess.PIPE, timeout=60, check=False)
    equal(done.returncode, 4, "exit code of stdout on a full disk")


@check_once
def two_reports_in_one_file_are_refused_before_it_is_emptied(p):
    path = p.folder / "kept.csv"
    path.write_text("kept")
    for other in ("kept.csv", path):
        done = p.run("hunt", "--csv", "kept.csv", "--stix", other, SAMPLE, code=2)
        holds(b"is to hold two reports" in done.stderr, done.stderr)
    equal(path.read_text(), "kept", "the file")
    p.run("hunt", "--csv", "new.csv", "-oX", "new.csv", SAMPLE, code=2)
    p.run("hunt", "--csv", "/dev/null", "-oX", "/dev/null", SAMPLE, code=1)
    capture = shutil.copy(SAMPLE, p.folder / "capture")
    p.run("hunt", "--csv", capture, SAMPLE, code=4)
    p.run("hunt", "--partial", "same.wsev", "--misp", "same.wsev", SAMPLE, code=4)


@check
def an_interrupted_scan_closes_every_file(p):
    files, options = p.outputs("stopped")
    child = subprocess.Popen([p.path, "scan", "--max-rate", "20", *map(str, options), "127.77.1.0/24"], cwd=p.folder,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while b"</host>" not in (files["xml"].read_bytes() if files["xml"].exists() else b""):
        holds(time.monotonic() < deadline and child.poll() is None, "no host was told")
        time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    equal(child.wait(timeout=30), 3, "exit code")
    told = {name: path.read_bytes() for name, path in files.items()}
    equal(list(Schema().complaints_of_output(told["json"].decode()))[:1], [], "the schema of the lines")
    if jsonschema is not None:
        equal(list(Published().complaints_of_output(told["json"].decode()))[:1], [], "the published schema")
    wanted = native(told["json"])
    holds(0 < len(wanted), "nobody was told")
    for name, data in told.items():
        _, read, whole = READERS[name]
        equal(read(data), wanted if whole else {}, f"verdicts in {name}")
    holds(b'exit="error"' in told["xml"], "the XML does not say that it is not whole")


@check
def anonymised_reports_tell_nobody(p):
    open_told, told = p.all_of("open"), p.all_of("hidden", "--anonymise", p.key(), "-v", "--site", "outbreak ward")
    hidden, plain = has_same_verdicts(told), native(open_told["json"])
    equal(sorted(map(str, hidden.values())), sorted(map(str, plain.values())), "verdicts")
    week = p2p.week_of(SAMPLE_TIME)
    ports = {port for host in plain for w in (week - 1, week, week + 1)
             for pair in p2p.predicted(host, w) for port in pair}
    for name, data in told.items():
        text = data.decode()
        if name == "html":
            text += "".join(piece for pieces in unpacked(data).values() for piece in pieces)
        for word in TELLING:
            holds(word not in text, f"{word} is in {name}")
        holds(name not in ("text", "html") or not re.search(r"\d 00:00", text), f"{name} has a time that nobody knows")
        words = set(re.findall(r"[0-9a-f:.]+", text))
        equal(sorted(words & set(plain)), [], f"addresses in {name}")
    lines = [json.loads(line) for line in told["json"].decode().splitlines()]
    numbers = {n for line in lines for n in numbers_of(line)}
    open_lines = [json.loads(line) for line in open_told["json"].decode().splitlines()]
    holds(len(ports & {n for line in open_lines for n in numbers_of(line)}) >= 4, "no port was there to hide")
    equal(sorted(numbers & ports - set(counts_of(lines))), [], "ports of hosts")


def numbers_of(value):
    """All numbers of an object, those in texts too."""
    if isinstance(value, dict):
        return {n for each in value.values() for n in numbers_of(each)}
    if isinstance(value, list):
        return {n for each in value for n in numbers_of(each)}
    if isinstance(value, str):
        return {int(n) for n in re.findall(r"(?<![\d.])\d{4,5}(?![\d.])", value)}
    return {value} if isinstance(value, int) else set()


def counts_of(lines):
    """Numbers that count something, of inputs and of signs."""
    for line in lines:
        for each in line.get("inputs", []):
            yield from (each["records"], each["bytes"])
        for sign in line.get("signs", []):
            yield from (sign["count"], sign.get("of", 0))
            yield from (n for n in sign["facts"].values() if isinstance(n, int))


def shared_bits(a, b):
    a, b = (int(ipaddress.ip_address(each)) for each in (a, b))
    return 32 - (a ^ b).bit_length()


@check_once
def the_same_key_makes_the_same_addresses_and_keeps_prefixes(p):
    def hosts(*arguments):
        lines = p.run("hunt", "--json", *arguments, SAMPLE).stdout.decode().splitlines()
        return [json.loads(line) for line in lines]

    first, again = hosts("--anonymise", p.key()), hosts("--anonymise", p.key("copy"))
    equal(first[:-1], again[:-1], "the lines of a second run")
    other = hosts("--anonymise", p.key("other", b"o"))
    addresses, others = ({line["host"] for line in lines if line["type"] == "host"} for lines in (first, other))
    holds(len(addresses & others) < len(addresses) / 10, "another key makes the same addresses")
    edges = [next(line for line in lines if line["type"] == "infection") for lines in (hosts(), first)]
    equal(*[shared_bits(edge["from"], edge["to"]) for edge in edges], "bits that the two ends share")
    plain = {line["host"] for line in hosts() if line["type"] == "host"}
    equal(*[sorted(shared_bits(a, b) for a, b in itertools.combinations(sorted(each), 2))
            for each in (plain, addresses)], "bits that each two hosts share")


@check_once
def a_key_that_is_none_is_refused(p):
    short = p.folder / "short"
    short.write_bytes(b"k" * 15)
    long = p.folder / "long"
    long.write_bytes(b"k" * 4097)
    for path in (short, long):
        done = p.run("hunt", "--anonymise", path, "--csv", "none.csv", SAMPLE, code=2)
        holds(b"a key has 16 to 4096 bytes" in done.stderr, done.stderr)
    p.run("hunt", "--anonymise", "missing", "--csv", "none.csv", SAMPLE, code=4)
    p.run("hunt", "--anonymise", ".", "--csv", "none.csv", SAMPLE, code=4)
    holds(not (p.folder / "none.csv").exists(), "a report was begun")


@check_once
def who_is_acknowledged_in_a_store_alarms_nobody(p):
    p.run("hunt", "--store", "a.db", SAMPLE, code=1)
    p.run("report", "--ack", "10.9.3.33", "--until", "9999-12-31", "--note", "known", "a.db", code=1)
    files, options = p.outputs("known")
    told = {"eve": p.run("report", "--json", "--schema", "eve", *options, "a.db", code=1).stdout}
    told["ecs"] = p.run("report", "--json", "--schema", "ecs", "a.db", code=1).stdout
    files["json"].write_bytes(p.run("report", "--json", "a.db", code=1).stdout)
    told.update((name, path.read_bytes()) for name, path in files.items())
    has_same_verdicts(told)  # eve and cef are held to their severities there
    severities = {line["alert"]["severity"] for line in map(json.loads, told["eve"].splitlines())
                  if line.get("src_ip") == "10.9.3.33" and "verdict" in line["wormsign"]}
    equal(severities, {3}, "severities in EVE")
    line = next(line for line in told["cef"].decode().splitlines() if " src=10.9.3.33 " in line)
    holds("(acknowledged)|3|" in line and "flexString2=known" in line, line)
    for name in ("xml", "stix", "misp", "html", "ecs", "csv"):
        holds(b"9999-12-31" in told[name], f"{name} does not say until when")
    page = told["html"].decode()
    holds("3 of your hosts are infected with Conficker, 1 more is acknowledged</h1>" in page, "the headline")
    holds(re.search(r"Made by wormsign [0-9.]+ report on <time>", page), "the foot")


@check_once
def a_schema_of_json_that_nobody_gets_is_refused(p):
    for others in ((), ("--csv", "none.csv"), ("-oN", "none.txt")):
        done = p.run("hunt", "--schema", "eve", *others, SAMPLE, code=2)
        holds(b"add --json, -oJ FILE or -oA BASE" in done.stderr, done.stderr)
        equal(done.stdout, b"", "what is reported")
    holds(not list(p.folder.glob("none.*")), "a report was begun")


@check_once
def dark_addresses_that_nobody_touched_are_told(p):
    told = p.run("hunt", "--dark", "10.77.0.0/16", "--html", "dark.html", SAMPLE, code=1).stdout
    holds(b"Dark addresses: nobody touched them." in told, told[-400:])
    holds(b"Nobody touched addresses that never spoke." in (p.folder / "dark.html").read_bytes(), "not on the page")
    holds(b"nobody touched" not in p.run("hunt", SAMPLE, code=1).stdout, "told though not asked")


@check_once
def every_format_is_listed(p):
    listed = [line.split("\t")[0] for line in p.run("list", "reports", code=0).stdout.decode().splitlines()]
    equal(set(READERS) - set(listed), set(), "formats that are not listed")


def main():
    failed = 0
    for number, (before, path) in enumerate(PROGRAMS.items()):
        for function, each in CHECKS:
            if number > 0 and not each:
                continue
            name = before + function.__name__
            with tempfile.TemporaryDirectory() as folder:
                try:
                    function(Program(path, folder))
                    print(f"ok {name}", flush=True)
                except Skip as reason:
                    print(f"skip {name}: {reason}", flush=True)
                except Exception as error:
                    failed += 1
                    print(f"not ok {name}: {type(error).__name__}: {str(error)[:900]}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
