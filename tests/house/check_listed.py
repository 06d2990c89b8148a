"""No test is forgotten: each tests/unit/test_*.c and tests/fuzz/fuzz_*.c is in meson's list, each
fuzz target has a corpus with something in it, each test function is in the group that is run, and
each check and case folder is complete by construction (they are found, not listed)."""
import re

from rules import code_of, text_of

KINDS = [("tests/unit", "test_"), ("tests/fuzz", "fuzz_")]
FUNCTION = re.compile(r"^static void (test_\w+)\(void \*\*", re.MULTILINE)


def complaints(root, files):
    found = []
    for folder, prefix in KINDS:
        listing = f"{folder}/meson.build"
        lines = text_of(root, listing).splitlines() if listing in files else []
        listed = {
            line.strip().strip("',") for line in lines if re.fullmatch(r"\s*'\w+',?\s*", line)
        }
        for path in files:
            match = re.fullmatch(rf"{folder}/{prefix}(\w+)\.c", path)
            if match and match[1] not in listed:
                found.append(f"{path}: not in {listing}")
            if (
                match
                and folder == "tests/fuzz"
                and not any(f.startswith(f"tests/fuzz/corpus/{match[1]}/") for f in files)
            ):
                found.append(f"{path}: tests/fuzz/corpus/{match[1]}/ is empty")
    for path in files:
        if re.fullmatch(r"tests/unit/test_\w+\.c", path):
            code = code_of(text_of(root, path))
            found += [
                f"{path}: {name} is never run"
                for name in FUNCTION.findall(code)
                if len(re.findall(rf"\b{name}\b", code)) < 2
            ]
    return found


_UNIT = {
    "tests/unit/test_a.c": "static void test_a(void **state)\n{\n}\nmain() { unit_test(test_a); }\n"
}
BAD = {
    "a unit test file that is not listed": {
        **_UNIT,
        "tests/unit/meson.build": "x = [\n  'b',\n]\n",
    },
    "a unit test file without a list": _UNIT,
    "a fuzz target that is not listed": {
        "tests/fuzz/fuzz_a.c": "",
        "tests/fuzz/corpus/a/1": "",
        "tests/fuzz/meson.build": "x = [\n]\n",
    },
    "a fuzz target without a corpus": {
        "tests/fuzz/fuzz_a.c": "",
        "tests/fuzz/meson.build": "x = [\n  'a',\n]\n",
    },
    "a test function that is never run": {
        "tests/unit/test_a.c": "static void test_b(void **state)\n{\n}\n",
        "tests/unit/meson.build": "x = [\n  'a',\n]\n",
    },
}
GOOD = {
    "listed tests": {
        **_UNIT,
        "tests/unit/meson.build": "x = [\n  'a',\n]\n",
        "tests/fuzz/fuzz_b.c": "",
        "tests/fuzz/corpus/b/1": "",
        "tests/fuzz/meson.build": "x = [\n  'b',\n]\n",
    },
}
