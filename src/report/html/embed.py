#!/usr/bin/env python3
"""Turns the page's script and style into C: embed.py SCRIPT STYLE OUT.c

Lines lose their indentation, which is a tenth of the bytes; no string in them goes over lines. The
C is a table of numbers, as C promises to read no literal as long as they are."""
import sys
from pathlib import Path

COLUMNS = 16


def rows_of(data):
    for at in range(0, len(data), COLUMNS):
        yield "    " + " ".join(f"{byte}," for byte in data[at : at + COLUMNS])


def table(name, path):
    data = Path(path).read_bytes()
    if any(byte >= 0x80 or byte == 0 for byte in data):
        sys.exit(f"{path}: only ASCII can be put into a page of any charset")
    if b"</" in data or b"<!--" in data:
        sys.exit(f"{path}: '</' or '<!--' would end the element that it stands in")
    data = b"".join(line.strip() + b"\n" for line in data.splitlines() if line.strip())
    return f"const char {name}[] = {{\n" + "\n".join(rows_of(data + b"\0")) + "\n};\n"


def main():
    script, style, out = sys.argv[1:]
    Path(out).write_text(
        "/* Made by html/embed.py. */\n"
        '#include "report/html_inside.h"\n\n'
        + table("html_script", script)
        + table("html_style", style)
    )


if __name__ == "__main__":
    main()
