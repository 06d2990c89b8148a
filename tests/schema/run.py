#!/usr/bin/env python3
"""Holds every line that `hunt --json` prints over the samples and the cases against docs/json.md,
and against docs/json.schema.json where python3-jsonschema is there. check_output does the same with the lines of any hunt or scan.

The validator is tested first, by lines that are wrong. Prints `ok NAME` or `not ok NAME: reason`."""
import copy
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "cases"))
import run as cases  # the runner of the cases, which makes their captures
from published import Published, jsonschema
from schema import Schema

PROGRAMS = {"": os.environ.get("WORMSIGN", ROOT / "build" / "wormsign")}
if "WORMSIGN_ASAN" in os.environ:
    PROGRAMS["asan "] = os.environ["WORMSIGN_ASAN"]

SIGN = {
    "sign": "p2p-ports",
    "weight": "statistical",
    "false_alarm_log10": -12.5,
    "count": 5,
    "of": 6,
    "first": "2009-04-21T16:44:11.000000Z",
    "says": "5 of 6.",
    "facts": {"met": ["192.0.2.1:4000/udp"]},
}
HOST = {
    "type": "host",
    "schema": 1,
    "host": "10.0.0.5",
    "home": True,
    "site": None,
    "names": [],
    "verdict": "infected",
    "variants": ["D", "E"],
    "marks": ["relay"],
    "weight": 9.3,
    "day": "2009-04-21",
    "says": "It is infected.",
    "signs": [SIGN],
}
SUMMARY = {
    "type": "summary",
    "schema": 1,
    "verb": "hunt",
    "complete": False,
    "hosts": {
        "infected": 1,
        "suspicious": 0,
        "clean": 0,
        "unknown": 0,
        "outside_infected": 0,
        "seen": 2,
    },
    "inputs": [{"name": "-", "records": 0, "bytes": 0, "damage": [{"offset": 0, "reason": "x"}]}],
    "limits_hit": [],
    "expected_false_hosts": 1e-9,
    "seconds": 1,
}
CHECKS = [
    {
        "check": "p2p",
        "port": 40832,
        "proto": "tcp",
        "week": "any",
        "result": "infected",
        "reason": "Received valid data",
        "time": "2026-11-22T05:10:11.000000Z",
    },
    {
        "check": "p2p",
        "port": 4348,
        "proto": "udp",
        "week": "last",
        "result": "refused",
        "reason": "Failed to receive data",
        "detail": "nothing listens on this port",
    },
]
ASKED = {**HOST, "checks": CHECKS}
IN_FRONT = {}  # somebody is behind it
for key, value in HOST.items():
    IN_FRONT.update({key: value, **({"behind": ["192.168.1.65"]} if key == "names" else {})})
SCANNED = {
    **{key: SUMMARY[key] for key in ("type", "schema")},
    "verb": "scan",
    **{key: SUMMARY[key] for key in ("complete", "hosts")},
    "targets": 254,
    "asked": 250,
    "sent": 1016,
    "received": 812,
    "lost_share": 0.0142,
    "silent_share": 1,
    "refused": 200,
    **{key: SUMMARY[key] for key in ("limits_hit", "expected_false_hosts", "seconds")},
}
WRONG = {  # where, and the value that is put there; None: taken away
    "a field that is missing": (("verdict",), None),
    "a field that is not on the page": (("colour",), "red"),
    "a word that does not exist": (("verdict",), "sick"),
    "true for 1": (("schema",), True),
    "another schema": (("schema",), 2),
    "a number for a text": (("says",), 5),
    "a control byte": (("says",), "a\x1b[2J"),
    "a time without microseconds": (("signs", 0, "first"), "2009-04-21T16:44:11Z"),
    "a date that is a time": (("day",), "2009-04-21T16:44:11.000000Z"),
    "an address that is a name": (("host",), "ward3-pc"),
    "a fraction for a count": (("signs", 0, "count"), 5.5),
    "a count below 0": (("signs", 0, "of"), -1),
    "a variant that does not exist": (("variants", 0), "F"),
    "a mark that does not exist": (("marks", 0), "tall"),
    "a fact that is not on the page": (("signs", 0, "facts", "size"), 5),
    "a text for a list": (("signs", 0, "facts", "met"), "192.0.2.1"),
    "null for a list": (("names",), None),
}
WRONG_CHECK = {
    "a check that does not exist": (("check",), "smb"),
    "a port of 0": (("port",), 0),
    "a port above 65535": (("port",), 65536),
    "a protocol that does not exist": (("proto",), "icmp"),
    "a week that is a number": (("week",), 2050),
    "a result that does not exist": (("result",), "clean"),
    "a check without a reason": (("reason",), None),
    "an empty detail that is no text": (("detail",), 0),
    "a check's time without microseconds": (("time",), "2026-11-22T05:10:11Z"),
}
WRONG_SCAN = {
    "a verb that does not exist": (("verb",), "watch"),
    "a scan without its targets": (("targets",), None),
    "a scan without what was refused": (("refused",), None),
    "a share above 1": (("lost_share",), 1.5),
    "a share below 0": (("silent_share",), -0.1),
    "a share of five decimals": (("lost_share",), 0.01419),
    "a scan with inputs": (("inputs",), []),
}


