#!/usr/bin/env python3
"""The raw engine in network namespaces that each check makes for itself: both engines say the same of
every host of the rig, a scan that is killed goes on, what is lost on the way is estimated, and the
kernel says nothing of its own.

The program is $WORMSIGN, else build/wormsign; where $WORMSIGN_ASAN is set, what is not slow runs with
that one too. Arguments are parts of names. Prints `ok NAME`, `not ok NAME: reason` or `skip NAME:
reason`; exits 1 if anything is not ok. Nothing is sent but within those namespaces."""
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "scan"), str(HERE.parent / "rig"), str(HERE.parent / "schema")]
import engines
import goes_on
import inside
import left
import lists
import losses
import outages
import ports
import ways
from checking import CHECKS, result
from scanning import ROOT, Program

AT_ONCE = 3  # most only wait
MODULES = [m.__name__ for m in (engines, goes_on, left, lists, losses, outages, ports, ways)]


def programs():
    found = [Program("", os.environ.get("WORMSIGN", ROOT / "build" / "wormsign"), 0)]
    if os.environ.get("WORMSIGN_ASAN"):
        found.append(Program("asan ", os.environ["WORMSIGN_ASAN"], 1))
    return found


def main():
    wanted = sys.argv[1:]
    chosen = [(p.before + function.__name__, function, p)
              for number, p in enumerate(programs()) for function, with_all in CHECKS
              if (number == 0 or with_all) and function.__module__ in MODULES
              and (not wanted or any(part in function.__name__ for part in wanted))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda each: result(*each), chosen))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(inside.main(*sys.argv[2:]) if sys.argv[1:2] == ["--inside"] else main())
