"""All C is formatted as .clang-format says, by clang-format 14: versions differ in taste."""
import shutil
import subprocess
from pathlib import Path

from rules import Skip, is_c

STYLE = Path(__file__).resolve().parent.parent.parent / ".clang-format"


def formatter():
    for name in ("clang-format-14", "clang-format"):
        if shutil.which(name):
            said = subprocess.run(
                [name, "--version"], capture_output=True, check=True, text=True
            ).stdout
            if " version 14." in said:
                return name
    raise Skip("clang-format 14 is not installed")


def complaints(root, files):
    sources = list(filter(is_c, files))
    if not sources:
        return ["no C file"]
    done = subprocess.run(
        [formatter(), f"--style=file:{STYLE}", "--dry-run", "-Werror", *sources],
        cwd=root,
        capture_output=True,
        check=False,
        text=True,
    )
    return [line for line in done.stderr.splitlines() if "error:" in line] or (
        [done.stderr] if done.returncode else []
    )


BAD = {
    "two spaces for four": {"src/base/a.c": "int f(void)\n{\n  return 1;\n}\n"},
    "a brace on the wrong line": {
        "src/base/a.h": "static inline int f(void) {\n    return 1;\n}\n"
    },
}
GOOD = {"formatted code": {"src/base/a.c": "int f(void)\n{\n    return 1;\n}\n"}}
