"""Nothing that is committed names the machine on which it was made: no absolute path of a home or
work folder, no host of a package registry. The words are put together here so as not to find
themselves."""
import re

from rules import grep

FOLDERS = "|".join(["work", "root", "home" + r"/\w+", "Users" + r"/\w+", "workspace", "tmp/tasks"])
HOSTS = "|".join(
    h.replace("!", r"\.")
    for h in (
        "deb!debian!org",
        "pypi!org",
        "files!pythonhosted!org",
        "registry!npmjs!org",
        "crates!io",
        "rubygems!org",
        "proxy!golang!org",
        "repo1?!maven!org",
    )
)
PATTERNS = {
    rf"(?<![\w./:$\\-])/(?:{FOLDERS})/": "a path of one machine",
    rf"\b(?:{HOSTS})\b": "a package registry",
}
MUST_BE_SMALLER_THAN = 4 << 20


def complaints(root, files):
    found = []
    for path in files:
        if (root / path).stat().st_size >= MUST_BE_SMALLER_THAN:
            found.append(f"{path}: 4 MiB or more: too large to commit, and not searched")
            continue
        raw = (root / path).read_bytes()
        if b"\0" in raw:  # one line, so that strings in binaries are found as well
            raw = re.sub(rb"[^ -~]+", b" ", raw)
        found += grep(path, raw.decode(errors="replace"), PATTERNS)
    return found


BAD = {
    "a work folder": {"docs/a.md": "see `/" "work/x`\n"},
    "root's home": {"src/base/a.c": '"/' 'root/x"\n'},
    "somebody's home": {"tests/a.sh": "cat /" "home/alice/x\n"},
    "a path in a binary": {"samples/a.bin": "\0\1\2/" "work/x\0"},
    "a registry": {"a.py": "https://pypi" ".org/simple\n"},
}
GOOD = {
    "relative paths and words": {
        "a.md": "homework/x, ./work/x, /usr/bin, home/, http://x.example/work/, $D/root/x\n"
    },
}
