"""An argus daemon, in a network namespace made here, looks at packets of the sample that are replayed;
it is killed in the middle, started again, and sees some of them twice."""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from checking import check_once, equal, holds
from watching import ROOT

SECONDS = 40
INSIDE = Path(__file__).resolve().parent / "inside.py"
# Whose verdict does not rest on names of a day, for the packets are seen today.
PROVEN = {"10.9.3.33", "10.9.4.44"}


@check_once
def a_daemon_that_is_killed_and_started_again_loses_and_doubles_no_verdict(p):
    if shutil.which("argus") is None:
        return "argus is not installed (argus-server)"
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode != 0:
        return "no network namespace can be made here"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["unshare", "-rn", "--pid", "--fork", "--kill-child", sys.executable, str(INSIDE),
                               p.path, str(ROOT / "samples" / "outbreak.pcap.gz"), folder],
                              capture_output=True, text=True, timeout=SECONDS, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    holds(lines, f"nothing came: {done.stderr[-600:]}")
    equal(done.returncode, 1, f"exit code ({done.stderr[-300:]})")
    told = [(line["host"], line["verdict"]) for line in lines if line["type"] == "host"]
    equal(len(told), len(set(told)), "hosts and verdicts, and how many of them are different")
    infected = {line["host"] for line in lines if line.get("verdict") == "infected" and line["home"]}
    holds(PROVEN <= infected, f"infected are {sorted(infected)}")
    summary = lines[-1]
    equal(summary["complete"], False, "complete")
    holds(any("ended the connection" in d["reason"] or "broke" in d["reason"]
              for d in summary["inputs"][0]["damage"]), f"damage is {summary['inputs'][0]['damage']}")
    return None
