"""What the standard STIX 2.1 asks of the objects that we write, as a JSON Schema of our own: there is
no checker of STIX among Debian's packages. Source: OASIS STIX 2.1, the tables of each object."""

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
TEXT = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 0, "maximum": 999999999}
ANY_ID = {"type": "string", "pattern": f"^[a-z0-9-]+--{UUID}$"}


def id_of(*kinds):
    return {"type": "string", "pattern": f"^({'|'.join(kinds)})--{UUID}$"}


def some(item):
    return {"type": "array", "minItems": 1, "items": item}


LIFE = {"created_by_ref": id_of("identity"), "created": TIME, "modified": TIME}
COMMON = {"labels": some(TEXT), "confidence": {"type": "integer", "minimum": 0, "maximum": 100}}


def one(kind, required, life=True, **properties):
    """An object with no property that the standard does not have."""
    known = {"type": {"const": kind}, "spec_version": {"const": "2.1"}, "id": id_of(kind), **properties}
    known.update({**LIFE, **COMMON} if life else {})
    always = ["type", "spec_version", "id", *(["created", "modified"] if life else []), *required]
    return {"properties": known, "required": always, "additionalProperties": False}


OBJECTS = {
    "identity": one("identity", ["name"], name=TEXT, identity_class={"const": "system"}),
    "malware": one("malware", ["is_family"], name=TEXT, aliases=some(TEXT), is_family={"type": "boolean"},
                   malware_types=some({"enum": ["worm"]})),
    "ipv4-addr": one("ipv4-addr", ["value"], False, resolves_to_refs=some(id_of("mac-addr")),
                     value={"type": "string", "pattern": r"^\d{1,3}(\.\d{1,3}){3}$"}),
    "ipv6-addr": one("ipv6-addr", ["value"], False, value=TEXT, resolves_to_refs=some(id_of("mac-addr"))),
    "mac-addr": one("mac-addr", ["value"], False, value={"type": "string", "pattern": "^([0-9a-f]{2}:){5}[0-9a-f]{2}$"}),
    "observed-data": one("observed-data", ["first_observed", "last_observed", "number_observed", "object_refs"],
                         first_observed=TIME, last_observed=TIME, number_observed={**COUNT, "minimum": 1},
                         object_refs=some(id_of("ipv4-addr", "ipv6-addr"))),
    "sighting": one("sighting", ["sighting_of_ref"], first_seen=TIME, last_seen=TIME, count=COUNT,
                    description={"type": "string"}, sighting_of_ref=id_of("malware"),
                    observed_data_refs=some(id_of("observed-data"))),
    "infrastructure": one("infrastructure", ["name"], name=TEXT, first_seen=TIME, last_seen=TIME,
                          infrastructure_types=some({"enum": ["botnet"]})),
    "relationship": one("relationship", ["relationship_type", "source_ref", "target_ref"], source_ref=ANY_ID,
                        target_ref=ANY_ID, description={"type": "string"},
                        relationship_type={"enum": ["consists-of", "hosts", "related-to"]}),
}
BUNDLE = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["type", "id", "objects"],
    "properties": {
        "type": {"const": "bundle"},
        "id": id_of("bundle"),
        "objects": some({
            "type": "object",
            "properties": {"type": {"enum": list(OBJECTS)}},
            "allOf": [{"if": {"properties": {"type": {"const": kind}}}, "then": rules}
                      for kind, rules in OBJECTS.items()],
        }),
    },
    "additionalProperties": False,
}
