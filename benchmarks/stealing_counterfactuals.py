"""Trees and forests behind counterfactuals: `python -m benchmarks.stealing_counterfactuals` writes stealing_counterfactuals.json.

Every model is turned into its boxes, from which exact counterfactuals follow; beside each stands what path finding asks of the same
tree, and what a copy from as many labels of people knows. Adult ships with the product; German credit and COMPAS are read from
AUDITOR_SHARED_DATA (default ../shared/data) and left out if they are missing.
"""

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.counterfactual_asking import Asking
from auditor.attacks.stealing.counterfactual_boxes import Room
from auditor.attacks.stealing.counterfactual_copy import JUDGES, Reconstruction
from auditor.attacks.stealing.counterfactual_oracle import BoxOracle
from auditor.attacks.stealing.counterfactual_search import RandomSearch
from auditor.attacks.stealing.counterfactual_tree import Growth
from auditor.attacks.stealing.leaf_answers import Answers
from auditor.attacks.stealing.leaf_axes import Axes
from auditor.attacks.stealing.leaf_boxes import Box
from auditor.attacks.stealing.path_finding_crawl import Crawl
from auditor.attacks.stealing.tree_reconstruction import grown
from auditor.domain.counterfactual import Explain
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.learner import Learner
from auditor.domain.seeds import generator
from auditor.domain.target import Output, Profile
from auditor.learners import build
from auditor.learners.encode import prepare
from benchmarks.stealing_trees import FILES, SEEDS, SHARED, Case, _context, _rate, of_adult, of_file

WRITTEN = Path(__file__).parent / "stealing_counterfactuals.json"
UNIFORM, ALL, SOME = 100_000, 30_000, 2_000
COMPAS = SHARED / "compas/compas_scores_two_years.csv.gz"
FEW = ("sex", "age_cat", "race", "priors_count", "c_charge_degree")
TREES = {
    "decision tree": Learner("decision-tree"),
    "decision tree, depth 6": Learner("decision-tree", {"max_depth": 6}),
    "forest of 3 trees": Learner("random-forest", {"n_estimators": 3}),
}
ROWS = (
    ("german credit", "decision tree"),
    ("adult", "decision tree, depth 6"),
    ("adult", "decision tree"),
    ("compas", "decision tree"),
    ("compas", "forest of 3 trees"),
)


@dataclass(frozen=True, eq=False)
class Cells:
    """Disjoint boxes: `low`, `high` (m, d), `levels` (m, d, K) and what is answered in each, `votes` (m, C)."""

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    levels: NDArray[np.bool_]
    votes: NDArray[np.float64]

    def meeting(self, other: "Cells") -> "Cells":
        """Where both have a box: their intersections, with the votes of both."""
        parts = [self._with(other, i) for i in range(len(other.low))]
        return Cells(*(np.concatenate([part[k] for part in parts]) for k in range(4)))

    def _with(self, other: "Cells", i: int) -> tuple[Any, ...]:
        low, high = np.maximum(self.low, other.low[i]), np.minimum(self.high, other.high[i])
        levels = self.levels & other.levels[i]
        ordered = ~other.levels.any(axis=(0, 2))
        meets = (low <= high).all(axis=1) & (levels.any(axis=2) | ordered).all(axis=1)
        return low[meets], high[meets], levels[meets], (self.votes + other.votes[i])[meets]

    def boxes(self) -> list[Box]:
        return [Box(low, low, high, levels) for low, high, levels in zip(self.low, self.high, self.levels, strict=True)]


def cells_of(model: Any, axes: Axes) -> Cells:
    """The boxes of a decision tree or a forest of the product's own learners."""
    estimator = model._estimator
    trees = [each.tree_ for each in getattr(estimator, "estimators_", [estimator])]
    places = list(_places(model, axes))
    cells = _of_tree(trees[0], places, axes)
    for tree in trees[1:]:
        cells = cells.meeting(_of_tree(tree, places, axes))
    return cells


