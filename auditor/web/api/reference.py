"""The reference of the API as one page, rendered here from the OpenAPI document: nothing is loaded from elsewhere."""

from typing import Any, cast

from apiflask import APIFlask
from flask import Blueprint, current_app, render_template

from auditor.web.api.specification import Operation, operations
from auditor.web.problems import SENTENCES, TITLES

bp = Blueprint(
    "reference", __name__, url_prefix="/docs", template_folder="templates", static_folder="static", static_url_path="/static"
)

DEEPEST = 2


@bp.get("")
def page() -> str:
    """Every address with its role, its parameters and the keys of its body."""
    document = cast(dict[str, Any], cast(APIFlask, current_app)._get_spec("json"))
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, method, operation in operations(document):
        groups[operation["tags"][0]].append(_entry(document, path, method, operation))
    return render_template("reference.html", document=document, groups=groups, titles=TITLES, sentences=SENTENCES)


def _entry(document: dict[str, Any], path: str, method: str, operation: Operation) -> dict[str, Any]:
    return {
        "method": method.upper(),
        "path": path,
        "operation": operation,
        "id": operation["operationId"],
        "body": _keys(document, _schema(operation.get("requestBody", {}))),
        "answer": _keys(document, _schema(_success(operation))),
    }


def _success(operation: Operation) -> dict[str, Any]:
    return next((answer for code, answer in operation["responses"].items() if code.startswith("2")), {})


def _schema(part: dict[str, Any]) -> dict[str, Any]:
    return next((media["schema"] for media in part.get("content", {}).values()), {})


def _keys(document: dict[str, Any], schema: dict[str, Any], prefix: str = "") -> list[dict[str, Any]]:
    """The keys of an object, nested ones by dotted path."""
    schema = _followed(document, schema)
    rows = []
    for name, item in schema.get("properties", {}).items():
        full = _followed(document, item)
        rows.append(
            {
                "name": prefix + name,
                "type": _type(document, full),
                "required": name in schema.get("required", ()),
                "description": item.get("description") or full.get("description", ""),
            }
        )
        if prefix.count(".") < DEEPEST:
            rows += _keys(document, *_inside(document, full, prefix + name))
    return rows


def _inside(document: dict[str, Any], schema: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """What to describe below a key, and how its keys are called."""
    if schema.get("type") == "array":
        return _followed(document, schema.get("items", {})), f"{name}[]."
    return schema, f"{name}."


def _followed(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference; where it may also be null, what it is otherwise."""
    others = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    if len(others) == 1 and "$ref" in others[0]:
        return _followed(document, others[0])
    if "$ref" in schema:
        return cast(dict[str, Any], document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    return schema


def _type(document: dict[str, Any], schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(word) for word in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_type(document, _followed(document, option)) for option in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(document, _followed(document, schema.get('items', {})))}"
    return str(schema.get("format") or schema.get("type") or "any")
