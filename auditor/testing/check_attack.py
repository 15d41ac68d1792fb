"""The contract of an attack, as a check that its author runs: `check_attack(MyAttack())`, in any test runner."""

import inspect
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.attack import Attack, Family, Query
from auditor.domain.evidence import Evidence
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import Cancelled
from auditor.testing.claims import distance, restored, strength
from auditor.testing.world import World, small_value_world, small_world

CLOSE = 1e-9
SURE = 4.5  # standard errors: one false alarm in 150,000 checks


def check_attack(attack: Attack, world: World | None = None) -> None:
    """Raises AssertionError with one sentence for the first promise that the attack breaks. An attack that sees nothing (a
    baseline) is excused from documentation, from finding anything, and from asking.

    Promises: it says what it is; same seed, same evidence; no global randomness; it stays inside `needs`; it finds a leak and
    finds nothing where there is none; the order of records does not matter; it reports progress and can be cancelled.
    """
    for setting in [world] if world else worlds_of(attack):
        for check in CHECKS:
            check(attack, setting)


def worlds_of(attack: Attack) -> list[World]:
    """Where this attack works: on a model that answers classes, and on one that answers a number if it says so."""
    knows_values = isinstance(attack, Attack) and attack.threat_model.or_value  # what is no attack is refused by the first check
    return [small_world(), *([small_value_world()] if knows_values else [])]


def describes_itself(attack: Attack, world: World) -> None:
    """Name, family, threat model, paper and plain words; a page in the documentation under its name."""
    _require(isinstance(attack, Attack), "It lacks a part of auditor.domain.attack.Attack.")
    _require(attack.name == attack.name.lower() and " " not in attack.name, "Its name is written in lower case with hyphens.")
    _require(isinstance(attack.family, Family), "Its family is one of auditor.domain.attack.Family.")
    _require(isinstance(attack.threat_model, ThreatModel), "Its threat_model is a ThreatModel.")
    _require(all(isinstance(fact, Knows) for fact in attack.threat_model.knows), "What it knows is a set of Knows.")
    _require(bool(attack.reference.strip()), "It names the paper it comes from in `reference`.")
    _require(bool(attack.shows.strip()), "It says in `shows` what it shows, in plain words.")
    if not _is_baseline(attack):
        page = documentation(attack)
        _require(page is not None, f"Its page docs/attacks/{attack.name}.md is missing beside its code.")
        _require(page is not None and page.read_text().startswith("# "), f"docs/attacks/{attack.name}.md starts with a heading.")


def documentation(attack: Attack) -> Path | None:
    """docs/attacks/<name>.md in the nearest folder above the attack's code."""
    pages = (folder / "docs" / "attacks" / f"{attack.name}.md" for folder in Path(inspect.getfile(type(attack))).resolve().parents)
    return next((page for page in pages if page.is_file()), None)


def repeats_itself(attack: Attack, world: World) -> None:
    """Same seed, same evidence, whatever the global random state; which it leaves as it was."""
    first = _run(attack, world)
    legacy, builtin = np.random.get_state(), random.getstate()
    np.random.seed(12345)
    random.seed(12345)
    disturbed = np.random.get_state()[1].copy(), random.getstate()  # type: ignore[index]
    try:
        second = _run(attack, world)
        untouched = np.array_equal(disturbed[0], np.random.get_state()[1]) and disturbed[1] == random.getstate()  # type: ignore[index]
    finally:
        np.random.set_state(legacy)
        random.setstate(builtin)
    _require(untouched, "It draws from a global random state; derive a generator from context.seed instead.")
    _require(distance(first, second) == 0, "The same seed gives other evidence the second time.")


def stays_inside_its_needs(attack: Attack, world: World) -> None:
    """No more distinct records asked beside the candidates than promised, and it runs on the fewest shadows it asks for."""
    needs = attack.needs(world.scope)
    _require(0 <= needs.queries_min <= needs.queries_max, "needs() promises 0 <= queries_min <= queries_max.")
    asked: set[int] = set()
    answer = world.leaky_for(attack)

    def count(frame: pd.DataFrame) -> NDArray[np.float64]:
        asked.update(_keys(frame))
        return answer(frame)

    _run(attack, world.with_shadows(max(2, needs.shadows)) if needs.shadows else world, count)
    beside = len(asked - set(_keys(world.data.candidates.features)))
    _require(beside <= needs.queries_max, f"It asked {beside} records beside the candidates and had promised {needs.queries_max}.")


def finds_a_leak(attack: Attack, world: World) -> None:
    """Higher claims are truer where the model does leak."""
    if _is_baseline(attack):
        return
    leaky = world.leaky_for(attack)
    found = strength(_run(attack, world, leaky), world, leaky)
    _require(found.value > found.chance + 2 * found.error, f"It finds nothing in a model that leaks: {found}.")


def finds_nothing_under_the_null(attack: Attack, world: World) -> None:
    """Where the model cannot leak, claims are as good as chance."""
    if _is_baseline(attack):
        return
    null = world.null_for(attack)
    found = strength(_run(attack, world, null), world, null)
    one_sided = attack.family is Family.STEALING or attack.kind == "reconstruction"
    excess = found.value - found.chance if one_sided else abs(found.value - found.chance)
    _require(excess <= SURE * found.error, f"It finds something in a model that cannot leak: {found}.")


def ignores_the_order_of_records(attack: Attack, world: World) -> None:
    """Candidates and shadows in another order: the same claims about the same records."""
    order = np.random.default_rng(0).permutation(len(world.data.candidates))
    straight = _run(attack, world)
    shuffled = _run(attack, world.reordered(order))
    _require(distance(restored(shuffled, order), straight) <= CLOSE, "Its claims depend on the order of the records.")


def reports_progress_and_can_be_cancelled(attack: Attack, world: World) -> None:
    """Fractions from 0 to 1; Cancelled raised by the checkpoint reaches the caller, at the first report and at a late one."""
    seen: list[float] = []
    _run(attack, world, checkpoint=seen.append)
    _require(bool(seen), "It never calls context.checkpoint.")
    _require(all(0 <= fraction <= 1 for fraction in seen), "It reports progress outside of 0 to 1.")
    for patience in sorted({0, len(seen) - 1}):
        calls: list[float] = []

        def cancel(fraction: float, calls: list[float] = calls, patience: int = patience) -> None:
            calls.append(fraction)
            if len(calls) > patience:
                raise Cancelled("The check cancelled the attack.")

        try:
            _run(attack, world, checkpoint=cancel)
        except Cancelled:
            continue
        _require(False, "It swallows Cancelled; let it pass.")


CHECKS: tuple[Callable[[Attack, World], None], ...] = (
    describes_itself,
    repeats_itself,
    stays_inside_its_needs,
    finds_a_leak,
    finds_nothing_under_the_null,
    ignores_the_order_of_records,
    reports_progress_and_can_be_cancelled,
)


def _run(attack: Attack, world: World, query: Query | None = None, checkpoint: Callable[[float], None] | None = None) -> Evidence:
    return attack.run(world.context(attack, query or world.leaky_for(attack), checkpoint or (lambda fraction: None)))


def _is_baseline(attack: Attack) -> bool:
    return attack.threat_model.sees is Sees.NOTHING


def _require(is_kept: bool, sentence: str) -> None:
    if not is_kept:
        raise AssertionError(sentence)


def _keys(frame: pd.DataFrame) -> list[int]:
    """One number for each record, from its cells alone."""
    return [
        int(key) for key in pd.util.hash_pandas_object(frame.astype(object).where(frame.notna(), "\x00").astype(str), index=False)
    ]
