"""The shell scripts parse, and the comparison by which quickstart ends tells a wrong hunt from a
right one: a snippet's `expected` and `lines` go through tests/house/infected_are."""
import subprocess
import sys
from pathlib import Path

from rules import text_of

COMPARE = Path(__file__).resolve().parent / "infected_are"


def complaints(root, files):
    found = []
    for path in files:
        if text_of(root, path).startswith("#!/bin/bash"):
            done = subprocess.run(
                ["bash", "-n", path], cwd=root, capture_output=True, check=False, text=True
            )
            found += [f"{path}: {done.stderr}"] if done.returncode else []
    if "expected" in files:
        command = [sys.executable, str(COMPARE), "expected", "lines"]
        done = subprocess.run(command, cwd=root, capture_output=True, check=False, text=True)
        found += [done.stdout + done.stderr] if done.returncode else []
    return found


def _host(address, verdict, home="true"):
    return f'{{"type":"host","host":"{address}","verdict":"{verdict}","home":{home}}}\n'


_EXPECTED = "# who\n10.0.0.1  A\n10.0.0.2\n"
_FOUND = _host("10.0.0.1", "infected") + _host("10.0.0.2", "infected")
BAD = {
    "a script that does not parse": {"a.sh": "#!/bin/bash\nif true\n"},
    "a host that was not found": {"expected": _EXPECTED, "lines": _host("10.0.0.1", "infected")},
    "a host too many": {"expected": _EXPECTED, "lines": _FOUND + _host("10.0.0.3", "infected")},
    "a host only suspected": {
        "expected": _EXPECTED,
        "lines": _host("10.0.0.1", "infected") + _host("10.0.0.2", "suspicious"),
    },
    "lines that are no JSON": {"expected": _EXPECTED, "lines": _FOUND + "infected\n"},
    "nobody expected": {"expected": "# nobody\n", "lines": ""},
}
GOOD = {
    "the expected hosts among others": {
        "expected": _EXPECTED,
        "lines": _FOUND
        + _host("10.0.0.4", "suspicious")
        + _host("198.51.100.1", "infected", "false")
        + '{"type":"summary"}\n',
    },
}