def _places(model: Any, axes: Axes) -> Iterator[tuple[int, int]]:
    """Of each column of the encoded matrix the axis, and which of its levels it stands for (-1: it is a number)."""
    yield from ((j, -1) for j, axis in enumerate(axes.axes) if axis.is_ordered)
    assert not len(model._encoding.flagged), "numbers are missing"
    unordered = [j for j, axis in enumerate(axes.axes) if not axis.is_ordered]
    for j, kept in zip(unordered, model._encoding.kept, strict=True):
        texts = [None if level is None else str(level) for level in axes.axes[j].levels]
        yield from ((j, texts.index(category)) for category in kept)


def _of_tree(tree: Any, places: Sequence[tuple[int, int]], axes: Axes) -> Cells:
    whole = Room.of(axes, np.zeros((0, len(axes)), dtype=np.int64)).box
    found: list[tuple[Any, ...]] = []
    stack = [(0, whole)]
    while stack:
        node, box = stack.pop()
        if tree.feature[node] < 0:
            held = tree.value[node][0]
            found.append((box.low, box.high, box.levels, held / held.sum()))
            continue
        axis, level = places[tree.feature[node]]
        left, right = _halves(box, axes, (axis, level), float(tree.threshold[node]))
        stack += [(tree.children_left[node], left), (tree.children_right[node], right)]
    return Cells(*(np.array(part) for part in zip(*found, strict=True)))


def _halves(box: Box, axes: Axes, place: tuple[int, int], threshold: float) -> tuple[Box, Box]:
    axis, level = place
    if level >= 0:
        without, alone = box.levels.copy(), box.levels.copy()
        without[axis, level] = False
        alone[axis] = False
        alone[axis, level] = box.levels[axis, level]
        return replace(box, levels=without), replace(box, levels=alone)
    last = _last_below(axes, axis, threshold)
    low, high = box.low.copy(), box.high.copy()
    low[axis], high[axis] = max(last + 1, low[axis]), min(last, high[axis])
    return replace(box, high=high), replace(box, low=low)


def _last_below(axes: Axes, axis: int, threshold: float) -> int:
    """The last position that goes left: scikit-learn compares 32-bit floats with a threshold of 64 bits."""
    kind = axes.axes[axis]
    if kind.column.type is ColumnType.INTEGER:
        return int(np.floor(threshold))
    nearest = np.float32(threshold)
    return kind.position(float(nearest if float(nearest) <= threshold else np.nextafter(nearest, np.float32(-np.inf))))


