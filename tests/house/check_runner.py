"""The runner tells failures from success: tests/run's counting, given the output of programs that
pass, fail, crash, break their plan or say nothing."""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
from pathlib import Path

RUNNER = Path(__file__).resolve().parent.parent / "run"


def _runner():
    loader = importlib.machinery.SourceFileLoader("runner", str(RUNNER))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("runner", loader))
    loader.exec_module(module)
    return module


def _counts(output, code, skip_is_failure=False):
    runner = _runner()
    tally = runner.Tally(skip_is_failure)
    with contextlib.redirect_stdout(io.StringIO()):
        runner.count_lines(tally, "x", output, code)
    return [tally.passed, tally.failed, tally.skipped]


def complaints(root, files):
    """A snippet's tally.json is [output, exit code, skip is failure, counts that must come]."""
    if "tally.json" not in files:
        tries = [
            ("ok a\nnot ok b: c\nskip d: e\n", 1, False, [1, 1, 1]),
            ("ok a\nskip b\n", 0, True, [1, 1, 0]),
        ]
    else:
        tries = [json.loads((root / "tally.json").read_text())]
    return [
        f"{output!r}, exit {code}: counted {_counts(output, code, strict)}, not {expected}"
        for output, code, strict, expected in tries
        if _counts(output, code, strict) != expected
    ]


def _tally(output, code, expected, strict=False):
    return {"tally.json": json.dumps([output, code, strict, expected])}


BAD = {"counts that differ": _tally("ok a\n", 0, [0, 1, 0])}
GOOD = {
    "unit tests in TAP": _tally(
        "1..3\nok 1 - a\nnot ok 2 # SKIP b\nok 3 - c\n# ok - group\n", 0, [2, 0, 1]
    ),
    "a unit test that fails": _tally(
        "1..2\nok 1 - a\nnot ok 2 - b\n# why\n# not ok - group\n", 1, [1, 1, 0]
    ),
    "a crash after half the plan": _tally("1..3\nok 1 - a\nSegmentation fault\n", -11, [1, 1, 0]),
    "a crash without a plan": _tally("ok a\n", -6, [1, 1, 0]),
    "a program that says nothing": _tally("", 0, [0, 1, 0]),
    "a failure that is not admitted": _tally("ok a\nnot ok b\n", 0, [1, 2, 0]),
    "a skip where nothing may be skipped": _tally("skip a: not here\n", 0, [0, 1, 0], True),
}
