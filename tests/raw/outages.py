"""A way that fails in the middle of a scan: upstream, where nothing tells so but that answers fall away,
and at our own device. Nobody is passed over in silence, and --resume asks who was missed."""
import json
import tempfile

from beyond import Far, WIDE, comes_to, needs_nft
from checking import check, equal, holds
from engines import p2p_time, plain
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
        rig = far.play(p, folder, {a: "valid" for a in infected})
        rig.options[rig.options.index("--time") + 1] = str(p2p_time(WEEK))
        with rig:
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
