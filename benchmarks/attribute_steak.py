"""The steak survey as Fredrikson et al. 2015 had it: trees trained on everybody, who is then attacked. For docs/attacks.

Prints, for trees of several sizes, accuracy on infidelity and precision and recall of "Yes" of the attack that counts records in
the leaves, and of the one that sees labels only; with the shares among the trained, as the paper grants. Reads the folder of
AUDITOR_SHARED_DATA.
"""

import sys

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.inversion.fredrikson import FredriksonMap
from auditor.attacks.inversion.fredrikson_counts import FredriksonCounts
from auditor.domain.attack import Attack, Context
from auditor.domain.data import Column, ColumnType, Records, Sensitive
from auditor.domain.target import Output, Profile
from auditor.scoring.intervals import clopper_pearson
from auditor.testing.insides import from_fitted
from benchmarks.attribute import SEED, SPLITS, steak

SIZES = {"full depth": {}, "leaves of 5": {"min_samples_leaf": 5}, "depth 6": {"max_depth": 6}, "depth 3": {"max_depth": 3}}
YES = 1
Mask = NDArray[np.bool_]


def context_of(everybody: Records, trained: Mask, settings: dict[str, int], classes: tuple[str, ...]) -> Context:
    """The tree of this size on the trained; everybody is attacked with the shares, and the errors, among the trained."""
    from sklearn.tree import DecisionTreeClassifier

    names = list(everybody.features.columns)
    codes = pd.get_dummies(everybody.features, prefix_sep="=", columns=names)
    inside = everybody.take(trained)
    model = DecisionTreeClassifier(random_state=SEED, **settings).fit(codes.to_numpy(float)[trained], inside.labels)

    def query(frame: pd.DataFrame) -> NDArray[np.float64]:
        coded = pd.get_dummies(frame, prefix_sep="=", columns=names).reindex(columns=codes.columns, fill_value=0)
        answers = np.zeros((len(frame), len(classes)))
        answers[:, model.classes_] = model.predict_proba(coded.to_numpy(float))
        return answers

    trees = from_fitted([model.tree_], tuple(codes.columns))
    infidelity = Sensitive("infidelity", ("infidelity",), (("No",), ("Yes",)))
    blank = everybody.features.assign(infidelity=pd.Series([None] * len(everybody), dtype=object))
    columns = tuple(Column(name, ColumnType.CATEGORY) for name in names)
    seen = tuple(classes[c] for c in model.classes_)
    assert seen == classes
    return Context(
        SEED,
        Profile(Output.PROBABILITIES, classes),
        columns,
        query,
        lambda fraction: None,
        Records(blank, everybody.labels),
        auxiliary=inside,
        sensitive=infidelity,
        parameters=trees,
    )


def survey(seed: int) -> tuple[Records, tuple[str, ...]]:
    found, _inside, _outside = steak(seed)
    classes = tuple(sorted(found.frame["steak_type"].unique()))
    features = found.frame.drop(columns="steak_type").reset_index(drop=True).astype(object)
    return Records(features, np.array([classes.index(y) for y in found.frame["steak_type"]])), classes


def figures(guess: NDArray[np.intp], true: NDArray[np.intp]) -> tuple[float, float, float]:
    """Accuracy, precision and recall of Yes; a precision of nothing is not a number."""
    said, have = guess == YES, true == YES
    right = int((said & have).sum())
    return float((guess == true).mean()), right / said.sum() if said.any() else float("nan"), right / have.sum()


def everybody_trained(attack: Attack, settings: dict[str, int]) -> str:
    people, classes = survey(SEED)
    true = (people.features["infidelity"] == "Yes").to_numpy().astype(np.intp)
    evidence = attack.run(context_of(people, np.ones(len(people), dtype=bool), settings, classes))
    shown = figures(evidence.scores.argmax(axis=1), true)  # type: ignore[union-attr]
    limits = clopper_pearson(round(shown[0] * len(true)), len(true))
    return f"{shown[0]:.3f} ({limits.low:.3f} to {limits.high:.3f}) | {shown[1]:.3f} | {shown[2]:.3f}"


def half_trained(attack: Attack, settings: dict[str, int]) -> str:
    """Means over random halves: members, then the others, who took no part in anything."""
    found = []
    for split in range(SPLITS):
        people, classes = survey(SEED + split)
        true = (people.features["infidelity"] == "Yes").to_numpy().astype(np.intp)
        trained = np.arange(len(people)) < len(people) // 2
        if len(np.unique(people.labels[trained])) < len(classes):
            continue
        guess = attack.run(context_of(people, trained, settings, classes)).scores.argmax(axis=1)  # type: ignore[union-attr]
        found.append([figures(guess[side], true[side]) for side in (trained, ~trained)])
    means = np.nanmean(found, axis=0)
    return " | ".join(f"{value:.3f}" for value in means.ravel())


def main() -> int:
    print("| tree | attack | accuracy (95 % limits) | precision | recall | halves: members | | | others | | |")
    print("|---" * 11 + "|")
    for size, settings in SIZES.items():
        for attack in (FredriksonCounts(), FredriksonMap()):
            cells = everybody_trained(attack, settings), half_trained(attack, settings)
            print(f"| {size} | {attack.name} | {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FileNotFoundError as missing:
        sys.exit(f"not measured: {missing}")
