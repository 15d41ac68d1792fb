"""Ids: UUIDs and nothing else, so that a path or a variable name is refused before anything is looked up."""

import re

from flask import request

from auditor.errors import InvalidInput, NotFound

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_id(text: str) -> bool:
    return UUID.fullmatch(text) is not None


def the_id(value: object, field: str, of: str) -> str:
    """The id in canonical form; raises InvalidInput that says what to give instead."""
    if isinstance(value, str) and is_id(value):
        return value.lower()
    raise InvalidInput(field, f"give {_a(of)} id, not {_kind(value)}; POST /api/v1/{of}s makes one and answers with its id")


def check_path() -> None:
    """Before every request of the API: ids in the address look like ids."""
    given = request.view_args or {}
    for name in [name for name in given if name.endswith("_id")]:
        what = "audit" if name == "other_id" else name.removesuffix("_id")
        if not is_id(given[name]):
            raise NotFound(f"There is no such {what}: an id is a UUID, and GET /api/v1/{what}s lists those of this workspace.")
        given[name] = given[name].lower()


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return "a block"
    if not isinstance(value, str):
        return "another kind of value"
    if "://" in value:
        return "a URL"
    if re.search(r"[/\\]|\.\w+$", value):
        return "a path"
    if re.fullmatch(r"(env:)?[A-Z][A-Z0-9_]*", value):
        return "the name of a variable"
    return "another text"