def output_of(*objects):
    return "".join(json.dumps(each) + "\n" for each in objects)


def changed(of, path, value):
    made = copy.deepcopy(of)
    place = made
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made


def self_test(schema):
    unknown_shares = {key: SCANNED[key] for key in SCANNED if not key.endswith("_share")}
    for what, output in {
        "a hunt": output_of(HOST, SUMMARY),
        "a hunt with somebody behind": output_of(IN_FRONT, SUMMARY),
        "a merge": output_of(HOST, {**SUMMARY, "verb": "merge"}),
        "a scan": output_of(ASKED, HOST, SCANNED),
        "a scan whose shares are not known": output_of(unknown_shares),
    }.items():
        yield f"validator allows what is right: {what}", schema.complaints_of_output(output)
    outputs = {what: output_of(changed(HOST, *how), SUMMARY) for what, how in WRONG.items()}
    for what, (path, value) in WRONG_CHECK.items():
        outputs[what] = output_of(changed(ASKED, ("checks", 1) + path, value), SCANNED)
    for what, how in WRONG_SCAN.items():
        outputs[what] = output_of(HOST, changed(SCANNED, *how))
    outputs["a name behind"] = output_of(changed(IN_FRONT, ("behind", 0), "ward3-pc"), SUMMARY)
    outputs["somebody behind in a scan"] = output_of(IN_FRONT, SCANNED)
    outputs["checks in a hunt"] = output_of(ASKED, SUMMARY)
    outputs["a hunt with a scan's counts"] = output_of({**SCANNED, "verb": "hunt"})
    outputs["a merge with a scan's counts"] = output_of({**SCANNED, "verb": "merge"})
    outputs["a hunt without its inputs"] = output_of(changed(SUMMARY, ("inputs",), None))
    outputs["another order"] = output_of({"schema": 1, **HOST}, SUMMARY)
    outputs["a summary that is not last"] = output_of(SUMMARY, HOST)
    outputs["a second summary"] = output_of(SUMMARY, SUMMARY)
    outputs["no summary"] = output_of(HOST)
    outputs["an unknown type"] = output_of({"type": "guest", "schema": 1}, SUMMARY)
    outputs["a line without end"] = output_of(HOST, SUMMARY)[:-1]
    outputs["half a line"] = output_of(HOST)[:50] + "\n" + output_of(SUMMARY)
    for what, output in outputs.items():
        found = list(schema.complaints_of_output(output))
        yield f"validator catches {what}", [] if found else ["it was not caught"]


# Fields may be added, and no order of keys or lines can be asked for: what a schema cannot see.
UNSEEN = ("a field that is not on the page", "a fact that is not on the page")


def published_test():
    """The published schema against the tables, and against the same right and wrong lines."""
    published = Published()
    yield "published schema has the fields of the page", published.complaints_of_tables()
    for what, lines in {"a hunt": (HOST, SUMMARY), "a scan": (ASKED, HOST, SCANNED)}.items():
        found = published.complaints_of_output(output_of(*lines))
        yield f"published schema allows what is right: {what}", found
    wrong = {what: changed(HOST, *how) for what, how in WRONG.items() if what not in UNSEEN}
    for what, (path, value) in WRONG_CHECK.items():
        wrong[what] = changed(ASKED, ("checks", 1) + path, value)
    for what, how in WRONG_SCAN.items():
        if what not in ("a verb that does not exist", "a share of five decimals"):
            wrong[what] = changed(SCANNED, *how)
    for what, line in wrong.items():
        found = list(published.complaints_of_output(output_of(line)))
        yield f"published schema catches {what}", [] if found else ["it was not caught"]


def hunts(folder):
    """{name: (files, input)}: every capture of the cases, and the samples."""
    found = {path.name: [path] for path in (ROOT / "samples").glob("*.pcap*")}
    for case in sorted(path for path in cases.HERE.glob("hunt-*") if path.is_dir()):
        below = Path(folder) / case.name
        below.mkdir()
        made = cases.copy_of(case, below)
        files = [
            p
            for p in sorted(made.rglob("*"))
            if p.is_file() and (".pcap" in p.name or p.name.startswith("in."))
        ]
        if files:
            found[case.name] = files
    return found


def check_output(output, schema=None):
    """Complaints about all that one run of a verb printed, text or bytes."""
    if isinstance(output, bytes):
        try:
            output = output.decode()
        except UnicodeDecodeError as error:
            yield f"the output is no UTF-8: {error}"
            return
    yield from (schema or Schema()).complaints_of_output(output)
    if jsonschema is not None:
        yield from Published().complaints_of_output(output)