def of_compas(seed: int) -> Case:
    """Five columns of ProPublica's COMPAS data; distinct records are few, so repeated ones stay."""
    frame = pd.read_csv(COMPAS)[[*FEW, "two_year_recid"]].dropna()
    frame = frame.iloc[np.random.default_rng(seed).permutation(len(frame))].reset_index(drop=True)
    kinds = (ColumnType.INTEGER if name == "priors_count" else ColumnType.CATEGORY for name in FEW)
    columns = tuple(Column(name, kind) for name, kind in zip(FEW, kinds, strict=True))
    features = frame[[*FEW]].astype({c.name: object for c in columns if not c.type.is_numeric})
    everyone = Records(features, frame["two_year_recid"].to_numpy(dtype=np.intp))
    parts = np.split(np.arange(len(frame)), [len(frame) // 2, 3 * len(frame) // 4])
    return Case("compas", columns, ("0", "1"), *(everyone.take(part) for part in parts))


def case_of(data: str, seed: int) -> Case | None:
    if data == "adult":
        return of_adult(seed)
    path = COMPAS if data == "compas" else SHARED / FILES[data][0]
    if not path.exists():
        return None
    return of_compas(seed) if data == "compas" else of_file(data, seed)


def row(case: Case, seed: int, name: str) -> dict[str, Any]:
    """One model: exact counterfactuals until every box is closed; with as many queries an explainer that tries at random, and a
    copy from labels."""
    model = build(TREES[name], case.columns, seed).fit(case.members.features, case.members.labels)
    axes = Axes.of(case.everything, case.columns)
    cells = cells_of(model, axes)
    oracle = BoxOracle(axes, cells.boxes(), cells.votes.argmax(axis=1))
    exact = _grown(case, model, axes, oracle, ALL, seed)
    random = RandomSearch(lambda frame: _answers(model, frame), axes, seed)
    few = min(SOME, exact["queries"])
    found = {"data": case.name, "run": seed, "model": name, "boxes": len(cells.low), "exact": exact}
    found["first_200"] = _grown(case, model, axes, oracle, 200, seed)
    found["at_random"] = _grown(case, model, axes, random, few, seed)
    found["plain"] = _plain(case, model, few, seed)
    if name.startswith("decision tree"):
        found["leaves"] = int(model._estimator.get_n_leaves())
        found["path_finding"] = _paths(case, model, axes, seed)
    return found


def _answers(model: Any, frame: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray(model.over_all(model.predict_proba(frame), 2))


def _grown(case: Case, model: Any, axes: Axes, explain: Explain, limit: int, seed: int) -> dict[str, Any]:
    profile = Profile(Output.LABELS, case.classes)
    context = _context(case, seed, profile, lambda frame: np.eye(2)[_answers(model, frame).argmax(axis=1)])
    natural = axes.points(case.auxiliary.features)
    begun = time.perf_counter()
    asking = Asking(context, explain, Room.of(axes, natural), limit - min(JUDGES, limit // 4))
    growth = Growth(asking, natural, "natural")
    said = grown(growth)
    made = Reconstruction(growth, case.auxiliary)
    points = axes.frame(axes.drawn(UNIFORM, np.random.default_rng(seed)))
    wrong = int((made.boxes(points)[0] != _answers(model, points).argmax(axis=1)).sum())
    labels = made.boxes(case.judged.features)[0]
    if growth.open:
        asking.limit = limit
        labels = made.chosen(seed, are_boxes_right=True)(case.judged.features)
    agrees = labels == _answers(model, case.judged.features).argmax(axis=1)
    return {
        "queries": asking.spent,
        "counterfactuals": asking.counterfactuals,
        "closed": growth.closed,
        "open": len(growth.open),
        "fidelity": _rate(agrees),
        "uniform_wrong": wrong,
        "said": said,
        "seconds": round(time.perf_counter() - begun, 1),
    }


def _plain(case: Case, model: Any, queries: int, seed: int) -> dict[str, Any]:
    """Boosted trees on the target's labels of as many auxiliary records at random."""
    rows = generator(seed, "plain").permutation(len(case.auxiliary))[:queries]
    asked = case.auxiliary.features.iloc[rows].reset_index(drop=True)
    labels = _answers(model, asked).argmax(axis=1)
    copy = build(Learner("xgboost", {"n_estimators": 100}), case.columns, seed).fit(asked, labels)
    told = copy.over_all(copy.predict_proba(case.judged.features), 2).argmax(axis=1)
    return {"queries": len(rows), "fidelity": _rate(told == _answers(model, case.judged.features).argmax(axis=1))}


def _paths(case: Case, model: Any, axes: Axes, seed: int) -> dict[str, Any]:
    """Path finding on a server that answers with a number of its own for each leaf."""
    numbers = generator(seed, "leaves").standard_normal(model._estimator.tree_.node_count)

    def of_leaf(frame: pd.DataFrame) -> NDArray[np.float64]:
        matrix = model._encoding.apply(prepare(frame, model.columns))
        return np.asarray(numbers[model._estimator.apply(matrix)][:, None])

    context = _context(case, seed, Profile(Output.VALUE, ()), of_leaf)
    crawl = Crawl(Answers(context, axes, 3_000_000))
    crawl.run(case.auxiliary.features, generator(seed, "drawn"))
    return {"queries": len(crawl.answers), "found": crawl.leaves}


def main() -> None:
    rows = []
    for data, name in ROWS:
        for seed in SEEDS:
            case = case_of(data, seed)
            if case is not None:
                rows.append(row(case, seed, name))
                print(rows[-1], flush=True)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    WRITTEN.write_text(json.dumps({"commit": commit, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
