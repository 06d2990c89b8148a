"""Packets that are lost on the way, each way: everybody infected is found, and it is said how many were lost."""
import tempfile

from beyond import Far, WIDE, needs_nft
from checking import check_once, equal, holds
from engines import plain
from inside import in_namespace

WEEK = 2967


def lose(far, percent):
    far.nft(f"""
table ip loses {{
    chain before {{
        type filter hook prerouting priority raw;
        ip daddr 10.9.0.0/16 numgen random mod 100 < {percent} drop
    }}
    chain behind {{
        type filter hook postrouting priority raw;
        ip saddr 10.9.0.0/16 numgen random mod 100 < {percent} drop
    }}
}}
""")


def lost(p, percent):
    needs_nft()
    infected = plain(p, "10.9.17", 15) + plain(p, "10.9.29", 25)
    with Far() as far, tempfile.TemporaryDirectory() as folder:
        with far.infected(p, folder, infected, WEEK):
            lose(far, percent)
            done = p.json("--checks", "p2p", "--week", str(WEEK), "--max-rate", "50000", WIDE, seconds=100)
    equal(done.verdicts("infected"), set(infected), "infected hosts")
    round_trip = 1 - (1 - percent / 100) ** 2
    said = done.summary["lost_share"]
    holds(abs(said - round_trip) < 0.01, f"{said} are said to be lost, and {round_trip} are")
    holds("lost on the way" not in done.out, "text in JSON")


def one_in_a_hundred(p):
    lost(p, 1)


def five_in_a_hundred(p):
    lost(p, 5)


@check_once
def at_1_percent_of_loss_all_are_found(p):
    return in_namespace(p, one_in_a_hundred)


@check_once
def at_5_percent_of_loss_all_are_found(p):
    return in_namespace(p, five_in_a_hundred)
