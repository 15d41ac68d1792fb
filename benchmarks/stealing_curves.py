"""How well do learned copies agree with targets of Adult, by budget, strategy and channel, beside a plain refit?"""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.no_query import NoQuerySurrogate
from auditor.attacks.stealing.surrogate import Surrogate
from auditor.demo import adult
from auditor.domain.attack import Context, Query
from auditor.domain.data import Records
from auditor.domain.evidence import SurrogateLabels
from auditor.domain.learner import Learner
from auditor.domain.seeds import derive
from auditor.domain.target import Output, Profile
from auditor.learners import build
from auditor.scoring import roc
from auditor.scoring.intervals import clopper_pearson
from auditor.shadows.channels import CHANNELS, Channel, through

Floats = NDArray[np.float64]

TRAINED, AUXILIARY, JUDGED = 5_000, 10_000, 6_000
BUDGETS = (500, 2_000, 10_000)
TARGETS: dict[str, tuple[Learner, tuple[int, ...]]] = {
    "xgboost, 100 x depth 6": (Learner("xgboost"), BUDGETS),
    "random forest": (Learner("random-forest"), BUDGETS),
    "logistic regression": (Learner("logistic-regression"), BUDGETS),
    "mlp 64": (Learner("mlp", {"hidden_layer_sizes": (64,), "max_iter": 60}), BUDGETS),
    "svm, rbf": (Learner("svm"), BUDGETS),
}


@dataclass(frozen=True, eq=False)
class World:
    """A target trained on Adult; candidates are JUDGED strangers, then as many members as were trained on."""

    name: str
    learner: Learner
    seed: int
    query: Query
    members: Records
    auxiliary: Records
    judged: Records

    def context(self, channel: Channel | None = None) -> Context:
        told = Profile(Output.PROBABILITIES, adult.CLASSES)
        query = self.query if channel is None else (lambda frame: through(channel, self.query(frame), told))
        profile = told if channel is None else channel.profile(told)
        everybody = pd.concat([self.judged.features, self.members.features], ignore_index=True)
        candidates = Records(everybody, np.full(len(everybody), -1))
        return Context(
            derive(self.seed, "attack"),
            profile,
            adult.columns(),
            query,
            lambda fraction: None,
            candidates,
            None,
            self.auxiliary,
            self.learner,
        )

    def fidelity(self, answers: Floats) -> float:
        """On all strangers, which no copy was made from."""
        true = self.query(self.judged.features).argmax(axis=1)
        return float((answers[: len(true)].argmax(axis=1) == true).mean())

    def limits(self, fidelity: float) -> list[float]:
        """That share of the strangers with its 95 % Clopper-Pearson limits."""
        found = clopper_pearson(round(fidelity * len(self.judged)), len(self.judged))
        return [round(value, 4) for value in (found.value, found.low, found.high)]


def world(name: str, seed: int) -> World:
    learner = TARGETS[name][0]
    frame = adult.load().drop_duplicates().sample(frac=1, random_state=seed).reset_index(drop=True)
    ends = np.cumsum([0, TRAINED, AUXILIARY, JUDGED])
    parts = [frame.iloc[a:b].reset_index(drop=True) for a, b in itertools.pairwise(ends)]
    members, auxiliary, judged = (Records(p.drop(columns=adult.LABEL), adult.labels(p)) for p in parts)
    model = build(learner, adult.columns(), derive(seed, "target")).fit(members.features, members.labels)
    return World(name, learner, seed, model.predict_proba, members, auxiliary, judged)


def curve(name: str, seeds: Sequence[int]) -> dict[str, Any]:
    """By budget: fidelity of the default attack, and of a plain refit (the target's learner on the labels of natural records)."""
    found: dict[str, Any] = {"target": name, "seeds": list(seeds), "budgets": {}, "no_query": []}
    for seed in seeds:
        made = world(name, seed)
        baseline = NoQuerySurrogate().run(made.context())
        assert isinstance(baseline, SurrogateLabels)
        true = made.query(made.context().candidates.features.iloc[baseline.rows]).argmax(axis=1)  # type: ignore[union-attr]
        found["no_query"].append(round(float((baseline.labels[0] == true).mean()), 4))
        for budget in TARGETS[name][1]:
            begun = time.monotonic()
            fidelity = _copied(made, Surrogate(budget))
            seconds = time.monotonic() - begun
            cell = found["budgets"].setdefault(str(budget), {"attack": [], "refit": [], "seconds": []})
            cell["attack"].append(round(fidelity, 4))
            cell["refit"].append(round(_refit(made, budget), 4))
            cell["seconds"].append(round(seconds, 1))
            print(name, seed, budget, cell, flush=True)
    return found


def _copied(made: World, attack: Surrogate, channel: Channel | None = None) -> float:
    evidence = attack.run(made.context(channel))
    assert evidence.copied is not None
    return made.fidelity(evidence.copied)


def _refit(made: World, budget: int) -> float:
    asked = made.auxiliary.features.iloc[:budget]
    model = build(made.learner, adult.columns(), 1).fit(asked, made.query(asked).argmax(axis=1))
    return made.fidelity(model.over_all(model.predict_proba(made.judged.features), 2))


def strategies(name: str, budget: int, seed: int, chosen: Sequence[str]) -> dict[str, Any]:
    made = world(name, seed)
    return {
        "target": name,
        "budget": budget,
        "fidelity": {strategy: round(_copied(made, Surrogate(budget, strategy)), 4) for strategy in chosen},
    }


def channels(name: str, budget: int, seed: int) -> dict[str, Any]:
    """The same attack where the endpoint answers less, and asks anew."""
    made = world(name, seed)
    wanted = [c for c in CHANNELS if c.name in ("labels only", "top 1", "2 decimals")]
    shown = {c.name: round(_copied(made, Surrogate(budget), c), 4) for c in wanted}
    return {"target": name, "budget": budget, "fidelity": {"as it is": round(_copied(made, Surrogate(budget)), 4), **shown}}


def consequences(name: str, budget: int, seed: int) -> dict[str, Any]:
    """AUC of membership by the loss of the copy, and by that of the target."""
    made = world(name, seed)
    evidence = Surrogate(budget).run(made.context())
    assert evidence.copied is not None
    context = made.context()
    assert context.candidates is not None
    labels = np.concatenate([made.judged.labels, made.members.labels])
    is_member = np.arange(len(labels)) >= len(made.judged)
    found: dict[str, Any] = {"target": name, "budget": budget}
    for title, answers in (("stolen", evidence.copied), ("direct", made.query(context.candidates.features))):
        interval = roc.auc_interval(answers[np.arange(len(labels)), labels], is_member)
        found[title] = [round(v, 4) for v in (interval.low, interval.value, interval.high)]
    return found
