"""Whole attacks on an attribute of made-up people, of whose illness nothing else tells anything: behind models that cannot know it,
and behind models that do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks import registry
from auditor.attacks.inversion.imputation import Imputation
from auditor.attacks.inversion.twin import lookup_answers
from auditor.domain.attack import Context, Query
from auditor.domain.data import AuditData, Column, ColumnType, Records, Sensitive
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.learner import Learner
from auditor.domain.target import Output, Profile
from auditor.learners import build
from auditor.scoring import attribute, holm
from auditor.scoring.assess import Grading, assess
from auditor.scoring.grading import Assessment, Truth
from benchmarks.validation import worlds

COLUMNS = (Column("age", ColumnType.INTEGER), Column("income", ColumnType.NUMBER), Column("illness", ColumnType.CATEGORY))
ILLNESS = Sensitive("illness", ("illness",), (("asthma",), ("gout",), ("none",)))
PROFILE = Profile(Output.PROBABILITIES, ("no", "yes"))
ATTACKS = ("attribute", "fredrikson-map", "fredrikson-confidence", "yeom", "likelihood-ratio", "csmia", "lomia")
REMEMBERING = ("attribute", "csmia")
SIDE, AUXILIARY = 100, 120
FOREST_SIDE, FOREST_AUXILIARY = 400, 400
LEAN, LARGE = 0.3, 200_000
LEVEL = 25.0


def people(n: int, rng: np.random.Generator) -> Records:
    """The label follows age and income, with noise; the illness follows nothing."""
    age, income = rng.integers(20, 90, n), np.round(rng.normal(30, 8, n), 3)
    ill = rng.choice(3, n, p=[0.3, 0.2, 0.5])
    values = pd.Series([ILLNESS.values[i][0] for i in ill], dtype=object)
    labels = (0.03 * (age - 55) + 0.05 * (income - 30) + rng.normal(0, 0.7, n) > 0).astype(np.intp)
    return Records(pd.DataFrame({"age": age, "income": income, "illness": values}), labels)


@dataclass(frozen=True, eq=False)
class World:
    """`data` with its truth, and what an attack is given of it."""

    data: AuditData
    seed: int

    @classmethod
    def drawn(cls, side: int, auxiliary: int, rng: np.random.Generator) -> "World":
        everybody, known = people(2 * side, rng), people(auxiliary, rng)
        is_member = worlds.halves(2 * side, side, rng)
        return cls(AuditData(COLUMNS, PROFILE.classes, everybody, is_member, known, (ILLNESS,)), int(rng.integers(1 << 30)))

    @property
    def members(self) -> Records:
        return self.data.candidates.take(self.data.is_member)

    @property
    def truth(self) -> Truth:
        known = [cell for (cell,) in ILLNESS.values]
        values = np.array([known.index(cell) for cell in self.data.candidates.features["illness"]], dtype=np.intp)
        return Truth(self.data.is_member, self.data.candidates.labels, values, None, 2)

    def context(self, query: Query) -> Context:
        features, labels = self.data.candidates.features, self.data.candidates.labels
        hidden = Records(features.assign(illness=pd.Series([None] * len(features), dtype=object)), labels)
        given = {"candidates": hidden, "auxiliary": self.data.auxiliary, "sensitive": ILLNESS}
        return Context(self.seed, PROFILE, COLUMNS, query, lambda fraction: None, **given)  # type: ignore[arg-type]

    def evidence(self, name: str, query: Query) -> AttributeGuesses:
        found = registry.make(name, {}).run(self.context(query))
        assert isinstance(found, AttributeGuesses)
        return found

    @cached_property
    def imputed(self) -> AttributeGuesses:
        return Imputation().run(self.context(_silent))

    def graded(self, evidence: AttributeGuesses) -> Assessment:
        return assess(evidence, self.truth, Grading(LEVEL, seed=self.seed), self.imputed)


def _silent(frame: pd.DataFrame) -> NDArray[np.float64]:
    return np.tile([0.5, 0.5], (len(frame), 1))


def forest(records: Records, columns: tuple[Column, ...], seed: int) -> Query:
    """Trees grown until each leaf is pure: it remembers its training records."""
    model = build(Learner("random-forest", {"n_estimators": 20}), columns, seed).fit(records.features, records.labels)
    return lambda frame: model.over_all(model.predict_proba(frame), 2)


def unknowing(seed: int) -> dict[str, bool]:
    """Half of the targets remember the members and cannot read the attribute, half read it and saw none of the members."""
    rng = np.random.default_rng((21, seed))
    world = World.drawn(SIDE, AUXILIARY, rng)
    blind = tuple(c for c in COLUMNS if c.name != "illness")
    query = forest(world.members, blind, seed) if seed % 2 else forest(people(SIDE, rng), COLUMNS, seed)
    evidence = {name: world.evidence(name, query) for name in ATTACKS}
    found = {name: world.graded(each) for name, each in evidence.items()}
    cases = [(each, world.imputed, world.truth) for each in evidence.values()]
    family = holm.assess_family(cases, Grading(LEVEL, seed=world.seed), list(found.values()))
    imputation = world.graded(world.imputed)
    gains = {e.name: e for e in found["attribute"].estimates if e.name in ("accuracy_advantage", "advantage_over_imputation")}
    return (
        {_alarm(name): bool(each.score_low) for name, each in found.items()}
        | {_gain(name): (e.low or 0.0) > 0 for name, e in gains.items()}
        | {FAMILY: any(a.score_low for a in family), IMPUTATION: bool(imputation.score)}
    )


def _alarm(attack: str) -> str:
    return f"{attack}: score_low is above 0"


def _gain(name: str) -> str:
    return f"attribute, {name}: the interval lies above 0"


FAMILY = "score_low of any of the seven is above 0"
IMPUTATION = "imputation itself: the score is above 0"
UNKNOWING: Mapping[str, float] = (
    {_alarm(name): 0.05 for name in ATTACKS}
    | {_gain(name): 0.05 for name in ("accuracy_advantage", "advantage_over_imputation")}
    | {FAMILY: 0.05, IMPUTATION: 0.0}
)


def knowing(seed: int) -> dict[str, float]:
    """A table of all members, and a forest of them."""
    rng = np.random.default_rng((22, seed))
    return _lookup(World.drawn(SIDE, AUXILIARY, rng)) | _remembered(World.drawn(FOREST_SIDE, FOREST_AUXILIARY, rng))


def _lookup(world: World) -> dict[str, float]:
    query, told = lookup_answers(world.data), {}
    for name in REMEMBERING:
        found = world.graded(world.evidence(name, query))
        figures = {e.name: e.value or 0.0 for e in found.estimates}
        left = 1 - max(figures["precision@k_imputation"], figures["precision@k_non_members"])
        told[f"{name}: the score of a lookup table is 100"] = float((found.score or 0.0) > 100 - 1e-9)
        told[f"{name}: a lookup table gives what guessing leaves"] = float(abs(figures["advantage_over_imputation"] - left) < 1e-9)
    return told


def _remembered(world: World) -> dict[str, float]:
    found = world.graded(world.evidence("attribute", forest(world.members, COLUMNS, world.seed)))
    return {"attribute: score_low of a forest is at least 5": float((found.score_low or 0.0) >= 5)}


def leaning(seed: int) -> dict[str, float]:
    """Guesses lean towards the truth about members by so much; what that is worth is known from very many people."""
    rng = np.random.default_rng((24, seed))
    gain, best = leaning_truth()
    is_member = worlds.halves(600, 300, rng)
    found = assess(*_leaning_case(is_member, rng, int(rng.integers(1 << 30))))
    advantage = next(e for e in found.estimates if e.name == "accuracy_advantage")
    return {
        "accuracy_advantage: lower limit below what is leaked": float((advantage.low or 0.0) <= gain),
        "score_low below the score of the leak": float((found.score_low or 0.0) <= best),
        "score_high above it": float((found.score_high or 0.0) >= best),
    }


@cache
def leaning_truth() -> tuple[float, float]:
    """(gain in accuracy, score) of guesses that lean by LEAN, from LARGE people; the fifth that is surest is looked at, as in the
    simulated audits of 300 members."""
    rng = np.random.default_rng(23)
    is_member = worlds.halves(LARGE, LARGE // 2, rng)
    evidence, truth, _, imputed = _leaning_case(is_member, rng, 0)
    guesses = attribute.aligned(evidence, imputed, truth)
    tail = replace(attribute.arms_of(guesses), k=LARGE // 10).precision()
    bulk = attribute.right_of(guesses).shares
    parts = [(ours - max(rivals)) / (1 - max(rivals)) for ours, *rivals in (tail, bulk)]
    return bulk[0] - max(bulk[1:]), 100 * max(parts)


def _leaning_case(
    is_member: NDArray[np.bool_], rng: np.random.Generator, seed: int
) -> tuple[AttributeGuesses, Truth, Grading, AttributeGuesses]:
    leaning, imputed, truth = worlds.guesses(is_member, LEAN, rng)
    scores = np.where(is_member[:, None], leaning.scores, imputed.scores)
    return replace(leaning, scores=scores), truth, Grading(LEVEL, seed=seed), imputed


WHOLE, LOWER, POWER = (1.0, 1.0), (0.95, 1.0), (0.8, 1.0)
KNOWING: Mapping[str, tuple[float, float]] = (
    {f"{name}: the score of a lookup table is 100": WHOLE for name in REMEMBERING}
    | {f"{name}: a lookup table gives what guessing leaves": WHOLE for name in REMEMBERING}
    | {"attribute: score_low of a forest is at least 5": POWER}
)
LEANING: Mapping[str, tuple[float, float]] = {
    "accuracy_advantage: lower limit below what is leaked": LOWER,
    "score_low below the score of the leak": LOWER,
    "score_high above it": LOWER,
}
