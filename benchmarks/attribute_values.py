"""Attributes from a model that answers a number: a forest, and a linear model, of the hours that people of UCI Adult work.

The outline of the pharmacogenetic study of Fredrikson et al. 2014, where a model of a dose gave away a genotype, on data that ship
with the demonstration. Prints the table of docs/attacks/fredrikson-map.md.
"""

import sys
from collections.abc import Sequence

import numpy as np

from auditor.attacks import registry
from auditor.attacks.inversion.completion import value_indices
from auditor.demo import adult as demo
from auditor.domain.attack import Query
from auditor.domain.data import AuditData, Column, ColumnType, Records, Sensitive
from auditor.domain.evidence import AttributeGuesses
from auditor.domain.learner import Learner, Task
from auditor.domain.target import Output, Profile
from auditor.learners import build_for_values
from auditor.scoring.assess import Grading, Truth, assess
from auditor.workflow.contexts import context_for, forbidden

SEED = 7
VALUE = "hours-per-week"
ATTACKS = ("attribute", "fredrikson-map", "yeom")
LEARNERS = (Learner("random-forest", task=Task.REGRESSION), Learner("linear-regression", task=Task.REGRESSION))
MEMBERS, OTHERS, AUXILIARY, TRAINED = 1_000, 1_000, 2_000, 3_000


def people() -> tuple[Records, tuple[Column, ...]]:
    frame = demo.load().drop_duplicates().drop(columns=demo.LABEL).sample(frac=1, random_state=SEED)
    names = [c for c in frame.columns if c != VALUE]
    columns = tuple(Column(c, ColumnType.INTEGER if c in demo.INTEGERS else ColumnType.CATEGORY) for c in names)
    typed = frame[names].astype({c.name: "float64" if c.type.is_numeric else object for c in columns})
    return Records(typed.reset_index(drop=True), np.zeros(len(frame), np.intp), frame[VALUE].to_numpy(dtype=float)), columns


def audited(sensitive: str) -> tuple[AuditData, Records]:
    """What an audit would know, and everybody the target was trained on: the attacked members first."""
    everybody, columns = people()
    trained = everybody.take(np.arange(TRAINED))
    rest = everybody.take(np.arange(TRAINED, TRAINED + OTHERS + AUXILIARY))
    members, auxiliary = np.arange(MEMBERS), rest.take(np.arange(OTHERS, OTHERS + AUXILIARY))
    order = np.random.default_rng(SEED).permutation(MEMBERS + OTHERS)
    candidates = everybody.take(np.concatenate([members, TRAINED + np.arange(OTHERS)])).take(order)
    attribute = Sensitive(sensitive, (sensitive,), tuple((v,) for v in sorted(auxiliary.features[sensitive].unique())))
    return AuditData(columns, (), candidates, order < MEMBERS, auxiliary, (attribute,)), trained


def line(name: str, data: AuditData, target: Query) -> str:
    attack = registry.make(name, {})
    baseline = registry.baseline_for(attack)
    assert baseline is not None
    profile, grants = Profile(Output.VALUE, ()), {"seed": SEED, "sensitive": data.sensitive[0]}
    evidence = attack.run(context_for(attack, data, profile, target, _unwatched, grants))
    imputed = baseline.run(context_for(baseline, data, profile, forbidden, _unwatched, grants))
    assert isinstance(evidence, AttributeGuesses)
    known = value_indices(data.candidates.features, data.sensitive[0])
    truth = Truth(data.is_member, data.candidates.labels, known, None, 0)
    graded = assess(evidence, truth, Grading(level=25.0, seed=SEED), imputed)
    told = {e.name: e for e in graded.estimates}
    names: Sequence[str] = ("accuracy", "accuracy_non_members", "baseline_accuracy", "precision@k", "precision@k_imputation")
    cells = [f"{told[n].value:.3f} ({told[n].low:.3f} to {told[n].high:.3f})" for n in names]
    part = f", {graded.driver}" if graded.score else ""
    return " | ".join([*cells, f"{graded.score:.0f} ({graded.score_low:.0f} to {graded.score_high:.0f}){part}"])


def _unwatched(fraction: float) -> None:
    """Nobody waits."""


def main() -> int:
    print("| target, attribute | attack | members | non-members | imputation | surest, members | surest, imputation | score |")
    print("|---" * 8 + "|")
    for sensitive in ("occupation", "race"):
        data, trained = audited(sensitive)
        assert trained.values is not None
        for learner in LEARNERS:
            model = build_for_values(learner, data.columns, SEED).fit(trained.features, trained.values)
            for name in ATTACKS:
                cells = line(name, data, lambda frame, model=model: model.predict(frame)[:, None])
                print(f"| {learner.name}, {sensitive} | {name} | {cells} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
