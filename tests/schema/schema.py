"""The schema of docs/json.md, read from its tables, and lines held against it."""
import json
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "json.md"
LINE_TYPES = ("change", "host", "infection", "dark", "summary")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*")
ROW = re.compile(r"\| `(\w+)` \| (.+?) \| (always|sometimes)(?: in a (hunt|scan|report))? \|")
# What foreign text must not bring to a terminal: control characters of both sets.
STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_text(value, pattern=None):
    if not isinstance(value, str) or STEERING.search(value):
        return False
    return pattern is None or pattern.fullmatch(value) is not None


SIMPLE = {
    "text": is_text,
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "number": is_number,
    "count": lambda value: is_number(value) and isinstance(value, int) and value >= 0,
    "time": lambda value: is_text(value, TIME),
    "port": lambda value: is_number(value) and isinstance(value, int) and 0 < value < 65536,
    "share": lambda value: is_number(value) and 0 <= value <= 1 and round(value, 4) == value,
    "date": lambda value: is_text(value, re.compile(r"\d{4}-\d\d-\d\d")),
    "address": lambda value: is_text(value, ADDRESS),
    "variant": lambda value: value in ("A", "B", "C", "D", "E"),
    "mark": lambda value: value in ("attacked", "fetched", "relay", "scanner", "unpatched"),
}


def read_page(text):
    """{object: [(field, type, whether it is always there, the verb that has it or None)]}, in the
    order of the page."""
    objects, name = {}, None
    for line in text.splitlines():
        if line.startswith("## "):
            name = line[3:].strip()
        match = ROW.match(line)
        if match:
            objects.setdefault(name, []).append((match[1], match[2], match[3] == "always", match[4]))
    return objects


class Schema:
    """Complaints about values, by the tables of a page."""

    def __init__(self, page=None):
        self.objects = read_page(PAGE.read_text(encoding="utf-8") if page is None else page)

    def complaints(self, value, kind, where, verb):
        literals = re.findall(r"`([^`]*)`", kind)
        words = [word for word in re.sub(r"`[^`]*`|\bor\b", "|", kind).split("|") if word.strip()]
        if any(self.is_literal(value, literal) for literal in literals):
            return
        for word in map(str.strip, words):
            if word.startswith("list of ") and isinstance(value, list):
                for number, item in enumerate(value):
                    yield from self.complaints(item, word[8:], f"{where}[{number}]", verb)
                return
            if word in self.objects and isinstance(value, dict):
                yield from self.complaints_of_object(value, word, where, verb)
                return
            if word in SIMPLE and SIMPLE[word](value):
                return
        yield f"{where} is {json.dumps(value)[:80]}, not {kind}"

    @staticmethod
    def is_literal(value, literal):
        wanted = json.loads(literal)
        return type(value) is type(wanted) and value == wanted

    def complaints_of_object(self, value, name, where, verb):
        verbs = (None, "hunt", "scan", "report") if verb == "report" else (None, verb)
        # A report has hosts of both; what is always in a scan is of its summary.
        fields = [
            (field, kind, always and (verb != "report" or where_from != "scan"))
            for field, kind, always, where_from in self.objects[name]
            if where_from in verbs
        ]
        known = [field for field, _, _ in fields]
        for key in value:
            if key not in known:
                yield f"{where}.{key} is not on the page of a {verb}"
        for field, kind, always in fields:
            if field in value:
                yield from self.complaints(value[field], kind, f"{where}.{field}", verb)
            elif always:
                yield f"{where}.{field} is missing"
        order = [key for key in value if key in known]
        if name != "facts" and order != sorted(order, key=known.index):
            yield f"{where}: the fields stand in another order than on the page"

    def complaints_of_output(self, text):
        """Of the lines of one run: each by its type, the summary the last and only one."""
        lines = text.split("\n")
        if lines.pop() != "":
            yield "the last line has no end"
        objects = []
        for number, line in enumerate(lines, 1):
            try:
                objects.append(json.loads(line))
            except ValueError as error:
                yield f"line {number} is no JSON: {error}"
                return
        last = objects[-1] if objects else None
        verb = last.get("verb") if isinstance(last, dict) else None
        verb = "hunt" if verb in ("merge", "watch") else verb  # it stands for one
        for number, value in enumerate(objects, 1):
            kind = value.get("type") if isinstance(value, dict) else None
            if kind not in LINE_TYPES:
                yield f"line {number} is of no known type"
                continue
            yield from self.complaints_of_object(value, kind, f"line {number}: {kind}", verb)
        types = [isinstance(value, dict) and value.get("type") for value in objects]
        if types.count("summary") != 1 or types[-1] != "summary":
            yield "the summary is not the last line, once"
