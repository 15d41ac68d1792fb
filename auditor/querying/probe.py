"""What the target really answers, found out before anything is attacked. At most 700 rows are spent."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.domain.target import Output, Profile, Target
from auditor.errors import BadAnswer, InvalidInput, TargetRefused
from auditor.querying.answers import answers
from auditor.querying.asking import Door
from auditor.querying.faults import BatchTooLarge, Failing
from auditor.querying.ledger import Ledger
from auditor.querying.reply import Reply
from auditor.querying.rounding import decimals_of_values
from auditor.querying.transport import Transport, most_rows

REPEATED, REPEATS = 5, 3
SMALL, LARGE = 64, 512
LARGEST_BODY = 1_000_000
BYTES_PER_CELL = 16
SLOWEST_LARGE = 10.0
"""Seconds that the large batch may be expected to take; a slower target is asked in small ones."""
SAME, SAME_IN_BATCH = 1e-6, 1e-5
MOST_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Trial:
    """One exchange of the probe: what came back, and how long it took."""

    reply: Reply
    seconds: float
    rows: int


def probe(transport: Transport, ledger: Ledger, target: Target, sample: pd.DataFrame, classes: tuple[str, ...]) -> Profile:
    """The target's profile. Raises a TargetError in one sentence when it does not answer what was declared."""
    return probe_through(Door(transport, ledger), target, sample, classes)


def probe_through(door: Door, target: Target, sample: pd.DataFrame, classes: tuple[str, ...]) -> Profile:
    """The same at the rate of the door, and cancelled by its checkpoint."""
    if not len(sample):
        raise InvalidInput("data", "there are no records to ask the target with; give files with records")
    rows = _ordered(sample)
    alone = [_trial(door, _cycle(rows, i, 1)) for i in range(REPEATED)]
    small = _small(door, rows)
    profile = _profile(target, small.reply, classes)
    _ask_missing(door, sample)
    repeats = [_again(door, rows, small.rows) for _ in range(REPEATS)]
    large = _large(door, rows, small)
    seen = [*alone, small, *_until_small(door, rows, small), *([] if large is None else [large])]
    profile = replace(profile, decimals=_decimals([trial.reply for trial in seen], profile))
    return _measured(profile, _Trials(alone, repeats, small, large))


@dataclass(frozen=True, eq=False)
class _Trials:
    alone: list[Trial]
    repeats: list[list[Trial]]
    small: Trial
    large: Trial | None


def _ordered(sample: pd.DataFrame) -> pd.DataFrame:
    """Records without a missing cell first: a target that refuses those is told apart from one that refuses everything."""
    return sample.iloc[np.argsort(sample.isna().any(axis=1).to_numpy(), kind="stable")]


def _cycle(rows: pd.DataFrame, start: int, count: int) -> pd.DataFrame:
    return rows.iloc[np.arange(start, start + count) % len(rows)]


def _trial(door: Door, frame: pd.DataFrame) -> Trial:
    start = time.perf_counter()
    reply = door.ask(frame)
    return Trial(reply, time.perf_counter() - start, len(frame))


def _again(door: Door, rows: pd.DataFrame, most: int) -> list[Trial]:
    """The same few records once more: together, or one by one where a request has no room for all."""
    if most >= REPEATED:
        return [_trial(door, _cycle(rows, 0, REPEATED))]
    return [_trial(door, _cycle(rows, i, 1)) for i in range(REPEATED)]


def _small(door: Door, rows: pd.DataFrame) -> Trial:
    pool, size = _complete(rows), min(SMALL, most_rows(door.transport) or SMALL)
    while True:
        try:
            return _trial(door, _cycle(pool, 0, size))
        except BatchTooLarge:
            if size == 1:
                raise
            size //= 2


def _complete(rows: pd.DataFrame) -> pd.DataFrame:
    """Those without a missing cell, which come first; at least one record."""
    return rows.iloc[: max(1, int((~rows.isna().any(axis=1)).sum()))]


