"""`auditor schema spec|result`: the JSON schema of the spec or of the result."""

import argparse
import json
from importlib.resources import files
from typing import Any

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("schema", help="print a JSON schema", description=__doc__)
    parser.add_argument("document", choices=("spec", "result"), metavar="spec|result", help="which document")
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> int:
    schema = spec_schema() if arguments.document == "spec" else result_schema()
    print(json.dumps(schema, indent=2))
    return 0


def result_schema() -> Schema:
    loaded: Schema = json.loads((files("auditor.cli") / "result.schema.json").read_text(encoding="utf-8"))
    return loaded


def spec_schema() -> Schema:
    """Of the domain's own model, with the short forms that it reads: a name where a block with a name may stand."""
    from auditor.domain.spec import AuditSpec

    schema = {"$schema": DIALECT, **AuditSpec.model_json_schema()}
    _or_name(schema["properties"], "learner")
    parts = schema["$defs"]
    parts["AttackOrName"] = {"anyOf": [{"$ref": "#/$defs/AttackSpec"}, {"type": "string"}]}
    parts["SensitiveOrName"] = {"anyOf": [{"$ref": "#/$defs/SensitiveSpec"}, {"type": "string"}]}
    parts["Label"] = {"type": ["string", "number", "boolean"]}
    _items(schema["properties"]["attacks"], "AttackSpec", "AttackOrName")
    _items(parts["DataSpec"]["properties"]["sensitive"], "SensitiveSpec", "SensitiveOrName")
    parts["TargetSpec"]["properties"]["classes"]["items"] = {"$ref": "#/$defs/Label"}
    return schema


def _or_name(properties: Schema, key: str) -> None:
    block = properties[key]
    described = {k: block.pop(k) for k in ("default", "description", "title") if k in block}
    properties[key] = {"anyOf": [block, {"type": "string"}], **described}


def _items(array: Schema, block: str, either: str) -> None:
    """Lets the items of an array, or of the arrays among its alternatives, be either."""
    for one in [array, *array.get("anyOf", [])]:
        if one.get("items") == {"$ref": f"#/$defs/{block}"}:
            one["items"] = {"$ref": f"#/$defs/{either}"}
