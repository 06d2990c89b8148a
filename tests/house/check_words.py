"""Words that our C does not use: functions that cannot be told where the room ends or what is
wrong with a number, notes of unfinished work, and goto except down to the one `done` of a
function (style 20)."""
from rules import code_of, grep, is_c, text_of

CALLS = {
    r"\b(?:strcpy|stpcpy|strcat|v?sprintf|strtok(?:_r)?|ato(?:i|l|ll|f)|gets|alloca)\s*\(": (
        "a banned function"
    ),
    r"\bgoto\s+(?!done\b)\w+": "goto elsewhere than done",
}
NOTES = {r"\b(?:TO" r"DO|X" r"XX|FIX" r"ME)\b": "unfinished work"}


def complaints(root, files):
    found = []
    for path in filter(is_c, files):
        text = text_of(root, path)
        found += grep(path, code_of(text), CALLS) + grep(path, text, NOTES)
    return found


BAD = {
    "strcpy": {"src/base/a.c": "void f(void)\n{\n    strcpy (a, b);\n}\n"},
    "atoi in a test": {"tests/unit/test_a.c": "int x = atoi(text);\n"},
    "sprintf": {"src/base/a.c": "x = sprintf(a, b);\n"},
    "vsprintf": {"src/base/a.c": "x = vsprintf(a, b, c);\n"},
    "unfinished work": {"src/base/a.c": "/* TO" "DO: the rest */\n"},
    "goto upwards": {"src/base/a.c": "goto again;\n"},
}
GOOD = {
    "snprintf and names that end in a banned word": {
        "src/base/a.c": "snprintf(a, 1, b); fgets(a, 1, f);\n"
    },
    "the words in comments": {"src/base/a.c": "/* unlike strcpy(a, b) */\n"},
    "goto done": {"src/base/a.c": "goto done;\n"},
}
