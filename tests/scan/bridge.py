"""Both halves meet: what a scan asks is captured, and hunt, reading the capture, must find the same hosts
infected and the same suspicious as the scan did."""
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import words
from inside import Lacks, in_namespace
from nmap_agrees import all_variants
from checking import check, equal, holds

ASKER = "127.0.0.1"  # what the kernel takes for a source towards loopback
START_SECONDS = 10
# An answer from where nobody was asked never reaches the socket of a scan. A capture has it, and hunt
# sees somebody send bare messages, as a scanner does: {variant: the address's number behind the host's}.
ONLY_BY_HUNT = {"other-port": 0, "other-host": 1}


class Capture:
    """tcpdump on loopback, from when it listens until all that passed is written."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.err = open(self.path + ".err", "w+b")
        self.child = subprocess.Popen(
            ["tcpdump", "-i", "lo", "-n", "-s", "0", "-U", "-B", "65536", "-Z", "root", "-w", self.path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.err)
        late = time.monotonic() + START_SECONDS
        while b"listening on" not in self.said():
            if self.child.poll() is not None or time.monotonic() > late:
                self.stop()
                raise Lacks(f"tcpdump does not capture here: {self.said().decode(errors='replace').strip()}")
            time.sleep(0.05)
        return self

    def said(self):
        return Path(self.path + ".err").read_bytes()

    def settle(self):
        """Waits until nothing more is written."""
        size = -1
        while size != (size := os.path.getsize(self.path)):
            time.sleep(0.4)

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
        self.child.wait(START_SECONDS)

    def __exit__(self, *_):
        self.stop()
        self.err.close()


def only_by_hunt(played):
    found = {}
    for variant, step in ONLY_BY_HUNT.items():
        network, _, last = played[variant].rpartition(".")
        found[f"{network}.{int(last) + step}"] = "suspicious"
    return found


def with_verdicts(done):
    return {host: line["verdict"] for host, line in done.hosts.items() if line["verdict"] != "unknown"}


def inside_asks_and_reads(p):
    rig, played = p.play(*all_variants(p))
    with tempfile.TemporaryDirectory() as folder, rig:
        with Capture(folder + "/scan.pcap") as capture:
            scan = p.json(*played.values()).ends(1)
            capture.settle()
        holds(b"\n0 packets dropped by kernel" in capture.said(), f"tcpdump lost packets: {capture.said()}")
        hunt = p.json("--home", "127.0.0.0/8", "--exempt", ASKER, capture.path, verb="hunt").ends(1)
    asked, read = with_verdicts(scan), with_verdicts(hunt)
    wanted = {a: words.verdict_of(v) for v, a in played.items() if words.verdict_of(v) != "unknown"}
    differ(asked, wanted, played, "the scan")
    differ(read, {**asked, **only_by_hunt(played)}, played, "hunt, over the capture of the scan")


def differ(got, wanted, played, what):
    names = {address: variant for variant, address in played.items()}
    wrong = [f"{names.get(a, a)} {got.get(a)}, not {wanted.get(a)}"
             for a in sorted({*got, *wanted}) if got.get(a) != wanted.get(a)]
    equal(wrong, [], "what is wrong in " + what)


@check
def a_captured_scan_and_hunt_find_the_same_hosts(p):
    if not shutil.which("tcpdump"):
        return "tcpdump is not installed"
    return in_namespace(p, inside_asks_and_reads)
