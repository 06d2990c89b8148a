"""The shell scripts parse, each script of bench/ says at its top what it measures and has a row in
bench/README.md, as each row has a script, and the comparison by which quickstart ends tells a wrong hunt from a
right one: a snippet's `expected` and `lines` go through tests/house/infected_are."""
import re
import subprocess
import sys
from pathlib import Path

from rules import text_of

COMPARE = Path(__file__).resolve().parent / "infected_are"


def _of_bench(root, files):
    """What is wrong between the scripts of bench/ and their table."""
    page = "bench/README.md"
    scripts = {f for f in files if re.fullmatch(r"bench/\w+", f)}
    found = [
        f"{path}: says not at its top what it measures"
        for path in sorted(scripts)
        if not re.match(r"#!/bin/bash\n# \S", text_of(root, path))
    ]
    rows = set(re.findall(r"^\| `([a-z_]+)` \|", text_of(root, page), re.M)) if page in files else set()
    listed = {f"bench/{row}" for row in rows}
    found += [f"{page}: no row of {path}" for path in sorted(scripts - listed)]
    return found + [f"{page}: {path} is no script" for path in sorted(listed - scripts)]


def complaints(root, files):
    found = _of_bench(root, files)
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
_BENCH = {"bench/a": "#!/bin/bash\n# How fast.\ntrue\n", "bench/README.md": "| `a` | how fast |\n"}
BAD = {
    "a bench that is not listed": {"bench/a": _BENCH["bench/a"], "bench/README.md": "| `b` | x |\n"},
    "a bench that does not say what it measures": {**_BENCH, "bench/a": "#!/bin/bash\ntrue\n"},
    "a row without a bench": {"bench/README.md": _BENCH["bench/README.md"]},
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
    "a bench with its row": _BENCH,
    "the expected hosts among others": {
        "expected": _EXPECTED,
        "lines": _FOUND
        + _host("10.0.0.4", "suspicious")
        + _host("198.51.100.1", "infected", "false")
        + '{"type":"summary"}\n',
    },
}
