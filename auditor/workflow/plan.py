"""Which steps an audit has: a pure function of its spec and of what its finished steps recorded.

Called in the transaction that finishes a step; steps that exist already are left alone, so calling it twice adds nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.domain.audit import NewStep, Queue, Step, StepKind, StepStatus
from auditor.domain.spec import AuditSpec
from auditor.workflow.chunks import FIRST, Fits, fits

PROBE_QUERIES, CHOOSE_QUERIES = 600, 1_000
ASK_ROWS = 2_000
LOOK_STRIDE = 100
REPORT_STAGE = 10_000

PROBE, ASK, CHOOSE, SHADOWS, ATTACKS, CONTROLS, GRADE = range(0, 70, 10)
LAST_TURN = CONTROLS - ATTACKS - 1

# Membership attacks that train models of their own (measured on Adult with 16 shadows); the others take about a second.
LEARNING_SECONDS_PER_1000 = {"stacked": 0.33, "quantile-regression": 0.13, "shokri": 0.08}


def planned(spec: AuditSpec, steps: Sequence[Step]) -> list[NewStep]:
    """Every step that should exist by now, in no particular order of execution (stages order the work).

    Shadows of a look that were cut into steps stay cut so, also where the first one is timed again after a resume.
    """
    plan = following(spec, {s.key: s.result or {} for s in steps if s.status is StepStatus.DONE})
    cut = {s.stage for s in steps if s.kind is StepKind.SHADOWS and s.key != FIRST}
    return [new for new in plan if new.kind is not StepKind.SHADOWS or new.stage not in cut]


def following(spec: AuditSpec, done: Mapping[str, Mapping[str, Any]]) -> list[NewStep]:
    """The steps that follow from these results; the estimate asks with results that are only assumed."""
    plan = [NewStep("probe", StepKind.PROBE, PROBE, Queue.QUERY, weight=3.0 + _waiting(spec, PROBE_QUERIES))]
    if "probe" not in done:
        return plan
    probe = done["probe"]
    if probe["run"]:  # where no attack can run, no answer is worth what it costs
        plan += _asking(spec, probe)
    if needs_shadows(probe):
        plan.append(_choose(spec, probe))
        plan.append(NewStep("blind", StepKind.BLIND, SHADOWS, Queue.TRAIN, weight=12.0, required=False))
    looks = spec.shadow_looks
    records = probe["candidates"] + 2 * probe.get("training", 0)  # half of the candidates are trained on, and all of the rest
    fit = fits(spec.learner.name, spec.learner.params, records, looks[-1], done)
    for look, shadows in enumerate(looks):
        if needs_shadows(probe):
            plan += _shadow_steps(fit, look * LOOK_STRIDE + SHADOWS, range(looks[look - 1] if look else 0, shadows))
        plan += _look(spec, probe, look, shadows)
        graded = done.get(grade_key(shadows))
        if graded is None:
            return plan
        if not graded["grow"]:
            break
    plan.append(NewStep("report", StepKind.REPORT, REPORT_STAGE, Queue.QUERY, weight=0.5))
    return plan


def needs_shadows(probe: Mapping[str, Any]) -> bool:
    """Membership attacks need shadows: as shadows, or as the pseudo-targets of their controls."""
    return any(item["family"] == "membership" for item in probe["run"])


def grade_key(shadows: int) -> str:
    return f"grade@{shadows}"


def attack_key(item: Mapping[str, Any], shadows: int) -> str:
    """`attack:lira@16`, `attack:attribute[race]`: only attacks that read shadows run again when the pool grows."""
    return attack_name(item) + (f"@{shadows}" if item["family"] == "membership" else "")


def attack_name(item: Mapping[str, Any]) -> str:
    """`lira#2`, `attribute[race]`: what tells an attack of an audit from its others."""
    return f"{item['label']}[{item['sensitive']}]" if item["sensitive"] else str(item["label"])


def asks(item: Mapping[str, Any]) -> bool:
    """Does the attack put records of its own to the target, beside the candidates?"""
    return bool(item["query_limit"])


def seconds_per_row(spec: AuditSpec, probe: Mapping[str, Any]) -> float:
    """As fast as the target answered the probe, and not faster than the rate allows."""
    measured: float = max(probe["profile"]["latency_ms"], 0.1) / 1000 / max(1, probe["profile"]["batch_size"])
    return max(measured, _waiting(spec, 1))


def _waiting(spec: AuditSpec, rows: int) -> float:
    """Seconds that the rate limit alone takes for so many rows."""
    return rows / spec.budget.rate if spec.budget.rate else 0.0


def _asking(spec: AuditSpec, probe: Mapping[str, Any]) -> Iterator[NewStep]:
    """Chunks that workers ask side by side; with a rate limit one step asks all, so that no number of workers exceeds it."""
    candidates, rate = probe["candidates"], spec.budget.rate
    rows = candidates if rate else ASK_ROWS
    for first in range(0, candidates, rows):
        last = min(first + rows, candidates)
        weight = 0.3 + seconds_per_row(spec, probe) * (last - first)
        yield NewStep(f"ask:{first}-{last}", StepKind.ASK, ASK, Queue.QUERY, {"first": first, "last": last}, weight)


def _choose(spec: AuditSpec, probe: Mapping[str, Any]) -> NewStep:
    weight = 5.0 + CHOOSE_QUERIES * seconds_per_row(spec, probe) if spec.learner.name == "auto" else 0.1
    return NewStep("choose", StepKind.CHOOSE, CHOOSE, Queue.QUERY, weight=weight)


def _look(spec: AuditSpec, probe: Mapping[str, Any], look: int, shadows: int) -> Iterator[NewStep]:
    stage = look * LOOK_STRIDE
    turn = 0
    pace = 0.0 if look else seconds_per_row(spec, probe)  # what was asked at the first look is recorded
    for item in probe["run"]:
        if look == 0 or item["family"] == "membership":
            yield from _attack_steps(item, shadows, Place(stage, turn, pace, probe["candidates"]))
            turn += 1 if spec.budget.rate and asks(item) else 0
    params = {"shadows": shadows, "look": look, "looks": len(spec.shadow_looks)}
    yield NewStep(grade_key(shadows), StepKind.GRADE, stage + GRADE, Queue.TRAIN, params, weight=4.0)


def _shadow_steps(fit: Fits, stage: int, indices: range) -> Iterator[NewStep]:
    for chunk in fit.chunks(indices):
        params = {"first": chunk.start, "last": chunk.stop}
        key = f"shadows:{chunk.start}-{chunk.stop - 1}"
        yield NewStep(key, StepKind.SHADOWS, stage, Queue.TRAIN, params, fit.seconds * len(chunk))


@dataclass(frozen=True)
class Place:
    """Where an attack stands in the plan, what asking costs there, and how many candidates it looks at."""

    stage: int
    turn: int
    seconds_per_row: float
    candidates: int


def _attack_steps(item: Mapping[str, Any], shadows: int, place: Place) -> Iterator[NewStep]:
    """With a rate limit, attacks that ask the target take turns."""
    key = attack_key(item, shadows)
    params = {"item": dict(item), "shadows": shadows}
    membership = item["family"] == "membership"
    queue, weight = (Queue.QUERY, 6.0) if asks(item) else (Queue.TRAIN, 1.0)
    weight += LEARNING_SECONDS_PER_1000.get(item["attack"], 0.0) * place.candidates / 1000
    own_turn = min(place.turn, LAST_TURN) if asks(item) else 0
    asking = weight + place.seconds_per_row * item["query_limit"]
    yield NewStep(f"attack:{key}", StepKind.ATTACK, place.stage + ATTACKS + own_turn, queue, params, asking, required=False)
    if item.get("has_baseline", not membership):
        yield NewStep(f"baseline:{key}", StepKind.BASELINE, place.stage + ATTACKS, Queue.TRAIN, params, 3.0, required=False)
    if item.get("has_controls", True):
        yield NewStep(f"control:{key}", StepKind.CONTROL, place.stage + CONTROLS, Queue.TRAIN, params, weight, required=False)
