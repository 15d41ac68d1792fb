"""What people type, and what was wrong with it. Inputs are named by the dotted path of the spec that they fill."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.errors import InvalidInput

LONGEST = 4_000


@dataclass(frozen=True)
class Form:
    """Values as they were typed, and one sentence at each field that was refused."""

    values: Mapping[str, str]
    mistakes: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def mistake(self, name: str) -> str:
        return self.mistakes.get(name, "")

    def is_shown(self, names: list[str]) -> bool:
        """Does every mistake stand at one of these fields?"""
        return set(self.mistakes) <= set(names)

    def refused(self, mistake: InvalidInput, names: list[str]) -> "Form":
        """The same form with the mistake at the nearest field that it has."""
        at = mistake.field
        while at not in names and "." in at:
            at = at.rpartition(".")[0]
        sentence = mistake.sentence[:1].upper() + mistake.sentence[1:]
        return Form(self.values, {at if at in names else "": sentence if sentence.endswith((".", "?")) else sentence + "."})

    def lacking(self, needed: Mapping[str, str]) -> "Form":
        """The same form with a sentence at every field that was left empty and may not be."""
        return Form(self.values, {name: sentence for name, sentence in needed.items() if not self.value(name)})


def read(posted: Mapping[str, str], names: list[str]) -> Form:
    """Only the fields of this form, trimmed and cut to a length that nobody types."""
    return Form({name: posted.get(name, "").strip()[:LONGEST] for name in names})


def listed(text: str) -> list[str]:
    """`sex, race` as two names."""
    return [part.strip() for part in text.split(",") if part.strip()]


def whole(text: str, field_name: str) -> int:
    """A whole number, or the sentence that says so."""
    try:
        return int(text.replace(",", "").replace(" ", ""))
    except ValueError:
        raise InvalidInput(field_name, "write a whole number, such as 200000") from None


def required(form: Form, needed: Mapping[str, str]) -> None:
    """The first field that was left empty; its sentence says what belongs there."""
    for name, sentence in needed.items():
        if not form.value(name):
            raise InvalidInput(name, sentence)


def number(text: str, field_name: str) -> float:
    """A number, or the sentence that says so."""
    try:
        found = float(text.replace(" ", ""))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InvalidInput(field_name, "write a number, such as 3 or 0.5")
    return found


def document(form: Form) -> dict[str, Any]:
    """The spec of an audit in the JSON of the API."""
    data: dict[str, Any] = {name: form.value(f"data.{name}") for name in ("members", "non_members", "label")}
    if form.value("data.auxiliary"):
        data["auxiliary"] = form.value("data.auxiliary")
    for name in ("sensitive", "exclude", "subgroups"):
        if form.value(f"data.{name}"):
            data[name] = listed(form.value(f"data.{name}"))
    spec: dict[str, Any] = {"spec": 1, "name": form.value("name"), "target": form.value("target"), "data": data}
    spec |= {name: form.value(name) for name in ("attacks", "learner", "policy") if form.value(name)}
    budget: dict[str, float] = {"queries": whole(form.value("budget.queries"), "budget.queries")}
    budget |= _numbers(form, "budget", ("price_per_1000",))
    claimed = _numbers(form, "claimed_epsilon", ("epsilon", "delta"))
    if claimed and "epsilon" not in claimed:
        raise InvalidInput("claimed_epsilon.epsilon", "give the epsilon that this delta belongs to, or leave both empty")
    return spec | {"budget": budget} | ({"claimed_epsilon": claimed} if claimed else {})


def _numbers(form: Form, block: str, names: tuple[str, ...]) -> dict[str, float]:
    """The fields of this block that were filled in."""
    fields = {name: f"{block}.{name}" for name in names}
    return {name: number(form.value(at), at) for name, at in fields.items() if form.value(at)}
