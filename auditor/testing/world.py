"""A small world in which everything is known: records, a model that leaks, one that cannot, and shadows. Ready in half a second."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion import class_inversion_known
from auditor.attacks.inversion.twin import lookup_answers
from auditor.attacks.stealing.counterfactual_search import searched
from auditor.attacks.stealing.twin import noise_target
from auditor.domain.attack import Attack, Checkpoint, Context, Family, Query, Scope, Training
from auditor.domain.counterfactual import Explain
from auditor.domain.data import AuditData, Column, ColumnType, Records, Sensitive
from auditor.domain.learner import Learner, Task
from auditor.domain.parameters import ModelParameters
from auditor.domain.seeds import derive, generator
from auditor.domain.shadow import ShadowOutputs
from auditor.domain.target import Output, Profile
from auditor.domain.threat import Knows, Sees
from auditor.learners import build, build_for_values
from auditor.shadows import design, pool, trainers
from auditor.testing import properties
from auditor.testing.insides import inside_of

COLUMNS = (
    Column("age", ColumnType.INTEGER),
    Column("income", ColumnType.NUMBER),
    Column("job", ColumnType.CATEGORY),
    Column("town", ColumnType.STRING),
    Column("owner", ColumnType.BOOLEAN),
)
CLASSES = ("no", "yes")
CANDIDATES = 600
AUXILIARY = 400
SHADOWS = 8
QUERY_LIMIT = 2_000
# Deep trees on few records remember them.
LEARNER = Learner("xgboost", {"n_estimators": 30, "max_depth": 8})
VALUE_LEARNER = Learner("xgboost", {"n_estimators": 30, "max_depth": 8}, Task.REGRESSION)


@dataclass(frozen=True, eq=False)
class World:
    """`leaky` was trained on the members (for inversion and stealing: remembers them, and follows a learnable rule);
    `null` tells nothing: it never saw any of these records (for stealing: its answers do not depend on them)."""

    data: AuditData
    profile: Profile
    shadows: ShadowOutputs
    leaky: Callable[[Family], Query]
    null: Callable[[Family], Query]
    learner: Learner = LEARNER
    query_limit: int = QUERY_LIMIT

    def leaky_for(self, attack: Attack) -> Query:
        """For reconstruction a model that leads to a record of its own for each class: `prototypes`."""
        if attack.kind == "property":
            return self.of_property.leaky
        if attack.kind == "exposure":
            return self.leaky(Family.MEMBERSHIP)
        return self.prototypes.answers if attack.kind == "reconstruction" else self.leaky(attack.family)

    def null_for(self, attack: Attack) -> Query:
        if attack.kind == "property":
            return self.of_property.null
        return self.null(Family.STEALING) if attack.kind == "reconstruction" else self.null(attack.family)

    @functools.cached_property
    def of_property(self) -> properties.Setting:
        """Half of the training records of the leaky target are clerks."""
        pools = draw(3 * AUXILIARY, derive(0, "property")), draw(3 * AUXILIARY, derive(1, "property"))
        return properties.setting(pools, ("job", "clerk"), self.data.columns)

    @functools.cached_property
    def prototypes(self) -> class_inversion_known.Prototypes:
        data = self.data
        return class_inversion_known.prototypes(data.auxiliary, data.columns, len(data.classes), 0)

    @property
    def scope(self) -> Scope:
        """What an audit of this world offers."""
        data = self.data
        sizes = len(data.candidates), len(data.auxiliary), len(self.shadows)
        return Scope(self.profile, *sizes, self.query_limit, data.sensitive, has_counterfactuals=True)

    def context(self, attack: Attack, query: Query, checkpoint: Checkpoint, seed: int = 1) -> Context:
        """What an audit hands to this attack: what its threat model grants, and nothing else."""
        knows = attack.threat_model.knows
        sensitive = self.data.sensitive[0] if attack.kind in ("attribute", "property") else None
        granted = Context(
            seed=seed,
            profile=self.profile,
            columns=self.data.columns,
            query=query,
            checkpoint=checkpoint,
            candidates=self._known_of_candidates(knows, sensitive),
            shadows=self.shadows if {Knows.CANDIDATES, Knows.LEARNER} <= knows or attack.family is Family.MEMBERSHIP else None,
            auxiliary=self.data.auxiliary if Knows.POPULATION in knows else None,
            learner=self.learner if Knows.LEARNER in knows else None,
            sensitive=sensitive,
            query_limit=min(self.query_limit, attack.needs(self.scope).queries_max),
            parameters=self._inside(attack, query),
            training=self._training if Knows.OTHER_RECORDS in knows else None,
            counterfactual=self._explainer(attack, query) if attack.threat_model.explained else None,
        )
        if attack.kind != "property":
            return granted
        return replace(granted, auxiliary=self.of_property.auxiliary, learner=self.of_property.learner)

    def _explainer(self, attack: Attack, query: Query) -> Explain:
        """Of the target that is asked, one that finds counterfactuals by chance, and not always. It asks past whoever counts."""
        null = self.null_for(attack)
        return searched(null if query is null else self.leaky_for(attack), self.data.auxiliary, self.data.columns, 0).counterfactual

    @property
    def _training(self) -> Training:
        rows = np.flatnonzero(self.data.is_member)
        return Training(self.data.candidates.take(rows), rows)

    def _inside(self, attack: Attack, query: Query) -> ModelParameters | None:
        """Of the target that is asked: the null target's where it is that, else the leaky one's."""
        if attack.threat_model.sees is not Sees.PARAMETERS:
            return None
        return inside_of(attack.name, self.data, is_leaky=query is not self.null_for(attack))

    def _known_of_candidates(self, knows: frozenset[Knows], sensitive: Sensitive | None) -> Records:
        """Labels only where the true label is known; the sensitive cells (a category here) are missing."""
        labels, features = self.data.candidates.labels, self.data.candidates.features
        values = self.data.candidates.values if Knows.TRUE_LABEL in knows else None
        if sensitive is not None:
            features = features.assign(**{c: pd.Series([None] * len(features), dtype=object) for c in sensitive.columns})
        return Records(features, labels if Knows.TRUE_LABEL in knows else np.full_like(labels, -1), values)

    def reordered(self, order: NDArray[np.intp]) -> "World":
        """The same world with its candidates in another order."""
        data = replace(self.data, candidates=self.data.candidates.take(order), is_member=self.data.is_member[order])
        return replace(self, data=data, shadows=ShadowOutputs(self.shadows.probabilities[:, order], self.shadows.masks[:, order]))

    def with_shadows(self, count: int) -> "World":
        """The same world with only the first `count` shadows."""
        return replace(self, shadows=self.shadows.first(count))


@functools.cache
def small_world(seed: int = 0) -> World:
    """600 candidates, half of them members, 400 auxiliary records, 8 shadows, one sensitive attribute of three values."""
    candidates, auxiliary, strangers = (
        draw(n, derive(seed, part)) for n, part in ((CANDIDATES, "c"), (AUXILIARY, "a"), (300, "s"))
    )
    is_member = generator(seed, "members").permutation(CANDIDATES) < CANDIDATES // 2
    job = Sensitive("job", ("job",), (("clerk",), ("farmer",), ("nurse",)))
    data = AuditData(COLUMNS, CLASSES, candidates, is_member, auxiliary, (job,))
    profile = Profile(Output.PROBABILITIES, CLASSES)
    answers = trainers.train(LEARNER, COLUMNS, candidates, len(CLASSES), range(SHADOWS), seed, _unwatched)
    shadows = pool.outputs(answers, design.masks(CANDIDATES, range(SHADOWS), seed), profile)
    trained, foreign = _model(candidates.take(is_member), seed), _model(strangers, seed)
    remembering, noise = lookup_answers(data), noise_target(len(CLASSES), derive(seed, "noise"))
    return World(
        data,
        profile,
        shadows,
        leaky=lambda family: remembering if family is Family.INVERSION else trained,
        null=lambda family: noise if family is Family.STEALING else foreign,
    )


@functools.cache
def small_value_world(seed: int = 0) -> World:
    """The same people and the same shadows of a model that answers one number a record, for attacks whose threat model says
    `or_value`."""
    candidates, auxiliary, strangers = (
        with_values(draw(n, derive(seed, part)), derive(seed, part))
        for n, part in ((CANDIDATES, "c"), (AUXILIARY, "a"), (300, "s"))
    )
    is_member = generator(seed, "members").permutation(CANDIDATES) < CANDIDATES // 2
    profile = Profile(Output.VALUE, (), decimals=3)
    answers = trainers.train(VALUE_LEARNER, COLUMNS, candidates, 0, range(SHADOWS), seed, _unwatched)
    shadows = pool.outputs(answers, design.masks(CANDIDATES, range(SHADOWS), seed), profile)
    trained, foreign = _value_model(candidates.take(is_member), seed), _value_model(strangers, seed)
    job = Sensitive("job", ("job",), (("clerk",), ("farmer",), ("nurse",)))
    data = AuditData(COLUMNS, (), candidates, is_member, auxiliary, (job,))
    noise, remembering = noise_target(0, derive(seed, "noise")), lookup_answers(data)
    null = lambda family: noise if family is Family.STEALING else foreign  # noqa: E731 - as in small_world
    leaky = lambda family: remembering if family is Family.INVERSION else trained  # noqa: E731
    return World(data, profile, shadows, leaky, null, VALUE_LEARNER)


def with_values(records: Records, seed: int) -> Records:
    """The same people with a number to predict, which follows job and income; the noise only memory can explain."""
    income = records.features["income"].fillna(20.0).to_numpy(dtype=np.float64)
    clerk = (records.features["job"] == "clerk").to_numpy()
    noise = generator(seed, "values").normal(0, 12, len(records))
    return Records(records.features, np.zeros(len(records), np.intp), income + 10.0 * clerk + noise)


def draw(n: int, seed: int) -> Records:
    """n people; the label follows job and income, with noise that only memory can explain."""
    rng = generator(seed, "people")
    job = rng.choice(["clerk", "farmer", "nurse"], n, p=[0.4, 0.3, 0.3]).astype(object)
    income = np.round(rng.lognormal(3, 0.5, n) + 8 * (job == "nurse"), 2)
    label = (income + 10 * (job == "clerk") + rng.normal(0, 12, n) > 30).astype(np.intp)
    town = rng.choice([f"town {i}" for i in range(12)], n).astype(object)
    town[rng.random(n) < 0.05] = None
    income[rng.random(n) < 0.05] = np.nan
    frame = {
        "age": rng.integers(18, 90, n),
        "income": income,
        "job": pd.Series(job, dtype=object),
        "town": pd.Series(town, dtype=object),
        "owner": pd.Series((rng.random(n) < 0.5).astype(object), dtype=object),
    }
    return Records(pd.DataFrame(frame), label)


def _model(records: Records, seed: int) -> Query:
    model = build(LEARNER, COLUMNS, derive(seed, "target")).fit(records.features, records.labels)
    return lambda frame: model.over_all(model.predict_proba(frame), len(CLASSES))


def _value_model(records: Records, seed: int) -> Query:
    assert records.values is not None  # noqa: S101 - given by `with_values`
    model = build_for_values(VALUE_LEARNER, COLUMNS, derive(seed, "target")).fit(records.features, records.values)
    return lambda frame: np.round(model.predict(frame)[:, None], 3)


def _unwatched(fraction: float) -> None:
    """Nobody waits for this training."""
