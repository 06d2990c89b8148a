"""How checks in Python are listed and fail: by an AssertionError that says what was found and what was wanted."""

SHOWN = 400  # characters of either
CHECKS = []  # (function, is it run with every program under test), of check and check_once


def check(function):
    """A check that is run with every program."""
    CHECKS.append((function, True))
    return function


def check_once(function):
    """One that is run with the first program only: slow, or not about memory."""
    CHECKS.append((function, False))
    return function


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(got, wanted, what="answer"):
    holds(got == wanted, f"{what} is {str(got)[:SHOWN]!r}, not {str(wanted)[:SHOWN]!r}")
