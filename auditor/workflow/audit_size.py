"""An audit that cannot fit into memory is refused when it is submitted, not by the worker that fails at it."""

from collections.abc import Iterator, Mapping

from auditor.attacks import registry
from auditor.domain.attack import Family
from auditor.domain.catalog import Dataset
from auditor.domain.learner import Learner, Task
from auditor.domain.spec import AuditSpec
from auditor.errors import InvalidInput
from auditor.learners import USUAL, check
from auditor.shadows.trainers import memory
from auditor.workflow.estimate import Files
from auditor.workflow.memory import gib
from auditor.workflow.named_columns import features_of
from auditor.workflow.offer import Offer, requested_attacks

SCORED = 24
"""Bytes that an attack takes for each answer of a shadow: its signal, the same in pairs, and the pairs without one of them."""


def refuse_too_large(spec: AuditSpec, files: Mapping[str, Dataset], free: int | None) -> None:
    """Before anything is queued, from the sizes of files alone, so by the least that training and attacks may take: categories are
    counted as one column each. Raises InvalidInput with both numbers; what passes is measured again before it trains."""
    wanted, reason = max(_needs(spec, files), default=(0, ""))
    if free is not None and wanted > free:
        raise InvalidInput(
            "data",
            f"{reason} takes at least about {gib(wanted)} of memory and {gib(max(0, free))} are free;"
            " give fewer records or columns, or run it where there is more",
        )


def _needs(spec: AuditSpec, files: Mapping[str, Dataset]) -> Iterator[tuple[int, str]]:
    """Bytes, and what takes them, of training and of attacks that read all shadows."""
    if not any(registry.find(attack.name).family == Family.MEMBERSHIP for attack in requested_attacks(spec)):
        return
    offer = Files({name: file.rows for name, file in files.items()}).offer(spec, 1)
    classes = 1 if spec.target_block.task is Task.REGRESSION else max(2, len(spec.target_block.classes or ()))
    columns = features_of(spec.data, {name: list(file.columns) for name, file in files.items()})
    yield _training(spec, memory.Size(offer.candidates + offer.training, len(columns), classes))
    yield _attacking(offer, spec.shadow_looks[-1], 1 if classes == 2 else classes)


def _training(spec: AuditSpec, size: memory.Size) -> tuple[int, str]:
    """A single shadow of the learner, or of the one that takes least of those that may be chosen."""
    task, named = spec.target_block.task, spec.learner
    learners = [Learner(name, task=task) for name in USUAL[task]]
    if named.name != "auto":
        learners = [Learner(named.name, dict(named.params), task)]
    wanted, name = min((memory.at_least(check(learner), size, 1), learner.name) for learner in learners)
    return wanted, f"training {name} on {size.records:,} records"


def _attacking(offer: Offer, shadows: int, stored: int) -> tuple[int, str]:
    """`stored`: numbers of 32 bits that are kept of each answer."""
    reason = f"attacking {offer.candidates:,} records with {shadows:,} shadow models"
    return offer.candidates * shadows * (4 * stored + SCORED), reason
