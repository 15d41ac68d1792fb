"""What a reply is, before anyone declared it: labels, probabilities, raw scores or a value; and in which order the classes are."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditor.domain.target import Output, Profile
from auditor.errors import BadAnswer
from auditor.querying.answers import EDGE_TOLERANCE, SUM_TOLERANCE, answers
from auditor.querying.reply import Reply

MOST_NUMBERED = 20
"""Labels that are numbers are a quantity, not classes, from more distinct ones on."""
MOST_ORDERED = 5
CLEARLY = 0.2
"""By how much of the records another order of the classes must agree better with the labels before it is taken."""


@dataclass(frozen=True)
class Kind:
    """`agreement`: the part of the records whose label the target gives too; None where that cannot be said."""

    output: Output
    classes: tuple[str, ...] = ()
    agreement: float | None = None
    is_reordered: bool = False


def kind_of(reply: Reply, labels: Sequence[str]) -> Kind:
    """The kind of a reply to as many records as there are labels; without labels, as far as the reply itself tells."""
    is_quantity = _is_quantity(labels)
    output = _output(reply, len(set(labels)), is_quantity)
    if output is Output.VALUE:
        return Kind(output)
    classes = tuple(sorted(set(labels))) or _classes_of(reply)
    return _ordered(reply, Kind(output, classes), labels) if labels else Kind(output, classes)


def _is_quantity(labels: Sequence[str]) -> bool:
    distinct = set(labels)
    try:
        return len(distinct) > MOST_NUMBERED and all(np.isfinite(float(label)) for label in distinct)
    except ValueError:
        return False


def _output(reply: Reply, classes: int, is_quantity: bool) -> Output:
    numbers = reply.numbers
    if numbers is None:
        return Output.LABELS
    if numbers.shape[1] == 1 and reply.names is None:
        return _of_one(reply, classes, is_quantity)
    given = np.nan_to_num(numbers)
    sums = given.sum(axis=1)
    if given.min() < -EDGE_TOLERANCE or given.max() > 1 + EDGE_TOLERANCE or sums.max() > 1 + SUM_TOLERANCE:
        return Output.LOGITS
    is_whole = not np.isnan(numbers).any() and sums.min() > 1 - SUM_TOLERANCE
    if is_whole or reply.names is None:
        return Output.PROBABILITIES if is_whole else Output.LOGITS
    return Output.TOP_K


def _of_one(reply: Reply, classes: int, is_quantity: bool) -> Output:
    """One number a record: a quantity, a class, or the probability or raw score of the second of two classes."""
    numbers = reply.numbers if reply.numbers is not None else np.zeros((1, 1))
    in_range = numbers.min() >= -EDGE_TOLERANCE and numbers.max() <= 1 + EDGE_TOLERANCE
    if is_quantity or (not classes and not in_range and reply.labels is None):
        return Output.VALUE
    if reply.labels is not None:
        return Output.LABELS
    return Output.PROBABILITIES if in_range else Output.LOGITS


def _classes_of(reply: Reply) -> tuple[str, ...]:
    if reply.names is not None:
        return reply.names
    if reply.numbers is None or reply.labels is not None:
        return tuple(sorted(set(reply.labels or ())))
    return tuple(str(i) for i in range(max(2, reply.numbers.shape[1])))


def _ordered(reply: Reply, kind: Kind, labels: Sequence[str]) -> Kind:
    """The order of the classes that agrees best with the labels, where it does so clearly; else the sorted one."""
    agreed = _agreement(reply, kind, labels)
    if reply.names is not None or reply.labels is not None or agreed is None or len(kind.classes) > MOST_ORDERED:
        return Kind(kind.output, kind.classes, agreed)
    orders = itertools.permutations(kind.classes)
    best = max((_agreement(reply, Kind(kind.output, order), labels) or 0.0, order) for order in orders)
    if best[0] > agreed + CLEARLY:
        return Kind(kind.output, best[1], best[0], is_reordered=True)
    return Kind(kind.output, kind.classes, agreed)


def _agreement(reply: Reply, kind: Kind, labels: Sequence[str]) -> float | None:
    """None for answers that do not fit these classes."""
    try:
        given = answers(reply, Profile(kind.output, kind.classes))
    except BadAnswer:
        return None
    best = np.nan_to_num(given, nan=-1.0).argmax(axis=1)
    return float(np.mean([kind.classes[i] == label for i, label in zip(best, labels, strict=True)]))
