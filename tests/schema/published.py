"""docs/json.schema.json, the schema that is published for programs: it is a valid JSON Schema
(draft 2020-12), it says of each field what the tables of docs/json.md say, and it holds for lines
that are right and not for lines that are wrong."""
import json
from pathlib import Path

from schema import PAGE, read_page

PUBLISHED = Path(PAGE).parent / "json.schema.json"

try:
    import jsonschema
except ImportError:  # the test says that it is skipped
    jsonschema = None


class Published:
    """Complaints about lines, by the published schema."""

    def __init__(self):
        self.schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
        if jsonschema is not None:
            jsonschema.Draft202012Validator.check_schema(self.schema)
            self.validator = jsonschema.Draft202012Validator(self.schema)

    def complaints_of_output(self, text):
        for number, line in enumerate(text.splitlines(), 1):
            for error in self.validator.iter_errors(json.loads(line)):
                deepest = min(error.context or [error], key=lambda e: -len(e.absolute_path))
                yield f"line {number}: {deepest.json_path}: {deepest.message[:200]}"

    def complaints_of_tables(self):
        """Whether a field is on one of the two pages alone, or there always on one alone."""
        objects = read_page(PAGE.read_text(encoding="utf-8"))
        for name, fields in objects.items():
            of = self.schema["$defs"].get(name.replace(" ", "_").replace("-", "_"))
            if of is None:
                yield f"{name} is not in the schema"
                continue
            listed = {field for field, *_ in fields}
            for field in sorted(listed ^ set(of["properties"])):
                yield f"{name}.{field} is only in one of json.md and json.schema.json"
            always = {field for field, _, there, verb in fields if there and verb is None}
            for field in sorted(always ^ set(of["required"])):
                yield f"{name}.{field} is always there only in one of json.md and json.schema.json"
