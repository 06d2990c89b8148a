"""How checks in Python are listed and fail: by an AssertionError that says what was found and what was wanted."""

import os
import sys
import tempfile

SHOWN = 400  # characters of either
CHECKS = []  # (function, is it run with every program under test), of check and check_once


class Skip(Exception):
    """What a check wants is not here."""


def check(function):
    """A check that is run with every program."""
    CHECKS.append((function, True))
    return function


def check_once(function):
    """One that is run with the first program only: slow, or not about memory."""
    CHECKS.append((function, False))
    return function


def say(line):
    """In one piece, for many speak."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def result(name, function, *given):
    """Runs a check, which may say or raise why it is skipped; true unless it failed."""
    try:
        skipped = function(*given)
        say(f"skip {name}: {skipped}" if skipped else f"ok {name}")
        return True
    except Skip as reason:
        say(f"skip {name}: {reason}")
        return True
    except Exception as reason:  # any failure of a check is its answer
        say(f"not ok {name}: {' '.join(str(reason).split()) or repr(reason)}")
        return False


def programs(usual):
    """The programs under test, each with what stands before the names of its checks: $WORMSIGN, else the usual one,
    and $WORMSIGN_ASAN where it is set."""
    found = [("", os.path.abspath(os.environ.get("WORMSIGN", usual)))]
    if "WORMSIGN_ASAN" in os.environ:
        found.append(("asan ", os.path.abspath(os.environ["WORMSIGN_ASAN"])))
    return found


def check_all(before="", *given):
    """Runs every check with what is given and a folder of its own; what the process exits with."""
    failed = 0
    for function, _ in CHECKS:
        with tempfile.TemporaryDirectory() as folder:
            failed += not result(before + function.__name__.replace("_", " "), function, *given, folder)
    return 1 if failed else 0


def check_with_all(usual):
    """The same with each program under test, which is given before the folder."""
    return max([check_all(before, program) for before, program in programs(usual)])


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(got, wanted, what="answer"):
    holds(got == wanted, f"{what} is {str(got)[:SHOWN]!r}, not {str(wanted)[:SHOWN]!r}")
