#!/usr/bin/env python3
"""The house rules: runs every check_*.py of this folder over the files of the project, and each
check over snippets of its own that break its rule, so that no check can pass because it sees
nothing.

A check is a module with
  complaints(root, files)  a list of "path:line: what is wrong"; files are paths relative to root;
                           may raise Skip(reason)
  BAD, GOOD                {what it shows: {path: text}}: small trees, of which each BAD one must
                           be complained about and each GOOD one must not
  prepare(root)            optional: makes what complaints() needs beside the files of a snippet

Prints `ok NAME`, `not ok NAME: reason`, `skip NAME: reason`; exits 1 if anything is not ok."""
import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from rules import Skip, project_files  # noqa: E402


def snippet_complaints(check, snippet):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in snippet.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        if hasattr(check, "prepare"):
            check.prepare(root)
        return check.complaints(root, sorted(snippet))


def results_of(name, check):
    """Yields (test name, complaints)."""
    yield f"{name} holds", lambda: check.complaints(ROOT, project_files(ROOT))
    for what, snippet in check.BAD.items():
        yield f"{name} catches {what}", lambda snippet=snippet: (
            [] if snippet_complaints(check, snippet) else ["it was not caught"]
        )
    for what, snippet in check.GOOD.items():
        yield f"{name} allows {what}", lambda snippet=snippet: snippet_complaints(check, snippet)


def main():
    failed = 0
    wanted = sys.argv[1:]
    for path in sorted(HERE.glob("check_*.py")):
        name = path.stem.removeprefix("check_")
        if wanted and name not in wanted:
            continue
        for test, run in results_of(name, importlib.import_module(path.stem)):
            try:
                complaints = run()
            except Skip as reason:
                print(f"skip {test}: {reason}")
                continue
            except (OSError, subprocess.SubprocessError) as error:
                complaints = [str(error)]
            print(f"not ok {test}: {len(complaints)} complaints" if complaints else f"ok {test}")
            for complaint in complaints:
                print(f"  {complaint}")
            failed += bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