def ran(program, verb, *arguments):
    return subprocess.run(
        [str(program), verb, "--json", *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )


def check_hunt(schema, program, files, options=(), verb="hunt"):
    done = ran(program, verb, *options, *files)
    if done.returncode not in (0, 1, 3, 4):
        yield f"exits {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}"
        return
    yield from check_output(done.stdout, schema)


def check_lines(schema, program, verb, kind, *arguments):
    """Lines of flows and dns, each on its own: they have no summary."""
    done = ran(program, verb, *arguments)
    lines = done.stdout.decode().splitlines()
    if done.returncode != 0 or not lines:
        yield f"exits {done.returncode} with {len(lines)} lines: {done.stderr[-300:]!r}"
    for line in lines:
        yield from schema.complaints(json.loads(line), kind, kind, verb)
    if jsonschema is not None:
        yield from Published().complaints_of_output(done.stdout.decode())


def flows_results(schema):
    """Every field of the page, over every archive that is a sample; and lines that are wrong."""
    fields = [row[0] for row in schema.objects["flow"] if row[0] not in ("type", "schema")]
    archives = sorted((ROOT / "samples" / "argus").glob("v[35]/*.argus"))
    for before, program in PROGRAMS.items():
        listed = subprocess.run(
            [str(program), "list", "fields"], capture_output=True, text=True, check=True, timeout=60
        )
        names = [line.split("\t")[0] for line in listed.stdout.splitlines()]
        yield before + "the page has the fields of flows", [
            f"{name} is only on one side" for name in set(names) ^ set(fields)
        ]
        for options in ((), ("--hex",), ("-m", "saddr,proto")):
            shown = ("-s", ",".join(fields), *options)
            found = check_lines(schema, program, "flows", "flow", *shown, *archives)
            yield before + " ".join(("flows", *options)), list(found)
    right = {"type": "flow", "schema": 1, "trans": 1, "proto": "tcp"}
    for what, change in {
        "a flow with a text for a count": {"spkts": "5"},
        "a flow with a field that is not on the page": {"colour": "red"},
        "a flow of another type": {"type": "flux"},
        "a flow with control bytes": {"suser": "a\x1b"},
    }.items():
        found = list(schema.complaints({**right, **change}, "flow", "flow", "flows"))
        yield f"validator catches {what}", [] if found else ["it was not caught"]


def dns_results(schema):
    samples = ROOT / "samples"
    files = [*sorted((samples / "argus").glob("v[35]/*.argus")), samples / "outbreak.pcap.gz"]
    for before, program in PROGRAMS.items():
        yield before + "dns", list(check_lines(schema, program, "dns", "lookup", *files))
        marked = check_lines(schema, program, "dns", "lookup", "--marked", *files)
        yield before + "dns --marked", list(marked)
    right = {
        "type": "lookup", "schema": 1, "time": "2009-04-21T16:44:11.000000Z", "client": "10.0.0.5",
        "client_port": 1025, "server": "10.0.0.53", "server_port": 53, "proto": "udp", "id": 1,
        "name": "a.test", "query": "A", "asked": True, "tries": 1, "answered": False, "marks": [],
    }
    yield "a look-up of the page", list(schema.complaints(right, "lookup", "lookup", "dns"))
    for what, change in {
        "a look-up with control bytes": {"name": "a\x1b"},
        "a look-up without a mark's date": {"marks": [{"variants": ["A"], "offset": 0, "position": 1}]},
        "a look-up that is half answered": {"answered": None},
    }.items():
        found = list(schema.complaints({**right, **change}, "lookup", "lookup", "dns"))
        yield f"validator catches {what}", [] if found else ["it was not caught"]


def main():
    schema, failed = Schema(), 0
    results = [(name, list(found)) for name, found in self_test(schema)]
    if jsonschema is not None:
        results += [(name, list(found)) for name, found in published_test()]
    else:
        print("skip published schema: python3-jsonschema is not installed")
    with tempfile.TemporaryDirectory() as folder:
        for name, files in hunts(folder).items():
            for before, program in PROGRAMS.items():
                results.append((before + name, list(check_hunt(schema, program, files))))
        odd = ("--site", "a\x1b[2J\u202e\\", "--home", "203.0.113.0/24", "--sampling", "9", "--dark", "10.0.0.0/8")
        sample = [ROOT / "samples" / "outbreak.pcap.gz", Path(folder) / "no\nsuch\x07file"]
        for before, program in PROGRAMS.items():
            found = list(check_hunt(schema, program, sample, odd))
            results.append((before + "all options and a missing file", found))
            evidence = Path(folder) / f"{before.strip()}.wsev"
            found = list(check_hunt(schema, program, sample, ("--partial", evidence)))
            found += check_hunt(schema, program, [evidence], verb="merge")
            results.append((before + "evidence and its merge", found))
            store = Path(folder) / f"{before.strip()}.db"
            found = list(check_hunt(schema, program, sample, ("--store", store)))
            found += check_hunt(schema, program, sample[:1], ("--store", store, "--since", "2009-04-21T16:30:00Z"))
            known = ("--ack", "10.9.1.11", "--until", "9999-12-31", "--note", "a\x1b[2J\u202e")
            found += check_hunt(schema, program, [store], (*known, "--diff", "last"), verb="report")
            results.append((before + "a store and its report", found))
    results += flows_results(schema)
    results += dns_results(schema)
    for name, found in results:
        failed += bool(found)
        print(f"not ok {name}: {found[0]}" if found else f"ok {name}")
        for line in found[1:10]:
            print(f"  {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
