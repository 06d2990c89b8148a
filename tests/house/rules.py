"""What the checks share: which files are ours, C without its comments and strings, and Skip."""
import os
import re
import subprocess


class Skip(Exception):
    """Raised by a check that lacks something; its text says what."""


def project_files(root):
    """The files under version control and new ones not ignored; without git, all but trees."""
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "-C",
        str(root),
        "ls-files",
        "-co",
        "--exclude-standard",
    ]
    try:
        listed = subprocess.run(
            command, capture_output=True, check=True, text=True
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        listed = []
        for folder, folders, names in os.walk(root):
            folders[:] = [f for f in folders if not f.startswith("build") and f != ".git"]
            listed += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(path for path in set(listed) if (root / path).is_file())


def is_c(path):
    return path.endswith((".c", ".h"))


def text_of(root, path):
    return (root / path).read_text(errors="replace")


# Raw prefixes and line continuations inside literals are not used in this project.
_TOKENS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def code_of(text):
    """C text with comments blanked and literals emptied; lines keep their numbers."""

    def blank(match):
        token = match[0]
        if token[0] in "\"'":
            return token[0] * 2
        return "\n" * token.count("\n") or " "

    return _TOKENS.sub(blank, text)


def grep(path, text, patterns, exempt=None):
    """Complaints for the lines of text that match one of patterns {regex: what is wrong};
    exempt is a function of the line's number."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, wrong in patterns.items():
            match = re.search(pattern, line)
            if match and not (exempt and exempt(number)):
                found.append(f"{path}:{number}: {wrong}: {match[0].strip()}")
    return found
