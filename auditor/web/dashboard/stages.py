"""The steps of an audit as a short list that people can follow."""

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.domain.audit import Step, StepKind, StepStatus

TITLES = {
    StepKind.PROBE: "Probe the target",
    StepKind.ASK: "Ask the target",
    StepKind.CHOOSE: "Choose the learner",
    StepKind.SHADOWS: "Train shadow models",
    StepKind.BLIND: "Check the data without the model",
    StepKind.ATTACK: "Attack",
    StepKind.BASELINE: "Guess without the model",
    StepKind.CONTROL: "Run controls",
    StepKind.GRADE: "Grade the evidence",
    StepKind.REPORT: "Write the result",
}


@dataclass(frozen=True)
class Stage:
    """All steps of one kind: waiting, running, done, failed or cancelled; `count` is "3 of 8" where there are several."""

    title: str
    state: str
    count: str
    reason: str


def stages_of(steps: Sequence[Step]) -> list[Stage]:
    """In the order of the work; kinds that were not planned yet are not listed."""
    kinds = [kind for kind in TITLES if any(step.kind is kind for step in steps)]
    return [_stage(kind, [step for step in steps if step.kind is kind]) for kind in kinds]


def _stage(kind: StepKind, steps: Sequence[Step]) -> Stage:
    done = sum(step.status is StepStatus.DONE for step in steps)
    count = f"{done} of {len(steps)}" if len(steps) > 1 else ""
    reason = next((step.reason for step in steps if step.reason), "")
    return Stage(TITLES[kind], _state({step.status for step in steps}), count, reason)


def _state(found: set[StepStatus]) -> str:
    """What stands out: a failure before work, work before waiting."""
    for status in (StepStatus.FAILED, StepStatus.RUNNING, StepStatus.CANCELLED):
        if status in found:
            return str(status)
    if StepStatus.WAITING in found:
        return "running" if StepStatus.DONE in found else "waiting"
    return "done"
