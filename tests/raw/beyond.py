"""What the checks of the raw engine share: a network beyond a router, which is a second namespace, and
packets counted there.

    here 10.9.1.1 --- 10.9.1.2 router: 10.9.2.0/24 and 10.9.16.0/20 answer, 10.9.3.0/24 and 10.9.32.0/20
                                       are silent
"""
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import p2p
from inside import Lacks, command, ip
from namespaces import Beyond

WIDE, SILENT = "10.9.16.0/20", "10.9.32.0/20"


class Far(Beyond):
    """Beyond, with wider networks, without limits on what its kernel answers."""

    def __enter__(self):
        super().__enter__()
        try:
            self.run("ip", "route", "add", "local", WIDE, "dev", "lo")
            self.run("ip", "route", "add", "blackhole", SILENT)
            for name, value in (("icmp_msgs_per_sec", 100000000), ("icmp_msgs_burst", 100000000)):
                self.run("sh", "-c", f"echo {value} > /proc/sys/net/ipv4/{name} 2>/dev/null || :")
        except Lacks:
            self.__exit__()
            raise
        return self

    def nft(self, rules):
        """Rules in its firewall."""
        with tempfile.NamedTemporaryFile("w", suffix=".nft") as out:
            out.write(rules)
            out.flush()
            self.run("nft", "-f", out.name)

    def infected(self, p, folder, hosts, week):
        """A rig over there in which these have the worm, in the middle of this week."""
        rig = self.play(p, folder, {host: "valid" for host in hosts})
        rig.options[rig.options.index("--time") + 1] = str(p2p_time(week))
        return rig

    def counted(self, name):
        """Packets of a named counter of table ip counts."""
        return sum(rule["counter"]["packets"] for rule in self.listing() if rule.get("counter", {}).get("name") == name)

    def listing(self):
        done = subprocess.run(["nsenter", "-t", str(self.child.pid), "-n", "nft", "-j", "list", "ruleset"],
                              capture_output=True, text=True, timeout=60, check=True)
        return json.loads(done.stdout)["nftables"]

    def elements(self, name):
        """{element: packets} of a set with counters."""
        for each in self.listing():
            if each.get("set", {}).get("name") == name:
                return {str(e["elem"]["val"]): e["elem"]["counter"]["packets"] for e in each["set"].get("elem", [])}
        return {}


def p2p_time(week):
    return 345600 + week * 604800 + 3 * 86400


assert p2p.week_of(p2p_time(2967)) == 2967


def comes_to(state, place):
    """Waits until the first pass of the scan with this state file is there: 8 bytes from 72 on."""
    late = time.monotonic() + 30
    while time.monotonic() < late:
        head = Path(state).read_bytes()[:128] if Path(state).exists() else b""
        if len(head) == 128 and int.from_bytes(head[72:80], "little") >= place:
            return
        time.sleep(0.005)
    raise AssertionError(f"the scan did not come to its place {place}")


def needs_nft():
    if not shutil.which("nft"):
        raise Lacks("nft is not installed")


__all__ = ["Far", "WIDE", "SILENT", "command", "comes_to", "ip", "needs_nft"]
