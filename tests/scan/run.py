#!/usr/bin/env python3
"""`wormsign scan` as a user meets it: hosts of the rig are asked, lists are read, outputs written, runs
interrupted; and what it says is held against nmap, against hunt and against docs/.

The program is $WORMSIGN, else build/wormsign; where $WORMSIGN_ASAN is set, all that is not slow runs
with that one too. Arguments are parts of names: only such checks run. All run side by side, for most
only wait. Prints `ok NAME`, `not ok NAME: reason` or `skip NAME: reason`; exits 1 if anything is not
ok. Sends to loopback, and in network namespaces of its own."""
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "rig"), str(HERE.parent / "schema")]
import bridge
import inside
import limits
import namespaces
import nmap_agrees
import smb
import smb_login
import stopping
import targets
import turns
import verdicts
from checking import CHECKS, result
from scanning import ROOT, Program

AT_ONCE = 12
# Those that take longest begin first.
MODULES = [m.__name__ for m in (nmap_agrees, bridge, smb_login, smb, namespaces, limits, stopping, verdicts, turns, targets)]


def programs():
    found = [Program("", os.environ.get("WORMSIGN", ROOT / "build" / "wormsign"), 0)]
    if os.environ.get("WORMSIGN_ASAN"):
        found.append(Program("asan ", os.environ["WORMSIGN_ASAN"], 1))
    return found


def main():
    wanted = sys.argv[1:]
    chosen = [(p, function) for number, p in enumerate(programs()) for function, with_all in CHECKS
              if number == 0 or with_all]
    chosen.sort(key=lambda each: MODULES.index(each[1].__module__))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = [pool.submit(result, p.before + function.__name__, function, p) for p, function in chosen
                   if not wanted or any(part in function.__name__ for part in wanted)]
    good = [each.result() for each in results]
    print(f"{sum(good)} passed, {len(good) - sum(good)} failed")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(inside.main(*sys.argv[2:]) if sys.argv[1:2] == ["--inside"] else main())
