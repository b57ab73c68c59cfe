"""The schema an author's editor reads and the model that reads the file say the same."""

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from scenarios import model
from scenarios.paths import AUDIENCES

FILE = Path(model.__file__).parent / "schema" / "scenario.schema.json"
SCHEMA = json.loads(FILE.read_text("utf-8"))
DEFS = SCHEMA["$defs"]
BY_KIND = {
    branch["if"]["properties"]["kind"]["const"]: branch["then"] for branch in DEFS["decision"]["allOf"]
}
"""What the schema adds for each kind of decision."""


def items(part, kind):
    """The objects in a list of a decision of that kind."""
    listed = BY_KIND[kind]["properties"][part]
    return (DEFS["rubric"] if "$ref" in listed else listed)["items"]


OBJECTS = {
    "Scenario": SCHEMA,
    "Note": SCHEMA["properties"]["note"],
    "Person": DEFS["person"],
    "Step": DEFS["step"],
    "Decision": DEFS["decision"],
    "Field": items("fields", "form"),
    "Criterion": items("rubric", "text"),
    "Play": DEFS["play"],
    **{f"Option of a {kind}": items("options", kind) for kind in ("choice", "multiple", "order")},
}
FOR_THE_FILE = {"Scenario": {"schema"}}
"""Keys of a file that the model has no field for."""
NOT_OF_THIS_KIND = {
    "Option of a choice": {"correct", "harmful"},
    "Option of a multiple": {"points"},
    "Option of a order": {"points", "correct", "harmful"},
}
ASKED_OF_AUTHORS = {
    "Scenario": {"approved", "note", "plays"},
    "Decision": {"clauses"},
    "Note": {"support", "another_route"},
    "Field": {"required"},
    "Option of a choice": {"points", "consequence", "rationale", "next", "violates"},
    "Option of a multiple": {"correct", "rationale"},
    "Option of a order": {"rationale"},
}
"""Keys that a file must have although the model has a default: a trainee's view leaves most of them out."""


def of(name):
    return getattr(model, name.split(" ")[0])


@pytest.mark.parametrize("name", OBJECTS)
def test_every_field_of_the_model_is_a_key_of_the_schema_and_the_other_way_round(name):
    known = {field.name for field in fields(of(name))} - NOT_OF_THIS_KIND.get(name, set())
    assert set(OBJECTS[name]["properties"]) - FOR_THE_FILE.get(name, set()) == known


def test_every_dataclass_of_the_model_is_held_against_the_schema():
    built = {name for name, it in vars(model).items() if hasattr(it, "__dataclass_fields__")}
    assert built == {name.split(" ")[0] for name in OBJECTS}
    assert set.intersection(*NOT_OF_THIS_KIND.values()) == set()


@pytest.mark.parametrize("name", OBJECTS)
def test_what_the_model_needs_and_what_is_asked_of_authors_is_required(name):
    needed = {f.name for f in fields(of(name)) if f.default is MISSING and f.default_factory is MISSING}
    asked = ASKED_OF_AUTHORS.get(name, set()) | FOR_THE_FILE.get(name, set())
    assert set(OBJECTS[name]["required"]) == needed | asked
    assert not needed & asked


def test_every_kind_of_decision_has_its_rules_in_the_schema():
    assert list(BY_KIND) == list(get_args(model.Kind)) == DEFS["decision"]["properties"]["kind"]["enum"]
    written = {kind for kind, then in BY_KIND.items() if "rubric" in then["required"]}
    assert written == model.WRITTEN
    for then in BY_KIND.values():
        assert set(then["required"]) | set(then["properties"]) <= set(DEFS["decision"]["properties"])


def test_lists_of_values_are_the_models():
    assert DEFS["person"]["properties"]["role"]["enum"] == list(
        get_args(get_type_hints(model.Person)["role"])
    )
    assert SCHEMA["properties"]["audience"]["enum"] == list(AUDIENCES)
    assert SCHEMA["properties"]["id"]["pattern"] == rf"^([{''.join(AUDIENCES.values())}]\d\d|B\d\d[a-z])$"
    assert max(DEFS["option"]["properties"]["points"]["enum"]) == model.FULL


@pytest.mark.parametrize("name", OBJECTS)
def test_what_may_be_null_in_the_schema_may_be_none_in_the_model(name):
    if name == "Scenario" or name.startswith(("Step", "Decision", "Option")):
        return  # None there means that the key is left out
    hints = get_type_hints(of(name))
    for key, rule in OBJECTS[name]["properties"].items():
        nullable = isinstance(rule.get("type"), list) and "null" in rule["type"]
        assert nullable == (type(None) in get_args(hints[key])), key


def keys(rule, path=""):
    """Yield (where, rule) of every key that an author may write, in every branch."""
    if isinstance(rule, dict):
        for key, sub in rule.get("properties", {}).items():
            yield f"{path}/{key}", sub
        for key, sub in rule.items():
            yield from keys(sub, f"{path}/{key}")
    elif isinstance(rule, list):
        for n, sub in enumerate(rule):
            yield from keys(sub, f"{path}/{n}")


def described(rule):
    while "description" not in rule and "$ref" in rule:
        target = SCHEMA
        for part in rule["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        rule = target
    return rule.get("description", "")


def test_an_editor_can_explain_every_key_an_author_writes():
    about = {where: described(rule) for where, rule in keys(SCHEMA) if rule != {"not": {}}}
    # Within allOf and if, a rule for a key adds to the key that was described above it.
    above = {where.rsplit("/", 1)[1] for where in about if where.startswith("/$defs/decision/")}
    bare = {where for where, text in about.items() if len(text) < 12}
    assert {where for where in bare if "/allOf/" not in where} == set()
    assert {where.rsplit("/", 1)[1] for where in bare} <= {"kind", "options", "fields", "rubric"} <= above
    shared = ("prose", "slug", "clauses", "gap")
    assert not [name for name in shared if "description" in DEFS[name]], "would hide the key's own"


def test_the_editors_settings_name_schemas_and_files_that_are_there():
    root = FILE.parents[2]
    settings = json.loads((root / ".vscode" / "settings.json").read_text("utf-8"))
    for schema, files in settings["yaml.schemas"].items():
        assert (root / schema).is_file() and list(root.glob(files)), schema