def _until_small(door: Door, rows: pd.DataFrame, small: Trial) -> list[Trial]:
    """As many records as the small batch would have held, where a request has room for fewer: one answer of 0.9 does not show how
    many decimals there are. A slow target is asked fewer."""
    pool, affordable = _complete(rows), 1 + int(SLOWEST_LARGE / max(small.seconds, 1e-3))
    starts = range(small.rows, min(SMALL, len(pool)), small.rows)
    return [_trial(door, _cycle(pool, start, small.rows)) for start in starts[:affordable]]


def _large(door: Door, rows: pd.DataFrame, small: Trial) -> Trial | None:
    """A batch of 512, or of as many as the target's limits allow, where 64 went well and a small body and a quick answer can be
    expected."""
    size = min(LARGE, most_rows(door.transport) or LARGE)
    heavy = size * rows.shape[1] * BYTES_PER_CELL > LARGEST_BODY
    if small.rows < SMALL or size <= SMALL or heavy or small.seconds * LARGE / SMALL > SLOWEST_LARGE:
        return None
    try:
        return _trial(door, _cycle(rows, 0, size))
    except BatchTooLarge:
        return None


def _ask_missing(door: Door, sample: pd.DataFrame) -> None:
    """One record with a missing cell, if there is any and others went well."""
    gaps = sample.isna()
    incomplete = gaps.any(axis=1).to_numpy()
    if not incomplete.any():
        return
    row = int(incomplete.argmax())
    try:
        door.ask(sample.iloc[[row]])
    except (TargetRefused, BadAnswer, Failing) as refusal:
        column = str(sample.columns[int(gaps.iloc[row].to_numpy().argmax())])
        raise TargetRefused(
            f"The target refuses a record whose {column[:40]!r} is missing; leave such records out, or have the server accept null."
            f" It said: {refusal.sentence}"
        ) from None


def _profile(target: Target, reply: Reply, classes: tuple[str, ...]) -> Profile:
    """The declared output, if the reply bears it out."""
    CHECKS[target.output](reply, classes)
    profile = Profile(target.output, classes)
    profile = replace(profile, decimals=_decimals([reply], profile))
    result = answers(reply, profile)
    if target.output is Output.LOGITS:
        _refuse_probabilities(reply, result)
    return profile


def _needs_labels(reply: Reply, classes: tuple[str, ...]) -> None:
    if reply.labels is None:
        kind = "probabilities" if reply.numbers is not None and _in_range(reply.numbers) else "raw scores"
        word = "probabilities" if kind == "probabilities" else "logits"
        raise BadAnswer(f"The target answers {kind} where labels were declared; declare output: {word}.")


def _needs_scores(reply: Reply, classes: tuple[str, ...]) -> None:
    """Nothing but whole numbers, one a record, are labels, or tell no more than labels do."""
    if reply.labels is not None:
        _refuse_labels(reply)


def _refuse_labels(reply: Reply) -> None:
    label = (reply.labels or ("",))[0]
    asked = f" (in its output {reply.tensor[:40]!r}; another output can be named after # in target.url)" if reply.tensor else ""
    raise BadAnswer(
        f"The target answers labels such as {label[:40]!r} where scores were declared{asked}; declare output: labels,"
        " or have the server answer probabilities."
    )


def _needs_numbers(reply: Reply, classes: tuple[str, ...]) -> None:
    if reply.numbers is None:  # whole numbers are both
        label = (reply.labels or ("",))[0]
        raise BadAnswer(f"The target answers labels such as {label[:40]!r} where a value was declared; declare output: labels.")


CHECKS: dict[Output, Callable[[Reply, tuple[str, ...]], None]] = {
    Output.LABELS: _needs_labels,
    Output.TOP_K: _needs_scores,
    Output.PROBABILITIES: _needs_scores,
    Output.LOGITS: _needs_scores,
    Output.VALUE: _needs_numbers,
}


def _in_range(numbers: NDArray[np.float64]) -> bool:
    given = numbers[~np.isnan(numbers)]
    return bool(given.size and given.min() >= 0 and given.max() <= 1)


