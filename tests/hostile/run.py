#!/usr/bin/env python3
"""Bad input from outside: every truncation of samples and messages, and inputs made to do harm.

Runs $WORMSIGN (else build/wormsign) with 1 GiB of memory at most, and $WORMSIGN_ASAN where it is
set. Prints `ok NAME`, `not ok NAME: reason` or `skip NAME: reason`."""
import sys

from running import run_checks, CHECKS
import truncations
import inputs

if __name__ == "__main__":
    wanted = sys.argv[1:]
    CHECKS[:] = [each for each in CHECKS if not wanted or each.__name__ in wanted]
    sys.exit(1 if run_checks() else 0)
