#!/usr/bin/env python3
"""`wormsign watch` as a user meets it: a server that is played here does what servers do, from the
polite to the broken; interfaces of a network namespace by which samples pass; and an argus daemon that looks at replayed packets in a network namespace is
killed and started again.

The program is $WORMSIGN, else build/wormsign; where $WORMSIGN_ASAN is set, all but the daemon runs with
that one too. Arguments are parts of names: only such checks run. All run side by side, for most only
wait. Prints `ok NAME`, `not ok NAME: reason` or `skip NAME: reason`; exits 1 if anything is not ok."""
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "rig"), str(HERE.parent / "schema")]
import daemon
import devices
import lost
import refused
import told
from checking import CHECKS
from watching import ROOT, Program

AT_ONCE = 32
MODULES = [m.__name__ for m in (daemon, devices, lost, refused, told)]  # the longest first


def result(name, function, p):
    try:
        skipped = function(p)
    except Exception as reason:  # any failure of a check is its answer
        return f"not ok {name}: {' '.join(str(reason).split()) or repr(reason)}"
    return f"skip {name}: {skipped}" if skipped else f"ok {name}"


def programs():
    found = [Program("", os.environ.get("WORMSIGN", ROOT / "build" / "wormsign"))]
    if os.environ.get("WORMSIGN_ASAN"):
        found.append(Program("asan ", os.environ["WORMSIGN_ASAN"]))
    return found


def main():
    wanted = sys.argv[1:]
    chosen = [(p.before + function.__name__.replace("_", " "), function, p)
              for number, p in enumerate(programs()) for function, with_all in CHECKS
              if number == 0 or with_all]
    chosen = [c for c in chosen if not wanted or any(word in c[0] for word in wanted)]
    chosen.sort(key=lambda c: MODULES.index(c[1].__module__))
    good = True
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for line in pool.map(lambda c: result(*c), chosen):
            print(line, flush=True)
            good &= not line.startswith("not ok")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
