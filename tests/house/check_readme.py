"""README's examples are true: in its fenced blocks each line that begins with `$ ` is run, and
what it prints (both streams) is what the lines below it say. There `...` stands for any text
within a line, and alone on a line for any lines. An example without lines below it must only
work. What would install, clone or test is not run."""
import os
import re
import subprocess

from rules import text_of

NOT_RUN = re.compile(r"(?:sudo|apt|apt-get|git|cd)\b|\./quickstart\b")
TIMEOUT_SECONDS = 120
WORKED = (0, 1, 3)  # the verdicts of the design's exit codes; 2 is usage, 4 failed


def examples_of(text):
    """[(line number, command, [expected lines])]"""
    examples, fenced = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            examples.append(None)
        elif fenced and line.startswith("$ "):
            examples.append((number, line[2:], []))
        elif fenced and examples[-1]:
            before = examples[-1]
            if before[1].endswith("\\") and not before[2]:
                examples[-1] = (before[0], before[1][:-1] + line.lstrip("> "), [])
            else:
                before[2].append(line)
    return [example for example in examples if example]


def pattern_of(expected):
    """Lines of an example as a regular expression over the whole output."""
    parts = []
    for line in expected:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(
                ".*".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ \t]*\n"
            )
    return "".join(parts)


def complaints(root, files):
    if "README.md" not in files:
        return ["README.md is missing"]
    found = []
    path = f"{root}/build:{os.environ['PATH']}"
    for number, command, expected in examples_of(text_of(root, "README.md")):
        if NOT_RUN.match(command):
            continue
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=root,
            check=False,
            errors="replace",
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_SECONDS,
        )
        while expected and not expected[-1].strip():
            expected.pop()
        output = (
            done.stdout if not done.stdout or done.stdout.endswith("\n") else done.stdout + "\n"
        )
        if done.returncode not in WORKED:
            found.append(f"README.md:{number}: `{command}` exits {done.returncode}:\n{output}")
        elif expected and not re.fullmatch(pattern_of(expected), output):
            found.append(f"README.md:{number}: `{command}` prints otherwise:\n{output}")
    return found


def _readme(*lines):
    return {"README.md": "\n".join(("# x", "```", *lines, "```", ""))}


BAD = {
    "other output": _readme("$ echo 1", "2"),
    "output that is left out": _readme("$ echo 1; echo 2", "1"),
    "output that does not come": _readme("$ echo 1", "1", "2"),
    "a command that fails": _readme("$ exit 2"),
    "a command that is not there": _readme("$ no-such-command-here"),
    "a wrong second example": _readme("$ echo 1", "1", "$ echo 2", "3"),
    "no README": {"a.md": ""},
}
GOOD = {
    "true examples": _readme("$ echo 1", "1", "", "$ echo 2; exit 1", "2"),
    "elided lines and words": _readme("$ seq 9; echo took 3 s", "1", "...", "8", "9", "took ... s"),
    "continued commands": _readme("$ echo 1 \\", "    2", "1 2"),
    "what is not run, and shells elsewhere": _readme("$ ./quickstart test", "12 passed")
    | {"a.md": "$ exit 2\n"},
    "lines outside of fences": {"README.md": "$ exit 2\n"},
}
