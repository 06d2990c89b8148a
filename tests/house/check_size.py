"""Files open by saying what they know, and keep their size (style 6, 24): a comment first, at
most 600 lines, at most 100 columns. Rows of tables of data do not count."""
import re

from rules import is_c, text_of

LINES, COLUMNS = 600, 100
ROW = re.compile(r"""\s*(?:\{|"|'|-?\d|\.\w+ = |[A-Z][A-Z0-9_]*,)""")


def complaints(root, files):
    found = []
    for path in files:
        if not is_c(path) or not path.startswith(("src/", "include/", "tests/", "bench/")):
            continue
        lines = text_of(root, path).splitlines()
        if not lines or not lines[0].startswith(("/*", "//")):
            found.append(f"{path}:1: opens without a comment that says what it knows")
        ordinary = [(n, line) for n, line in enumerate(lines, 1) if not ROW.match(line)]
        if len(ordinary) > LINES:
            found.append(
                f"{path}: {len(ordinary)} lines, more than {LINES}: does it hold two ideas?"
            )
        found += [
            f"{path}:{n}: {len(line)} columns, more than {COLUMNS}"
            for n, line in ordinary
            if len(line) > COLUMNS
        ]
    return found


BAD = {
    "a file without its opening comment": {"src/base/a.c": "int a;\n"},
    "an empty file": {"src/base/a.c": ""},
    "a long file": {"src/base/a.c": "/* a */\n" + "int f(void);\n" * 600},
    "a long line": {"tests/unit/a.c": "/* a */\nint " + "a" * 100 + ";\n"},
}
GOOD = {
    "600 lines of 100 columns": {"src/base/a.c": "/* a */\n" + ("int " + "a" * 95 + ";\n") * 599},
    "a long table": {
        "src/base/a.c": "/* a */\nint a[] = {\n" + "    0x1, 0x2, 0x3,\n" * 700 + "};\n"
    },
}
