"""Asking in rounds: each batch is chosen by what the copies of the last one left open, and asking ends when copies have settled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.record_keys import record_keys
from auditor.attacks.stealing.copying import (
    Answered,
    Answering,
    Maker,
    Workshop,
    answered,
    held_out,
    makers_for,
    mean_of,
    near,
    right,
    together,
)
from auditor.attacks.stealing.population import Keys, Pool
from auditor.attacks.stealing.strategies import Choice, Strategy, in_order
from auditor.domain.attack import Context
from auditor.domain.seeds import generator
from auditor.errors import TargetRefused

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
"""Of the records that may be asked, after each round. A small budget begins with FIRST: a copy of fewer chooses badly."""
FIRST, AT_MOST = 250, 0.5
BATCH = 500
LEAST_BATCH = 100
"""Fewer records a round judge copies badly, and teach little for another fit of all."""
SETTLED = 0.01
"""Copies have settled when those of two rounds later are, at 95 %, not right on this share more of the held-out answers."""
EQUAL, GIVEN_UP = 1.0, 3.0
"""Standard errors: makers less far behind the best share the copy that chooses; those farther behind are not tried again."""
TINY = 1e-12

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Round:
    """The copy after `queries` answers."""

    queries: int
    copy: Answering


@dataclass(frozen=True, eq=False)
class _Verdict:
    """`told` (makers, n, C): what trial copies answered about `judge`, before they were fitted on it."""

    told: NDArray[np.float64]
    judge: Answered

    def and_(self, more: "_Verdict") -> "_Verdict":
        return _Verdict(np.concatenate([self.told, more.told], axis=1), self.judge.and_(more.judge))


@dataclass(eq=False)
class Thief:
    """Asks in rounds and trains copies. `judged`: keys of records that may not be asked, for copies are judged on them."""

    context: Context
    pool: Pool
    strategy: Strategy
    budget: int
    judged: Keys
    notes: list[str] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    material: Answered | None = None
    asked: Rows = field(default_factory=lambda: np.empty(0, np.intp))
    makers: tuple[Maker, ...] = ()
    _best: tuple[Maker, ...] = ()
    _trials: Sequence[Answering] = ()
    _tried_on: int = 0
    _verdict: "_Verdict | None" = None

    def run(self) -> None:
        """Leaves one Round for each budget, the last copy fitted on every answer, and `notes` on how it went."""
        ends = _ends(min(self.budget, self._reach))
        for number, end in enumerate(ends):
            self._ask(int(end) - len(self.asked), number, len(ends))
            is_last = number == len(ends) - 1 or len(self.asked) < end
            self._judge()
            if is_last and self._best:
                break
            self._copy(0.05 + 0.92 * (number + 0.5) / len(ends))
            if is_last:
                break
            if self._settled():
                self.notes.append(
                    f"Asking ended after {len(self.asked):,} of {self.budget:,} records: on answers that the copies were not fitted"
                    f" on, those of the last two rounds are right on at most {SETTLED:.0%} more."
                )
                break
        self._finish()

    @property
    def _reach(self) -> int:
        """Records that can be asked: a strategy that makes up its own is not bound to the pool."""
        return len(self.pool) if self.strategy.grow is None else self.budget

    @property
    def _answers(self) -> Answered:
        assert self.material is not None  # noqa: S101 - after the first round
        return self.material

    def _ask(self, count: int, number: int, rounds: int) -> None:
        rows = self._chosen(count, number)
        for first in range(0, len(rows), BATCH):
            self.context.checkpoint(0.05 + 0.92 * (number + 0.5 * first / len(rows)) / rounds)
            self._take(rows[first : first + BATCH])

    def _take(self, rows: Rows) -> None:
        frame = self.pool.features.iloc[rows].reset_index(drop=True)
        try:
            answers = self.context.query(frame)
        except TargetRefused:
            natural = rows[rows < self.pool.natural]
            if len(natural) == len(rows) or not len(natural) + len(self.asked):
                raise
            self._stay_natural()
            return self._take(natural) if len(natural) else None
        found = answered(frame, _labels_alone(answers) if self.strategy.hard else answers)
        self.material = found if self.material is None else self.material.and_(found)
        self.asked = np.concatenate([self.asked, rows])
        return None

    def _stay_natural(self) -> None:
        note = "The target refuses made-up records, so no more of them were asked."
        if note not in self.notes:
            self.notes.append(note)
        self.pool = Pool(self.pool.features.iloc[: self.pool.natural], self.pool.natural)

    def _chosen(self, count: int, number: int) -> Rows:
        choice = Choice(
            self.pool,
            self.asked,
            self.material or Answered(self.pool.features[:0], np.empty((0, 1))),
            self.rounds[-1].copy if self.rounds else _nothing,
            self.context.columns,
            generator(self.context.seed, "choice", number),
        )
        if not self.rounds or not self.context.classes:
            return in_order(choice, count)
        if self.strategy.grow is not None:
            return self._grown(self.strategy.grow(choice, count), choice, count)
        return (self.strategy.choose or in_order)(choice, count)

    def _grown(self, made: pd.DataFrame, choice: Choice, count: int) -> Rows:
        """Rows of the records that were made up, after they joined the pool."""
        taken = np.concatenate([self.judged, record_keys(self.pool.features)])
        keys = record_keys(made)
        fresh = ~np.isin(keys, taken) & ~pd.Series(keys).duplicated().to_numpy()
        if self.context.recorded is not None:
            fresh &= self.context.recorded(made)
        added = made[fresh][:count]
        first = len(self.pool)
        self.pool = Pool(pd.concat([self.pool.features, added], ignore_index=True), self.pool.natural)
        rows = np.arange(first, first + len(added))
        return np.concatenate([rows, in_order(choice, count - len(rows))])

    def _judge(self) -> None:
        """Every batch judges the copies that chose it, which were not fitted on it. By this and the batch before, makers that
        clearly fell behind are given up before another copy is fitted; `_best` are those whose mean would be the last copy."""
        if not self._trials:
            return
        batch = self._answers.take(np.arange(self._tried_on, len(self._answers)))
        verdict = _Verdict(np.stack([trial(batch.features) for trial in self._trials]), batch)
        both = verdict if self._verdict is None else self._verdict.and_(verdict)
        chosen, behind = together(both.told, both.judge), _behind(both.told, both.judge)
        self._best = tuple(self.makers[i] for i in chosen)
        stay = [i for i in range(len(self.makers)) if i in chosen or behind[i] <= GIVEN_UP]
        self.makers = tuple(self.makers[i] for i in stay)
        self._verdict = _Verdict(verdict.told[stay], batch)

    def _copy(self, progress: float) -> None:
        """Trial copies, and the mean of those that are nearest to the held-out answers, which are too few to tell equals apart."""
        held = held_out(len(self._answers))
        known, judge = self._answers.take(np.flatnonzero(~held)), self._answers.take(np.flatnonzero(held))
        self.makers = self.makers or makers_for(self.context.learner, self._answers)
        self._trials, self._tried_on = self._workshop(progress).trials(known), len(self._answers)
        behind = _behind([trial(judge.features) for trial in self._trials], judge)
        chosen = [i for i, errors in enumerate(behind) if errors <= EQUAL]
        self._best = tuple(self.makers[i] for i in chosen)
        self.rounds.append(Round(len(self.asked), mean_of([self._trials[i] for i in chosen])))

    def _finish(self) -> None:
        """The last copy is fitted on the held-out answers too."""
        self.makers = self._best
        last = Round(len(self.asked), mean_of(self._workshop(0.97).trials(self._answers)))
        self.rounds = [*(made for made in self.rounds if made.queries < last.queries), last]
        self.notes.insert(0, f"The copy is {' and '.join(maker.words for maker in self.makers)}.")

    def _workshop(self, progress: float) -> Workshop:
        return Workshop(self.makers, self.context.columns, self.context.seed, self.context.checkpoint, progress)

    def _settled(self) -> bool:
        if len(self.rounds) < 3:
            return False
        judge = self._answers.take(np.flatnonzero(held_out(len(self._answers))))
        now, before = (right(self.rounds[i].copy(judge.features), judge) for i in (-1, -3))
        gain = now - before
        error = 1.96 * float(gain.std()) / np.sqrt(len(gain))
        return bool(max(0.0, float(gain.mean())) + max(error, 3.0 / len(gain)) <= SETTLED)


def _ends(budget: int) -> Rows:
    """(rounds,) how many records are asked after each."""
    shares = np.array(SHARES)
    first = max(shares[0] * budget, min(FIRST, AT_MOST * budget))
    ends = np.unique(np.ceil(first + (shares - shares[0]) / (1.0 - shares[0]) * (budget - first) - 1e-9).astype(np.intp))
    kept = [ends[0]]
    for end in ends[1:-1]:
        if min(end - kept[-1], budget - end) >= LEAST_BATCH:
            kept.append(end)
    return np.array([*kept, *ends[1:][-1:]])


def _behind(told: Iterable[Floats], judge: Answered) -> list[float]:
    """By how many standard errors each is less near than the nearest to the same answers."""
    found = [near(said, judge) for said in told]
    top = found[int(np.argmax([f.mean() for f in found]))]
    return [float((top - f).mean() / max(float((top - f).std()) / np.sqrt(len(f)), TINY)) for f in found]


def _labels_alone(answers: NDArray[np.float64]) -> NDArray[np.float64]:
    if answers.shape[1] == 1:
        return answers
    return np.asarray(np.eye(answers.shape[1])[np.nan_to_num(answers, nan=-1.0).argmax(axis=1)])


def _nothing(frame: pd.DataFrame) -> NDArray[np.float64]:
    raise RuntimeError("no copy yet")
