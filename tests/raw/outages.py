"""A way that fails in the middle of a scan: upstream, where nothing tells so but that answers fall away,
and at our own device. Nobody is passed over in silence, and --resume asks who was missed."""
import json
import tempfile
import time

from beyond import Far, WIDE, comes_to, ip, needs_nft
from checking import check, equal, holds
from engines import plain
from inside import in_namespace

WEEK = 2967
P2P = ["--checks", "p2p", "--week", str(WEEK)]
DEAD = """
table ip dead {
    chain before {
        type filter hook prerouting priority raw;
        ip daddr 10.9.0.0/16 drop
    }
}
"""


def upstream(p):
    needs_nft()
    infected = plain(p, "10.9.17", 15) + plain(p, "10.9.29", 25)
    with Far() as far, tempfile.TemporaryDirectory() as folder:
        with far.infected(p, folder, infected, WEEK):
            state = f"{folder}/state"
            child = p.begin("--json", "-q", *P2P, "--max-rate", "4000", "--state", state, WIDE)
            comes_to(state, 1000)
            far.nft(DEAD)
            out, err = child.communicate(timeout=60)
            summary, err = json.loads(out.decode().splitlines()[-1]), err.decode()
            far.nft("delete table ip dead")
            again = p.json("--resume", state, "--max-rate", "0", seconds=60).ends(1)
    holds(child.returncode in (1, 3), f"exit code {child.returncode} ({err[-300:]})")
    equal(summary["complete"], False, "complete")
    holds("answers fell away: of the first " in str(summary["limits_hit"]), str(summary["limits_hit"]))
    equal(summary.get("lost_share"), None, "what is said to be lost")
    holds("answers fell away" in err and f"scan --resume {state} asks" in err, f"stderr: {err}")
    equal(again.verdicts("infected"), set(infected), "infected after all")
    equal((again.summary["complete"], again.summary["refused"]), (True, 4096 - len(infected)), "complete, and refused")
    holds("fell away" not in again.err + again.out, again.err)


@check
def an_outage_upstream_is_told_and_asked_again(p):
    return in_namespace(p, upstream)


def hears(child, words):
    """Waits until stderr says so; what it said until then."""
    said = b""
    while words.encode() not in said:
        line = child.stderr.readline()
        holds(line, f"it ended without saying {words!r}: {said!r}")
        said += line
    return said.decode()


def back(p, take_down, bring_up):
    with Far() as far, tempfile.TemporaryDirectory() as folder:
        child = p.begin("--json", "-q", *P2P, "--max-rate", "4000", "--state", f"{folder}/state", WIDE)
        comes_to(f"{folder}/state", 500)
        take_down(far)
        hears(child, "nothing can be sent")
        time.sleep(1)
        holds(child.poll() is None, "it did not wait")
        bring_up(far)
        out, err = child.communicate(timeout=60)
    equal(child.returncode, 0, f"exit code ({err.decode()[-300:]})")
    holds("no longer waiting" in err.decode(), err.decode())
    summary = json.loads(out.decode().splitlines()[-1])
    equal((summary["complete"], summary["refused"]), (True, 4096), "complete, and refused")


def ours_down(p):
    def up(_):
        ip("link set near up")
        ip("route add 10.9.0.0/16 via 10.9.1.2")
    back(p, lambda _: ip("link set near down"), up)


@check
def a_device_that_comes_back_is_waited_for(p):
    return in_namespace(p, ours_down)


def far_end_down(p):
    back(p, lambda far: far.run("ip", "link", "set", "far", "down"), lambda far: far.run("ip", "link", "set", "far", "up"))


@check
def a_cable_that_is_plugged_in_again_is_waited_for(p):
    return in_namespace(p, far_end_down)