def _refuse_probabilities(reply: Reply, result: NDArray[np.float64]) -> None:
    numbers = reply.numbers
    if numbers is None or not _in_range(numbers):
        return
    if numbers.shape[1] == 1 or np.allclose(numbers.sum(axis=1), 1.0, atol=1e-3):
        raise BadAnswer("The target answers probabilities where raw scores were declared; declare output: probabilities.")


def _decimals(replies: list[Reply], profile: Profile) -> int | None:
    """How many decimals the probabilities keep (1 to 6); None if they are not rounded, or are all 0 and 1."""
    if profile.output is Output.VALUE:
        return decimals_of_values(np.concatenate([answers(reply, profile).ravel() for reply in replies]))
    if profile.output not in (Output.PROBABILITIES, Output.TOP_K):
        return None
    numbers = np.concatenate([reply.numbers.ravel() for reply in replies if reply.numbers is not None])
    numbers = numbers[~np.isnan(numbers)]
    if not ((numbers > 0) & (numbers < 1)).any():
        return None
    for decimals in range(1, MOST_DECIMALS + 1):
        # Answers in single precision are off by up to 3e-8 after rounding.
        if np.abs(numbers - np.round(numbers, decimals)).max() < min(1e-6, 10.0 ** -(decimals + 2)):
            return decimals
    return None


def _measured(profile: Profile, trials: _Trials) -> Profile:
    alone, *repeats = (np.concatenate([answers(t.reply, profile) for t in group]) for group in (trials.alone, *trials.repeats))
    together = answers(trials.small.reply, profile)
    unit = _unit(together, profile)
    if trials.large is not None:
        answers(trials.large.reply, profile)
    steady = all(_close(repeats[0], again, SAME * unit) for again in repeats)
    count = min(REPEATED, len(together))
    dependent = steady and not _close(alone[:count], together[:count], SAME_IN_BATCH * unit)
    latency = float(np.median([t.seconds for t in trials.alone])) * 1000
    found = replace(profile, deterministic=steady, batch_dependent=dependent, latency_ms=round(latency, 3), top=_top(together))
    return replace(found, batch_size=_batch_size(trials.small, trials.large), notes=_notes(found))


def _unit(together: NDArray[np.float64], profile: Profile) -> float:
    """Probabilities lie between 0 and 1; values are compared at the size they have."""
    return max(1.0, float(np.abs(together).max())) if profile.output is Output.VALUE else 1.0


def _top(together: NDArray[np.float64]) -> int:
    """How many classes an answer holds, if it leaves some out."""
    given = int((~np.isnan(together)).sum(axis=1).max())
    return given if given < together.shape[1] else 0


def _close(a: NDArray[np.float64], b: NDArray[np.float64], tolerance: float) -> bool:
    return bool(np.allclose(a, b, rtol=0.0, atol=tolerance, equal_nan=True))


def _batch_size(small: Trial, large: Trial | None) -> int:
    """The size that answers more records a second."""
    if large is None or large.seconds / large.rows > small.seconds / small.rows:
        return small.rows
    return large.rows


def _rounding_note(output: Output, decimals: int) -> str:
    if output is not Output.VALUE:
        steps = "they are rounded, or go in steps of their own, as the votes of a forest's trees do"
        return f"The target's probabilities have {decimals} decimal{'s' if decimals > 1 else ''}: {steps}."
    unit = f"{10**-decimals:,}" if decimals <= 0 else f"0.{'0' * (decimals - 1)}1"
    return f"The target's values are rounded to multiples of {unit}."


def _notes(profile: Profile) -> tuple[str, ...]:
    notes = []
    if profile.decimals is not None:
        notes.append(_rounding_note(profile.output, profile.decimals))
    if not profile.deterministic:
        notes.append("The target answers the same record differently from time to time.")
    if profile.batch_dependent:
        notes.append("The target's answer to a record depends on the other records of its batch.")
    return tuple(notes)
