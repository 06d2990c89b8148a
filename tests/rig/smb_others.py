#!/usr/bin/env python3
"""Others of the trade: the real Samba, asked by smb_client.py; and the real nmap, which asks the variants
of smb_server and Samba. What nmap says is kept in nmap_smb.json, by variant, so that it can be laid beside
what wormsign says; here it is only seen that nmap still says so. `smb_others.py --record` asks all variants
anew (two minutes) and writes that file.

Ports below 1024 and nmap's raw sockets: only as root."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

sys.dont_write_bytecode = True
import samba
import smb_client
from checking import equal, holds
from rig import SmbRig
from smb_client import EXTENDED, UNICODE
from smb_variants import DENIED, NOT_FOUND, ROWS

WORDS = Path(__file__).resolve().parent / "nmap_smb.json"
NMAP = ["-n", "-Pn", "-sS", "-sU", "-p", "T:139,T:445,U:137", "--script-args", "vulns.showall", "--min-hostgroup", "128",
        "--min-parallelism", "64"]
# Apart, for they disturb one another: beside smb-os-discovery, nmap does not find `plain` infected.
SCRIPTS = ("smb-vuln-conficker", "smb-os-discovery,nbstat")
NMAP_SECONDS, RECORD_SECONDS = 100, 400
ENDLESS = "endless-fragments"  # nmap reads on as long as fragments come, and gives up other hosts meanwhile: not asked
# nmap waits ten seconds a step for these, or its words depend on the order of its scripts.
NOT_AGAIN = {name for name in ROWS if name.startswith("silent-")} | {
    "session-busy", "session-busy-always", "huge-length", "garbage", "bytes-outside", "words-outside", "unasked",
    "keepalives", "echo", "garbage-framed", "dribble"}
OFTEN = [name for name in ROWS if name not in NOT_AGAIN and name != ENDLESS]
SAMBA = {  # pipe: where the check ends, with what; None: whatever the pipe
    "smb1": {"\\browser": ("create", NOT_FOUND), "\\srvsvc": ("call1", "fault 1c010002")},
    "smb1-off": {None: ("negotiate", "dialect ffff")},
    "signing": {"\\browser": ("create", NOT_FOUND), "\\srvsvc": ("call1", "fault 1c010002")},
    "no-guest": {None: ("tree", DENIED)},
}


def play_samba(stack, p):
    """{variant: address}, all running."""
    played = {variant: p.address() for variant in samba.VARIANTS}
    with ThreadPoolExecutor(len(played)) as pool:
        servers = [samba.Samba(variant, address) for variant, address in played.items()]
        started = [pool.submit(server.__enter__) for server in servers]
        for server, start in zip(servers, started):
            if start.exception() is None:
                stack.push(server)
        for start in started:
            start.result()
    return played


def real_samba_answers_the_check_as_it_is_set_up(p):
    if samba.lacks():
        return samba.lacks()
    with ExitStack() as stack:
        for variant, address in play_samba(stack, p).items():
            for pipe, wanted in SAMBA[variant].items():
                for flags2 in (0x6045, 0x6045 | UNICODE | EXTENDED):
                    for transact in (False, True):
                        for name in (None, "*SMBSERVER"):
                            outcome, client = smb_client.check(address, 139 if name else 445, name=name, flags2=flags2,
                                                               pipe=pipe or "\\srvsvc", transact=transact)
                            equal(tuple(outcome), (*wanted, []), f"what came of {variant} {pipe}")
                            if variant != "smb1-off":
                                equal(client.security, 0x0F if variant == "signing" else 3, "security mode")
    return None


def conficker_words(output):
    """INFECTED and by what, NOT VULNERABLE, an error, or nothing."""
    if output is None:
        return ""
    state, more = (re.search(rule, output) for rule in (r"State: (.+)", r"Extra information:\s+(.+)"))
    if not state:
        return output.strip().splitlines()[0]
    return state[1] + (": " + more[1] if more else "")


def lines_of(output, without):
    return [line.strip() for line in (output or "").splitlines() if line.strip() and not re.search(without, line)]


def words_of(said, is_samba):
    words = {"conficker": conficker_words(said.get("smb-vuln-conficker"))}
    if not is_samba:  # which tells of the machine that it runs on
        words["os"] = lines_of(said.get("smb-os-discovery"), "System time")
        words["nbstat"] = lines_of(re.sub(r" \(\w+\)$", "", said.get("nbstat", ""), flags=re.MULTILINE), "Names:")
    return words


def outputs(scripts, addresses, seconds):
    """{address: {script: what it says}}"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nmap.xml"
        done = subprocess.run(["nmap", *NMAP, "--script", scripts, "-oX", str(path), *addresses], capture_output=True,
                              stdin=subprocess.DEVNULL, text=True, timeout=seconds, check=False)
        equal(done.returncode, 0, f"exit code of nmap ({done.stderr[-300:]})")
        return {host.find("address").get("addr"): {each.get("id"): each.get("output") for each in host.iter("script")}
                for host in xml.etree.ElementTree.parse(path).iter("host")}


def as_it_differs(said):
    """Names are told only where they differ from those of infected-abc."""
    usual = said["infected-abc"]
    return {v: words if words is usual else {key: word for key, word in words.items() if key == "conficker" or word != usual[key]}
            for v, words in said.items()}


def said_by_nmap(p, variants, seconds):
    """{variant: words}; those of Samba are called samba-..."""
    with ExitStack() as stack, ThreadPoolExecutor(len(SCRIPTS)) as pool:
        played = {} if samba.lacks() else {"samba-" + v: a for v, a in play_samba(stack, p).items()}
        ours = {variant: p.address() for variant in variants}
        stack.enter_context(SmbRig({address: v for v, address in ours.items()}, program=p.path))
        played.update(ours)
        said = [pool.submit(outputs, scripts, played.values(), seconds) for scripts in SCRIPTS]
        merged = {address: {k: v for each in said for k, v in each.result()[address].items()} for address in played.values()}
        return as_it_differs({v: words_of(merged[address], v.startswith("samba-")) for v, address in played.items()})


def nmap_says_of_the_smb_variants_what_is_recorded(p):
    if os.geteuid() != 0 or not shutil.which("nmap"):
        return "nmap is not installed, or this is not root"
    recorded = json.loads(WORDS.read_text(encoding="utf-8"))
    equal(sorted(set(ROWS) ^ {v for v in recorded if not v.startswith("samba-")}), [ENDLESS], "what is not in both lists")
    for variant, letter in (("infected-abc", "C or lower"), ("infected-de", "D or higher")):
        holds(f"infected by Conficker.{letter}" in recorded[variant]["conficker"], f"{variant} is not infected to nmap")
    asked = OFTEN
    for _ in range(2):  # on a busy machine nmap gives up here and there: those are asked again
        said = said_by_nmap(p, asked, NMAP_SECONDS)
        wrong = {v: (words, recorded[v]) for v, words in said.items() if words != recorded[v]}
        if not wrong:
            break
        asked = sorted({"infected-abc", *wrong} & set(ROWS))
    equal(wrong, {}, "what nmap says otherwise")
    return None


def main():
    """The slow ones apart: beside hosts that are silent nmap gives up others too."""
    import smb_checks
    p = smb_checks.SmbProgram("", smb_checks.built("smb_server"), 0)
    said = said_by_nmap(p, ["infected-abc", *NOT_AGAIN], RECORD_SECONDS)
    said.update(said_by_nmap(p, OFTEN, RECORD_SECONDS))
    WORDS.write_text(json.dumps(dict(sorted(said.items())), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main() if sys.argv[1:] == ["--record"] else __doc__)
