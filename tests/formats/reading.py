"""Reads every report back, with readers that are not ours: csv, json, an XML parser, a line of CEF by
its rules. Of each: {address: (verdict, variants)} of the hosts that it tells of."""
import base64
import csv
import io
import ipaddress
import json
import re
import xml.etree.ElementTree as ElementTree
import zlib

from checking import equal, holds

CEF_LINE = re.compile(
    r"<(130|132|133)>1 (\S+) - wormsign - (\w+) - CEF:0\|wormsign\|wormsign\|((?:[^|\\]|\\.)*)\|(\w+)\|([^|]*)\|(\d+)\|(.*)"
)
CEF_KEY = re.compile(r"(?:^| )(\w+)=((?:[^=\\]|\\.)*?)(?= \w+=|$)")


def lines_of(data):
    text = data.decode()
    holds(text.endswith("\n") or text == "", "the last line has no end")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def native(data):
    lines = lines_of(data)
    return {o["host"]: (o["verdict"], o["variants"]) for o in lines if o["type"] == "host"}


def eve(data):
    found = {}
    for line in lines_of(data):
        if line["event_type"] == "alert" and "verdict" in line["wormsign"]:
            own = line["wormsign"]
            equal(line["src_ip"], own["host"], "source of an alert")
            severity = 3 if "acknowledged" in own else {"infected": 1, "suspicious": 2}[own["verdict"]]
            equal(line["alert"]["severity"], severity)
            found[own["host"]] = (own["verdict"], own["variants"])
    return found


def ecs(data):
    found = {}
    for line in lines_of(data):
        if line["event"]["dataset"] == "wormsign.host":
            own = line["wormsign"]
            kind = "alert" if own["verdict"] in ("infected", "suspicious") else "state"
            equal(line["event"]["kind"], kind, "kind of an event")
            found[line["host"]["ip"][0]] = (own["verdict"], own["variants"])
    return found


def table(data):
    text = data.decode()
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    equal(text.count("\r\n"), len(rows) + 1, "rows of the table")
    for row in rows:
        holds(None not in row and None not in row.values(), f"{row} has another width")
        for cell in row.values():
            holds(not re.match("[=+@\t\uff1d-]", cell), f"{cell!r} would be computed")
    return {row["host"]: (row["verdict"], row["variants"].split()) for row in rows}


def xml(data):
    found = {}
    root = ElementTree.fromstring(data)
    equal((root.tag, root.get("scanner")), ("nmaprun", "wormsign"))
    for host in root.iter("host"):
        script = next(s for s in host.iter("script") if s.get("id") == "wormsign")
        verdict = next(e.text for e in script.iter("elem") if e.get("key") == "verdict")
        variants = next(t for t in script.iter("table") if t.get("key") == "variants")
        found[host.find("address").get("addr")] = (verdict, [e.text for e in variants])
    return found


def stix(data):
    bundle = json.loads(data.decode())
    objects = {o["id"]: o for o in bundle["objects"]}
    equal(len(objects), len(bundle["objects"]), "ids that are there once")
    found = {}
    for sighting in (o for o in objects.values() if o["type"] == "sighting"):
        equal(objects[sighting["sighting_of_ref"]]["name"], "Conficker")
        observed = objects[sighting["observed_data_refs"][0]]
        labels = [label.removeprefix("wormsign:").split("=", 1) for label in sighting["labels"]]
        verdict = next(value for key, value in labels if key == "verdict")
        variants = [value for key, value in labels if key == "variant"]
        found[objects[observed["object_refs"][0]]["value"]] = (verdict, variants)
    for one in objects.values():
        for key, value in one.items():
            for ref in value if key.endswith("_refs") else [value] if key.endswith("_ref") else []:
                holds(ref in objects, f"{key} of {one['id']} leads nowhere")
    return found


def misp(data):
    event = json.loads(data.decode())["Event"]
    found = {}
    for attribute in event["Attribute"]:
        if attribute["type"] != "ip-src":
            continue
        tags = [re.fullmatch(r'wormsign:(\w+)="([\w-]+)"', t["name"]).groups() for t in attribute["Tag"]]
        verdict = next(value for key, value in tags if key == "verdict")
        found[attribute["value"]] = (verdict, [value for key, value in tags if key == "variant"])
    return found


def pieces_of(value):
    """What is packed in a page's data: base64 of zlib of pieces between form feeds."""
    if isinstance(value, str):
        return zlib.decompress(base64.b64decode(value)).decode().split("\f")
    return [piece for each in value for piece in pieces_of(each)]


def unpacked(data):
    """{name: pieces} of a page of --html."""
    packed = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', data.decode(), re.DOTALL)[1]
    return {name: pieces_of(value) for name, value in json.loads(packed).items() if not isinstance(value, int)}


def html(data):
    verdicts, found = ("infected", "suspicious", "clean", "unknown"), {}
    for row in unpacked(data)["rows"]:
        _, _, _, _, kind, _, number, variants, *_, markup = row.split("\t")
        address = ipaddress.ip_address(int(number, 16))
        found[str(address.ipv4_mapped or address)] = (verdicts[int(kind)], list(variants))
        holds(f">{verdicts[int(kind)]}<" in markup, f"the row of {address} says another verdict")
    return found


def unescaped(text):
    return re.sub(r"\\(.)", r"\1", text)


def cef(data):
    found = {}
    for line in data.decode().splitlines():
        match = CEF_LINE.fullmatch(line)
        holds(match is not None, f"{line!r} is no line of CEF")
        values = {key: unescaped(value) for key, value in CEF_KEY.findall(match[8])}
        if match[5] in ("infection", "attack"):
            equal((match[1], match[7]), {"infection": ("130", "10"), "attack": ("132", "5")}[match[5]])
            continue
        wanted = ("133", "3") if "cs6" in values else {"infected": ("130", "10"), "suspicious": ("132", "5")}[match[5]]
        equal((match[1], match[7]), wanted, "priority and severity")
        variants = [each for each in values.get("cs1", "").split(",") if each]
        found[values["src"]] = (match[5], variants)
    return found


# format: (option, reader, does it tell of every host, or of infected and suspicious ones alone)
READERS = {
    "json": ("-oJ", native, True),
    "ecs": (None, ecs, True),
    "xml": ("-oX", xml, True),
    "csv": ("--csv", table, True),
    "eve": (None, eve, False),
    "stix": ("--stix", stix, False),
    "misp": ("--misp", misp, False),
    "cef": ("--cef", cef, False),
    "html": ("--html", html, True),
}


def alarming(hosts):
    return {host: each for host, each in hosts.items() if each[0] in ("infected", "suspicious")}
