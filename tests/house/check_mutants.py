"""The table of numbers that decide (mutant_rows) cannot rot: each row stands in its file just once
and names tests that there are, and each numeric constant of the files it watches is in a row or
among those that are spared, with a reason. `tests/mutants` changes the numbers and runs the
tests."""
import fnmatch
import importlib.util
import re

from rules import code_of, text_of

ROWS_FILE = "tests/house/mutant_rows.py"
NUMBER = re.compile(r"(?<![\w.])\d")
SCALAR = r"(?:double|float|int|unsigned|size_t|u?int\d+_t)"


def load_rows(root):
    """ROWS, SPARED, FILES as they stand in this tree."""
    spec = importlib.util.spec_from_file_location("mutant_rows", root / ROWS_FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain(text):
    """The text of a row as it stands in its file, and where the number begins and ends in it."""
    before, number, behind = text.split("@")
    return before + number + behind, len(before), len(before) + len(number)


def constants_of(text):
    """{name} of what #define, enum and const scalars set to something with a number in it."""
    code = code_of(text).replace("\\\n", " ")
    found = re.findall(r"^[ \t]*#define[ \t]+(\w+)[ \t]+(.*)$", code, re.MULTILINE)
    lists = re.findall(r"\benum\b[^{};()]*\{([^}]*)\}", code)
    lists += re.findall(rf"\bconst {SCALAR} (\w[^;{{}}]*=[^;{{}}]*);", code)
    for one in ",".join(lists).split(","):
        found += re.findall(r"^\s*(\w+)\s*=(.*)$", one, re.DOTALL)
    return {name for name, value in found if NUMBER.search(value)}


def _check_row(path, source, row, tests):
    text, replacements, named = row
    if text.count("@") != 2:
        return [f"{ROWS_FILE}: {path}: no number between two @: {text!r}"]
    wanted, begin, end = plain(text)
    found = []
    if source.count(wanted) != 1:
        found.append(f"{ROWS_FILE}: {path}: {wanted!r} stands {source.count(wanted)} times there")
    if not replacements.split() or wanted[begin:end] in replacements.split():
        found.append(f"{ROWS_FILE}: {path}: {wanted!r}: its replacements change nothing")
    if not named.split():
        found.append(f"{ROWS_FILE}: {path}: {wanted!r}: no test is named")
    found += [f"{ROWS_FILE}: no tests/unit/test_{t}.c" for t in named.split() if t not in tests]
    return found


def _is_in_row(name, rows):
    return any(re.search(rf"\b{name}\b[^=@]*(= )?[^=@]*@", text) for text, _, _ in rows)


def _check_constants(path, source, table):
    names = constants_of(source)
    rows, spared = table.ROWS.get(path, []), table.SPARED.get(path, {})
    found = [
        f"{path}: {name} is in no row of {ROWS_FILE}, nor is it spared there"
        for name in sorted(names)
        if not _is_in_row(name, rows) and not any(fnmatch.fnmatch(name, s) for s in spared)
    ]
    found += [
        f"{ROWS_FILE}: {path}: nothing is called {pattern}, so nothing is to be spared"
        for pattern in spared
        if not fnmatch.filter(names, pattern)
    ]
    return found


def complaints(root, files):
    if ROWS_FILE not in files:
        return [f"{ROWS_FILE}: missing"]
    table = load_rows(root)
    tests = {m[1] for f in files if (m := re.fullmatch(r"tests/unit/test_(\w+)\.c", f))}
    found = [f"{ROWS_FILE}: no file {path}" for path in table.ROWS if path not in files]
    found += [f"{ROWS_FILE}: no file {path}" for path in table.SPARED if path not in files]
    for path, rows in table.ROWS.items():
        source = text_of(root, path) if path in files else ""
        for row in rows if path in files else []:
            found += _check_row(path, source, row, tests)
    for path in files:
        if any(fnmatch.fnmatch(path, pattern) for pattern in table.FILES):
            found += _check_constants(path, text_of(root, path), table)
    return found


def _tree(source, rows, spared="{}"):
    return {
        "src/a.c": source,
        "tests/unit/test_a.c": "",
        ROWS_FILE: f"FILES = ['src/*.c']\nROWS = {{'src/a.c': {rows}}}\nSPARED = {spared}\n",
    }


_ROW = "[('#define A @1@', '0 2', 'a')]"
BAD = {
    "a row whose text is gone": _tree("#define A 2\n", _ROW),
    "a row whose text stands twice": _tree("#define A 1\n#define A 1\n", _ROW),
    "a row that changes nothing": _tree("#define A 1\n", "[('#define A @1@', '1', 'a')]"),
    "a row without its number": _tree("#define A 1\n", "[('#define A 1', '0 2', 'a')]"),
    "a row of a test that is not there": _tree("#define A 1\n", "[('#define A @1@', '0', 'b')]"),
    "a #define in no row": _tree("#define A 1\n#define B (1 << 3)\n", _ROW),
    "an enum constant in no row": _tree("#define A 1\nenum { B, C = 7 };\n", _ROW),
    "a const in no row": _tree("#define A 1\nstatic const double b = -3.5, c = x;\n", _ROW),
    "a reason for nothing": _tree("#define A 1\n", _ROW, "{'src/a.c': {'B_*': 'memory'}}"),
    "a table that is not there": {"src/a.c": "#define A 1\n"},
}
GOOD = {
    "rows, spared constants and words": _tree(
        "#define A 1\nenum { B_MAX = 7, C }; /* #define D 4 */\n#define D 'x'\n",
        _ROW,
        "{'src/a.c': {'B_*': 'memory'}}",
    ),
}
