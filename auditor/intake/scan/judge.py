"""From what a pickle would do to what is said about it."""

import re
from collections.abc import Iterable, Sequence

from auditor.intake.scan.dangerous import is_dangerous
from auditor.intake.scan.decode import decoded
from auditor.intake.scan.known import LOOKUPS, is_known
from auditor.intake.scan.machine import Event
from auditor.intake.scan.sighting import Kind, Sighting
from auditor.intake.scan.symbols import Call, Global, Opaque, Pairs, Value, expression

MOST = 50  # sightings of one pickle that are listed
WRITERS = {Global("xgboost.core", "Booster"), Global("lightgbm.basic", "Booster")}  # called with a path, they read that file

# scipy.stats runs the text `_parse_arg_template` of a distribution's state; this is what scipy itself writes there.
_NAMES, _DEFAULTS = r"(?:[A-Za-z_]\w*, )*", r" loc=0(?:, scale=1)?"
TEMPLATE = re.compile(
    rf"\ndef _parse_args\(self, {_NAMES}{_DEFAULTS}\):\n    return \({_NAMES}\), loc, (?:scale|1)\n"
    rf"\ndef _parse_args_rvs\(self, {_NAMES}{_DEFAULTS}, size=None\):\n"
    rf"    return self\._argcheck_rvs\({_NAMES} loc, (?:scale|1), size=size\)\n"
    rf"\ndef _parse_args_stats\(self, {_NAMES}{_DEFAULTS}, moments='mv'\):\n    return \({_NAMES}\), loc, (?:scale|1), moments\n",
    re.ASCII,
)


def judge(events: Sequence[Event], place: str, persistent: bool = False) -> list[Sighting]:
    """What is worth saying, each once, calls by their outermost expression. `persistent`: the format has persistent ids."""
    called = {id(c) for e in events if e.action == "call" for c in _within(e.value) if _verdict_of_call(e.value) is not None}
    seen: dict[tuple[Kind, str], Sighting] = {}
    for event in events:
        if (event.action == "call" and id(event.value) in called) or (event.action == "persistent" and persistent):
            continue
        sighting = _judge(event, place)
        if sighting is not None and len(seen) < MOST:
            seen.setdefault((sighting.kind, sighting.expression), sighting)
    return _without_echo(seen.values())


def _within(call: Call) -> Iterable[Value]:
    """Calls that are the function or an argument of this one: they are printed with it."""
    arguments = call.arguments if isinstance(call.arguments, tuple) else (call.arguments,)
    return (value for value in (call.function, *arguments) if isinstance(value, Call))


def _without_echo(sightings: Iterable[Sighting]) -> list[Sighting]:
    """An import need not be told when the call of it is."""
    told = list(sightings)
    called = [s.expression for s in told if s.expression.endswith(")")]
    return [s for s in told if s.expression.endswith(")") or not any(s.expression + "(" in text for text in called)]


def _judge(event: Event, place: str) -> Sighting | None:
    value = event.value
    if event.action == "import":
        return _of_import(value, place)
    if event.action == "call":
        kind = _verdict_of_call(value)
        return None if kind is None else _of_call(kind, value, place)
    if event.action in ("build", "change"):
        return _of_change(event, place)
    if event.action == "extension":
        return Sighting(Kind.UNKNOWN, f"loading it would use {value.what}, which only that program knows", place, f"<{value.what}>")
    return Sighting(
        Kind.OUTSIDE, "it refers to objects that are kept elsewhere, so that only a program of its own can load it", place
    )


def _of_import(value: Value, place: str) -> Sighting | None:
    if not isinstance(value, Global):
        return Sighting(
            Kind.RUNS, "loading it would import a name that it computes, which no model needs", place, expression(value)
        )
    kind = _verdict(value)
    if kind is None:
        return None
    words = "which no model needs" if kind is Kind.RUNS else "and nothing here knows what that does"
    return Sighting(kind, f"loading it would import {value}, {words}", place, str(value))


def _of_call(kind: Kind, call: Call, place: str) -> Sighting:
    text = expression(call)
    hidden = _hidden(call)
    words = "loading it would run" if kind is Kind.RUNS else "loading it would call"
    tail = f", where the coded text reads {hidden}" if hidden else ""
    return Sighting(kind, f"{words} {text}{tail}", place, text)


def _of_change(event: Event, place: str) -> Sighting | None:
    value = event.value
    if isinstance(value, Global):
        return Sighting(Kind.RUNS, f"loading it would alter {value} itself for the whole program", place, str(value))
    if isinstance(value, Opaque) or event.action != "build":
        return None  # what is behind it was told when it was made
    made = value.made if isinstance(value, Call) else None
    if made is not None and made.module.startswith("scipy.stats"):
        return _of_distribution(value, place)
    return None


def _of_distribution(call: Call, place: str) -> Sighting | None:
    state = call.states[-1]
    if isinstance(state, Pairs) and all(isinstance(key, str) for key, _ in state.items):
        template = state.under("_parse_arg_template")
        if isinstance(template, Opaque) or (isinstance(template, str) and TEMPLATE.fullmatch(template)):
            return None
        state = template
    text = f"builtins.exec({expression(state)})"
    return Sighting(
        Kind.RUNS,
        f"loading it would run {text}, by way of a distribution of scipy.stats that runs what its state says",
        place,
        text,
    )


def _verdict_of_call(call: Call) -> Kind | None:
    function = call.function
    if isinstance(function, Call | Opaque):
        return Kind.RUNS  # what another call returned is called: no model needs that
    if not isinstance(function, Global):
        return None  # not callable: loading fails here
    if function in WRITERS and call.arguments and not call.maker:
        return Kind.UNKNOWN
    if function in LOOKUPS:
        return None if _binds_a_method(call.arguments) else Kind.RUNS
    return _verdict(function)


def _binds_a_method(arguments: Value) -> bool:
    """`getattr(model, "predict")`: how a method of a known object is pickled."""
    if not isinstance(arguments, tuple) or len(arguments) != 2:
        return False
    owner, name = arguments
    made = owner.made if isinstance(owner, Call) else None
    return made is not None and made not in LOOKUPS and is_known(made) and isinstance(name, str) and "__" not in name


def _verdict(name: Global) -> Kind | None:
    if is_known(name):
        return None
    return Kind.RUNS if is_dangerous(name) else Kind.UNKNOWN


def _hidden(call: Call) -> str:
    """What stands in coded arguments, in clear."""
    arguments = call.arguments if isinstance(call.arguments, tuple) else ()
    for argument in arguments:
        text = decoded(argument) if isinstance(argument, Call) else None
        if text is not None:
            return expression(text.decode("utf-8", "replace"))
    return ""
