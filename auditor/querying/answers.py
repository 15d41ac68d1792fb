"""From a reply to (n, C) probabilities in the order of the audit's classes; what does not fit is a BadAnswer."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from auditor.domain.target import Output, Profile
from auditor.errors import BadAnswer
from auditor.querying.reply import Reply

SUM_TOLERANCE = 1e-3
EDGE_TOLERANCE = 1e-6
Answers = NDArray[np.float64]


def answers(reply: Reply, profile: Profile) -> Answers:
    """labels as 0/1, logits through a softmax, P(positive) as two columns, classes that were not returned as NaN."""
    return READERS[profile.output](reply, profile) + 0.0  # of -0.0 it makes 0.0


def _labels(reply: Reply, profile: Profile) -> Answers:
    if reply.labels is None:
        raise BadAnswer("The target stopped answering labels; it must answer every record as it answered the probe.")
    known = positions(reply.labels, profile.classes)
    result = np.zeros((len(reply.labels), len(profile.classes)))
    result[np.arange(len(reply.labels)), [known[label] for label in reply.labels]] = 1.0
    return result


def positions(labels: Sequence[str], classes: Sequence[str]) -> Mapping[str, int]:
    """Which class each distinct label is. Whole numbers count as positions when no class is written as a number."""
    known = {name: i for i, name in enumerate(classes)}
    numbers = {number: i for i, name in enumerate(classes) if (number := _as_number(name)) is not None}
    found: dict[str, int] = {}
    for label in dict.fromkeys(labels):
        number = _as_number(label)
        if label in known:
            found[label] = known[label]
        elif number in numbers:
            found[label] = numbers[number]
        elif not numbers and number is not None and number.is_integer() and 0 <= number < len(classes):
            found[label] = int(number)
        else:
            raise BadAnswer(
                f"The target answers the label {label[:40]!r}, which is none of its classes ({_listed(classes)});"
                " check target.classes."
            )
    return found


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _listed(classes: Sequence[str]) -> str:
    return ", ".join(name[:40] for name in classes[:5]) + (", ..." if len(classes) > 5 else "")


def columns(reply: Reply, classes: Sequence[str]) -> Answers:
    """The numbers with one column a class, in the order of `classes`."""
    numbers = reply.numbers
    if numbers is None:
        label = (reply.labels or ("",))[0]
        raise BadAnswer(f"The target answers labels ({label[:40]!r}) where numbers were expected; declare output: labels.")
    if reply.names is None:
        return _wide(numbers, classes)
    known = positions(reply.names, classes)
    if len(set(known.values())) < len(reply.names):
        raise BadAnswer(f"The target names a class twice ({_listed(reply.names)}); it must name each of its classes once.")
    result = np.full((len(numbers), len(classes)), np.nan)
    result[:, [known[name] for name in reply.names]] = numbers
    return result


def _wide(numbers: Answers, classes: Sequence[str]) -> Answers:
    if numbers.shape[1] == len(classes):
        return numbers
    if numbers.shape[1] == 1 and len(classes) == 2:
        return numbers
    raise BadAnswer(
        f"The target answers {numbers.shape[1]} numbers a record, but there are {len(classes)} classes ({_listed(classes)});"
        " list the classes in the target's order under target.classes."
    )


def _probabilities(reply: Reply, profile: Profile) -> Answers:
    result = columns(reply, profile.classes)
    if result.shape[1] == 1:
        _check_range(result)
        result = np.clip(result, 0.0, 1.0)
        return np.hstack([1.0 - result, result])
    if np.isnan(result).any():
        raise BadAnswer("The target leaves classes out of some answers; declare output: top-k.")
    _check_range(result)
    _check_sums(result.sum(axis=1), len(profile.classes), profile.decimals)
    return np.clip(result, 0.0, 1.0)


def _top_k(reply: Reply, profile: Profile) -> Answers:
    result = columns(reply, profile.classes)
    if result.shape[1] == 1:
        raise BadAnswer(
            "The target answers one number a record where the top classes were declared; declare output: probabilities."
        )
    if np.isnan(result).all(axis=1).any():
        raise BadAnswer("The target answers a record with no class at all; it must answer each with its likeliest classes.")
    given = np.nan_to_num(result)
    _check_range(given)
    if (given.sum(axis=1) > 1 + sum_tolerance(len(profile.classes), profile.decimals)).any():
        raise BadAnswer(
            f"The probabilities of a record add up to {given.sum(axis=1).max():.4g}, which is more than 1;"
            " if these are raw scores, declare output: logits."
        )
    return np.clip(result, 0.0, 1.0)


def _check_range(result: Answers) -> None:
    low, high = float(result.min()), float(result.max())
    if low < -EDGE_TOLERANCE or high > 1 + EDGE_TOLERANCE:
        odd = low if low < -EDGE_TOLERANCE else high
        raise BadAnswer(
            f"The target answers {odd:.4g} where a probability from 0 to 1 was declared;"
            " if these are raw scores, declare output: logits."
        )


def sum_tolerance(classes: int, decimals: int | None) -> float:
    """Each of the rounded probabilities may be off by half a unit of its last decimal."""
    return max(SUM_TOLERANCE, 0.0 if decimals is None else 0.5 * classes * 10.0**-decimals + EDGE_TOLERANCE)


def _check_sums(sums: Answers, classes: int, decimals: int | None) -> None:
    off = np.abs(sums - 1.0)
    if (off > sum_tolerance(classes, decimals)).any():
        odd = float(sums[int(off.argmax())])
        raise BadAnswer(
            f"The probabilities of a record add up to {odd:.4g} instead of 1; the target must answer one distribution a record."
        )


def _logits(reply: Reply, profile: Profile) -> Answers:
    scores = columns(reply, profile.classes)
    if scores.shape[1] == 1:
        scores = np.hstack([np.zeros_like(scores), scores])
    if np.isnan(scores).any():
        raise BadAnswer("The target leaves classes out of some answers; raw scores are needed for every class.")
    with np.errstate(over="ignore"):  # of scores that lie further apart than a number can say, the smaller one has no weight
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: Answers = powers / powers.sum(axis=1, keepdims=True)
    return result


def _value(reply: Reply, profile: Profile) -> Answers:
    if reply.numbers is None or reply.numbers.shape[1] != 1:
        raise BadAnswer("The target does not answer one number a record, as output: value says; declare what it answers.")
    return reply.numbers


READERS: Mapping[Output, Callable[[Reply, Profile], Answers]] = {
    Output.LABELS: _labels,
    Output.TOP_K: _top_k,
    Output.PROBABILITIES: _probabilities,
    Output.LOGITS: _logits,
    Output.VALUE: _value,
}
