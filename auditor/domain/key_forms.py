"""What the keys of a spec take, for the sentence that refuses a value of another kind."""

from collections.abc import Mapping, Sequence
from typing import Any

WANTED = {
    "shadows": "give an even number from 4 to 1024, or auto",
    "attacks": "give a tier (quick, standard or full), or a list of attacks such as [lira, rmia]; `auditor attacks` lists them",
    "claimed_epsilon": "give a number such as 4, or {epsilon: 4, delta: 1e-5}",
    "learner": "give a name such as random-forest, or {name: random-forest, params: {n_estimators: 100}}",
    "policy": "give default or people, or levels by family such as {membership: 25}",
}
"""What a key of several forms takes; pydantic would tell of one form only."""
SHAPES = {"tuple_type": "give a list, such as [first, second]", "model_type": "give a mapping of keys"} | dict.fromkeys(
    ("mapping_type", "dict_type"), "give a mapping of keys"
)
BOUNDS = {"greater_than": "above", "greater_than_equal": "of at least", "less_than": "below", "less_than_equal": "of at most"}


def bounded(kind: str, context: Mapping[str, Any]) -> str:
    """What a limit asks for, in words of people; empty for what is no limit."""
    if kind == "string_too_long":
        return f"give at most {context['max_length']:,} characters"
    if kind not in BOUNDS:
        return ""
    return f"give a number {BOUNDS[kind]} {next(iter(context.values())):,g}"


def lacking(path: Sequence[str]) -> tuple[str, str]:
    """Where something is missing, and what: a key of a mapping, or the second of two values."""
    if path[-1].isdigit():
        return ".".join(path[:-1]), "give two values, such as [0, 100]"
    return ".".join(path), f"add the key {path[-1]!r}"
