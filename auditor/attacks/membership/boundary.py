"""The boundary attack: how far does a record have to move until the model's answer is no longer its label?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.membership import directions
from auditor.attacks.membership.directions import Lines, Search
from auditor.attacks.membership.domain import domains
from auditor.attacks.membership.pairs import Floats, candidates_of
from auditor.attacks.membership.subsample import LEAST_RECORDS, scored_on, subsample
from auditor.attacks.signals import correctness
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import Records
from auditor.domain.evidence import MembershipScores
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import AttackFailed, BudgetExhausted, InvalidInput

UNREACHED = 2.0  # no single change flips the answer; every distance that was found is at most 1
BLOCK = 250
SCORES = ("comparison", "distance")


@dataclass(frozen=True)
class Boundary:
    """Distance to the decision boundary by search along single columns (Choquette-Choo et al. 2021, section 3.4; Li & Zhang 2021),
    in shares of a column's range; a category that flips the answer counts 1. `steps` halvings a range, at most `queries` questions
    a record, on at most `records` of the candidates. `score`: see docs/attacks/boundary.md."""

    queries: int = 128
    steps: int = 6
    records: int = 1_000
    score: str = "comparison"

    name: ClassVar[str] = "boundary"
    family: ClassVar[Family] = Family.MEMBERSHIP
    kind: ClassVar[str] = "membership"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.LABELS, frozenset({Knows.CANDIDATES, Knows.TRUE_LABEL}))
    reference: ClassVar[str] = (
        "Choquette-Choo, Tramer, Carlini, Papernot: Label-Only Membership Inference Attacks, ICML 2021 (arXiv:2007.14321); "
        "Li, Zhang: Membership Leakage in Label-Only Exposures, CCS 2021 (arXiv:2007.15528)"
    )
    shows: ClassVar[str] = "whether a person's record was in the training data"

    def __post_init__(self) -> None:
        bounds = {"queries": (1, 10_000), "steps": (1, 30), "records": (LEAST_RECORDS, 1_000_000)}
        for field, (least, most) in bounds.items():
            value = getattr(self, field)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise InvalidInput(f"attacks.boundary.{field}", f"choose a whole number from {least} to {most:,}, not {value!r}")
        if self.score not in SCORES:
            raise InvalidInput("attacks.boundary.score", f"choose comparison or distance, not {self.score!r}")

    def needs(self, scope: Scope) -> Needs:
        return Needs(self.queries * min(LEAST_RECORDS, scope.candidates), self.queries * min(self.records, scope.candidates))

    def run(self, context: Context) -> MembershipScores:
        """Evidence about as many candidates as the limit allows, in blocks. Raises BudgetExhausted where it allows none,
        AttackFailed where no column can be searched."""
        candidates = candidates_of(context, self.name)
        search = directions.within(domains(candidates.features, context.columns), self.steps, self.queries, context.seed)
        if not search.cost:
            raise AttackFailed(
                f"The boundary attack finds no column to search with {self.queries} queries a record; raise queries."
            )
        rows = subsample(candidates, self.records, context.seed)
        asker = _Asker(context, len(candidates))
        found: list[Floats] = []
        for first, last in self._blocks(context, search, len(rows), asker):
            found.append(self._scores(candidates, rows[first:last], search, asker))
            context.checkpoint(last / len(rows))
        scores = np.concatenate(found)
        context.checkpoint(1.0)
        return scored_on(rows[: len(scores)], scores)

    def _blocks(self, context: Context, search: Search, records: int, asker: "_Asker") -> Iterator[tuple[int, int]]:
        """Records first to last, as long as the limit covers the dearest case."""
        context.checkpoint(0.0)
        first = 0
        while first < records:
            left = context.query_limit - asker.asked if context.query_limit else records * search.cost
            last = min(records, first + BLOCK, first + left // search.cost)
            if last == first:
                break
            yield first, last
            first = last
        if not first:
            raise BudgetExhausted(f"The boundary attack needs at least {search.cost} queries; raise budget.queries.")

    def _scores(self, candidates: Records, rows: NDArray[np.intp], search: Search, asker: "_Asker") -> Floats:
        """(m,) 0 where the record itself is answered wrong; else its distance, or, to compare, 3 minus it."""
        right = asker.right(candidates.features.iloc[rows], candidates.labels[rows])
        scores = np.zeros(len(rows))
        distance = _distances(candidates.take(rows[right]), search, asker)
        scores[right] = distance if self.score == "distance" else UNREACHED + 1 - distance
        return scores


@dataclass(eq=False)
class _Asker:
    """Asks about records that are no candidates, under row indices that no candidate has, and counts them."""

    context: Context
    first: int
    asked: int = 0

    def right(self, frame: pd.DataFrame, labels: NDArray[np.intp]) -> NDArray[np.bool_]:
        return correctness(self.context.query(frame), labels) > 0

    def across(self, frames: list[pd.DataFrame], labels: list[NDArray[np.intp]]) -> list[NDArray[np.bool_]]:
        """Which records of each frame are not answered with their label, all asked at once."""
        if not sum(map(len, frames)):
            return [np.zeros(0, dtype=bool) for _ in frames]
        frame = pd.concat([f for f in frames if len(f)])
        frame.index = pd.RangeIndex(self.first + self.asked, self.first + self.asked + len(frame))
        self.asked += len(frame)
        wrong = ~self.right(frame, np.concatenate(labels))
        return list(np.split(wrong, np.cumsum([len(f) for f in frames])[:-1]))


def _distances(tried: Records, search: Search, asker: _Asker) -> Floats:
    """(m,) to the nearest point found that is answered otherwise, moving in one column; UNREACHED where there is none."""
    best = np.full(len(tried), UNREACHED)
    lines = _first_round(tried, search, asker, best)
    for _ in range(search.steps):
        _halving(tried, lines, best, asker)
    return best


def _first_round(tried: Records, search: Search, asker: _Asker, best: Floats) -> list[Lines]:
    """The ends of every number and the other values of every category, in one question."""
    features, labels = tried.features, tried.labels
    far = [(scale, *end) for scale in search.scales for end in directions.ends(features, scale)]
    values = [(choice, *other) for choice in search.choices for other in directions.others(features, choice)]
    frames = [directions.moved(features, rows, scale, numbers) for scale, rows, numbers in far]
    frames += [directions.switched(features, rows, choice, value) for choice, rows, value in values]
    across = asker.across(frames, [labels[rows] for _, rows, _ in (*far, *values)])
    for (_, rows, _), flipped in zip(values, across[len(far) :], strict=True):
        best[rows[flipped]] = 1.0
    lines = []
    for (scale, rows, numbers), flipped in zip(far, across, strict=False):
        start = features[scale.name].to_numpy(dtype=np.float64)[rows[flipped]]
        lines.append(Lines(scale, rows[flipped], start.copy(), numbers[flipped], start))
    _keep(lines, best)
    return lines


def _halving(tried: Records, lines: list[Lines], best: Floats, asker: _Asker) -> None:
    """One step of every search that could still bring its record nearer."""
    rows = [line.open(best) for line in lines]
    asked = [line.middle[r] for line, r in zip(lines, rows, strict=True)]
    places = [line.record[r] for line, r in zip(lines, rows, strict=True)]
    frames = [directions.moved(tried.features, p, line.scale, a) for line, p, a in zip(lines, places, asked, strict=True)]
    across = asker.across(frames, [tried.labels[p] for p in places])
    for line, r, numbers, flipped in zip(lines, rows, asked, across, strict=True):
        line.halve(r, numbers, flipped)
    _keep(lines, best)


def _keep(lines: list[Lines], best: Floats) -> None:
    for line in lines:
        np.minimum.at(best, line.record, line.most)
