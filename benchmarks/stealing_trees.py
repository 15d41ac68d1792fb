"""Trees and ensembles behind their answers: `python -m benchmarks.stealing_trees` writes stealing_trees.json and prints tables.

Adult ships with the product; the other data sets are read from AUDITOR_SHARED_DATA (default ../shared/data) and left out if they
are missing.
"""

import argparse
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.copying import classes_of
from auditor.attacks.stealing.ensemble_thresholds import EnsembleThresholds
from auditor.attacks.stealing.leaf_answers import Answers
from auditor.attacks.stealing.leaf_axes import Axes
from auditor.attacks.stealing.leaf_copy import LeafCopy
from auditor.attacks.stealing.no_query import NoQuerySurrogate
from auditor.attacks.stealing.path_finding_crawl import Crawl
from auditor.demo import adult
from auditor.domain.attack import Context, Query
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.learner import Learner
from auditor.domain.seeds import generator
from auditor.domain.target import Output, Profile
from auditor.learners import build
from auditor.learners.encode import prepare
from auditor.scoring.intervals import clopper_pearson

Floats = NDArray[np.float64]
SHARED = Path(os.environ.get("AUDITOR_SHARED_DATA", "../shared/data"))
WRITTEN = Path(__file__).parent / "stealing_trees.json"
SEEDS = (1, 2)
UNIFORM = 100_000
INNER = "inner nodes answer too"
ALL, SOME = 3_000_000, 10_000
BUDGETS = (500, 2_000, 10_000)
FILES = {
    "german credit": ("german-credit/german_credit.csv.gz", "credit_risk"),
    "nursery": ("nursery/nursery.csv.gz", "class"),
    "steak": ("steak-survey/steak_331.csv.gz", "steak_type"),
}
ENSEMBLES = {
    "xgboost, 100 trees, depth 6": Learner("xgboost", {"n_estimators": 100}),
    "random forest": Learner("random-forest"),
    "xgboost, 50 trees, depth 2": Learner("xgboost", {"n_estimators": 50, "max_depth": 2}),
    "xgboost, 50 stumps": Learner("xgboost", {"n_estimators": 50, "max_depth": 1}),
}


@dataclass(frozen=True, eq=False)
class Case:
    """What a target is trained on, what a thief has, and what the copy is judged on."""

    name: str
    columns: tuple[Column, ...]
    classes: tuple[str, ...]
    members: Records
    auxiliary: Records
    judged: Records

    @property
    def everything(self) -> pd.DataFrame:
        """For the ranges and categories of the columns, which Tramèr et al. take as known."""
        return pd.concat([part.features for part in (self.members, self.auxiliary, self.judged)], ignore_index=True)


def of_adult(seed: int, auxiliary: int = 5_000, judged: int = 3_000) -> Case:
    parts = adult.split(adult.load(), seed, (5_000, 6_000))
    members, others, extra = (
        Records(part.drop(columns=adult.LABEL), adult.labels(part)) for part in (parts.members, parts.non_members, parts.auxiliary)
    )
    chosen = np.arange(auxiliary)
    return Case("adult", adult.columns(), adult.CLASSES, members, extra.take(chosen), others.take(np.arange(judged)))


def of_file(name: str, seed: int) -> Case:
    """Half of the records to train on, a quarter each for the thief and to judge."""
    path, label = FILES[name]
    frame = pd.read_csv(SHARED / path).astype({label: str})
    frame = frame.drop_duplicates(frame.columns.drop(label).tolist()).reset_index(drop=True)
    frame = frame.iloc[np.random.default_rng(seed).permutation(len(frame))].reset_index(drop=True)
    features = frame.drop(columns=[label, "response_id"], errors="ignore")
    columns = tuple(Column(c, _type(features[c])) for c in features)
    features = features.astype({c.name: object for c in columns if not c.type.is_numeric})
    classes = tuple(sorted(frame[label].unique()))
    labels = np.array([classes.index(value) for value in frame[label]], dtype=np.intp)
    parts = np.split(np.arange(len(frame)), [len(frame) // 2, 3 * len(frame) // 4])
    return Case(name, columns, classes, *(Records(features, labels).take(part) for part in parts))


def _type(cells: pd.Series) -> ColumnType:
    if not pd.api.types.is_numeric_dtype(cells):
        return ColumnType.CATEGORY
    return ColumnType.INTEGER if (cells.dropna() % 1 == 0).all() else ColumnType.NUMBER


def cases() -> Iterator[tuple[Case, int]]:
    for name in FILES:
        if (SHARED / FILES[name][0]).exists():
            yield from ((of_file(name, seed), seed) for seed in SEEDS)
    yield from ((of_adult(seed), seed) for seed in SEEDS)


@dataclass(frozen=True, eq=False)
class Nodes:
    """A server that stops at the node whose cell is missing and answers with what the node holds. `coded`: which columns are
    categories, each of several columns of the matrix; `numbers` (nodes,)."""

    model: Any
    coded: NDArray[np.intp]
    numbers: Floats

    def numbered(self, frame: pd.DataFrame) -> Floats:
        return np.asarray(self.numbers[self._reached(frame)][:, None])

    def shares(self, frame: pd.DataFrame) -> Floats:
        """Shares of all classes among the training records of the node."""
        held = self.model._estimator.tree_.value[self._reached(frame)][:, 0]
        return np.asarray(self.model.over_all(held / held.sum(axis=1, keepdims=True), 1 + int(self.model.classes_.max())))

    def _reached(self, frame: pd.DataFrame) -> NDArray[np.intp]:
        tree, encoding = self.model._estimator.tree_, self.model._encoding
        matrix = encoding.apply(prepare(frame, self.model.columns))
        numeric = np.flatnonzero(~np.isin(np.arange(frame.shape[1]), self.coded))
        origin = np.concatenate([numeric, np.repeat(self.coded, [len(kept) for kept in encoding.kept])])
        absent = frame.isna().to_numpy()[:, origin]
        reached = np.zeros(len(frame), dtype=np.intp)
        rows = np.arange(len(frame))
        while len(rows):
            node = reached[rows]
            feature = tree.feature[node]
            goes_on = (feature >= 0) & ~absent[rows, feature]
            rows, node, feature = rows[goes_on], node[goes_on], feature[goes_on]
            is_left = matrix[rows, feature] <= tree.threshold[node]
            reached[rows] = np.where(is_left, tree.children_left[node], tree.children_right[node])
        return reached


def tree_rows() -> list[dict[str, Any]]:
    """Four for each data set and seed: a server that answers with a number of its own for each leaf, and a plain classifier; each
    also so that a record with a missing cell is answered by an inner node."""
    rows = []
    for case, seed in cases():
        model = build(Learner("decision-tree"), case.columns, seed).fit(case.members.features, case.members.labels)
        leaves = int(model._estimator.get_n_leaves())
        numbers = generator(seed, "leaves").standard_normal(model._estimator.tree_.node_count)

        def of_leaf(frame: pd.DataFrame, model: Any = model, numbers: Floats = numbers) -> Floats:
            matrix = model._encoding.apply(prepare(frame, model.columns))
            return np.asarray(numbers[model._estimator.apply(matrix)][:, None])

        def of_class(frame: pd.DataFrame, model: Any = model, classes: int = len(case.classes)) -> Floats:
            return np.asarray(model.over_all(model.predict_proba(frame), classes))

        nodes = Nodes(model, np.flatnonzero([not c.type.is_numeric for c in case.columns]), numbers)
        rows.append(_of_tree(case, seed, "a number for each leaf", leaves, (of_leaf, ALL)))
        rows.append(_of_tree(case, seed, INNER, leaves, (nodes.numbered, ALL)))
        rows.append(_of_tree(case, seed, f"probabilities, {INNER}", leaves, (nodes.shares, ALL)))
        rows.append(_of_tree(case, seed, "probabilities", leaves, (of_class, SOME)))
        print(*rows[-4:], sep="\n", flush=True)
    return rows


def _of_tree(case: Case, seed: int, answers: str, leaves: int, asked: tuple[Query, int]) -> dict[str, Any]:
    query, limit = asked
    is_number = "probabilities" not in answers
    profile = Profile(Output.VALUE, ()) if is_number else Profile(Output.PROBABILITIES, case.classes)
    context = _context(case, seed, profile, query)
    begun = time.perf_counter()
    crawl = Crawl(Answers(context, Axes.of(case.everything, case.columns), limit), is_partial=INNER in answers)
    crawl.run(case.auxiliary.features, generator(seed, "drawn"))
    copy = LeafCopy.of(crawl, context)
    seconds = time.perf_counter() - begun
    axes = crawl.answers.axes
    uniform = axes.frame(axes.drawn(UNIFORM, np.random.default_rng(seed)))
    agrees = [_agrees(copy.answers(frame), query(frame), is_number) for frame in (case.judged.features, uniform)]
    return {
        "data": case.name,
        "run": seed,
        "answers": answers,
        "leaves": leaves,
        "found": crawl.leaves,
        "distinct_answers": crawl.answers.distinct,
        "queries": len(crawl.answers),
        "complete": crawl.is_complete,
        "fidelity": _rate(agrees[0]),
        "fidelity_uniform": _rate(agrees[1]),
        "seconds": round(seconds, 1),
    }


def _agrees(copied: Floats, true: Floats, is_number: bool) -> NDArray[np.bool_]:
    return copied[:, 0] == true[:, 0] if is_number else classes_of(copied) == classes_of(true)


def _rate(agrees: NDArray[np.bool_]) -> list[float]:
    """The share, and its 95 % Clopper-Pearson limits."""
    found = clopper_pearson(int(agrees.sum()), len(agrees))
    return [round(value, 5) for value in (found.value, found.low, found.high)]


def _context(case: Case, seed: int, profile: Profile, query: Query) -> Context:
    hidden = Records(case.judged.features, np.full(len(case.judged), -1))
    return Context(
        seed, profile, case.columns, query, lambda fraction: None, hidden, None, case.auxiliary, None, None, 0, None, query
    )


def ensemble_rows() -> list[dict[str, Any]]:
    """One for each ensemble, cut, number of auxiliary records and budget: the attack, and a copy that asks nothing."""
    rows = []
    for seed, auxiliary in ((1, 10_000), (2, 10_000), (1, 3_000)):
        case = of_adult(seed, auxiliary, 6_000)
        for name, learner in ENSEMBLES.items():
            model = build(learner, case.columns, seed).fit(case.members.features, case.members.labels)
            context = _context(case, seed, Profile(Output.PROBABILITIES, case.classes), model.predict_proba)
            for budget in BUDGETS:
                rows.append({"target": name, "run": seed, "auxiliary": auxiliary, **_of_ensemble(case, context, model, budget)})
                print(rows[-1], flush=True)
    return rows


def _of_ensemble(case: Case, context: Context, model: Any, budget: int) -> dict[str, Any]:
    true = model.predict(case.judged.features)
    begun = time.perf_counter()
    evidence = EnsembleThresholds(budget).run(context)
    seconds = time.perf_counter() - begun
    return {
        "queries": int(evidence.queries[-1]),
        "fidelity": _rate(evidence.copied.argmax(axis=1) == true),
        "fidelity_uniform": _rate(evidence.uniform_labels[-1] == evidence.uniform),
        "no_query": _rate((_without(context) == true)[evidence.rows]),
        "refit": _rate(_refitted(case, budget, model.predict_proba) == true),
        "figures": dict(evidence.figures),
        "log_odds_off": _off(model, evidence.copied, case) if evidence.figures.get("largest_difference") is not None else None,
        "seconds": round(seconds, 1),
    }


def _without(context: Context) -> NDArray[np.intp]:
    evidence = NoQuerySurrogate().run(context)
    labels = np.full(0 if context.candidates is None else len(context.candidates), -1)
    labels[evidence.rows] = evidence.labels[-1]
    return labels


def _refitted(case: Case, budget: int, query: Query) -> NDArray[np.intp]:
    """Plain retraining: XGBoost's defaults on so many natural records at random, each once a class, weighted by its answer."""
    rows = np.random.default_rng(1).permutation(len(case.auxiliary))[:budget]
    frame = case.auxiliary.features.iloc[rows].reset_index(drop=True)
    answers = query(frame)
    twice = pd.concat([frame] * len(case.classes), ignore_index=True)
    labels = np.repeat(np.arange(len(case.classes)), len(frame))
    model = build(Learner("xgboost", {"n_estimators": 100}), case.columns, 1).fit(twice, labels, answers.T.ravel())
    return model.predict(case.judged.features)


def _off(model: Any, copied: Floats, case: Case) -> float:
    """The largest difference of the log-odds from the model's own margin, on the judged records within the thief's ranges."""
    frame = case.judged.features
    axes = Axes.of(case.auxiliary.features, case.columns)
    points = axes.points(frame)
    inside = (axes.within(points) == points).all(axis=1)
    for axis in axes.axes:
        if not axis.is_ordered:
            inside &= frame[axis.column.name].isin(axis.levels[: axis.high + 1]).to_numpy()
    margin = model._estimator.predict(model._encoding.apply(prepare(frame, case.columns)), output_margin=True)
    odds = np.log(copied[:, 1]) - np.log(copied[:, 0])
    return float(np.abs(odds - margin)[inside].max())


PARTS: dict[str, Callable[[], list[dict[str, Any]]]] = {"trees": tree_rows, "ensembles": ensemble_rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help="which parts to measure; without one all")
    wanted = parser.parse_args().parts or list(PARTS)
    written = json.loads(WRITTEN.read_text()) if WRITTEN.exists() else {}
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    for part in wanted:
        written[part] = {"commit": commit, "rows": PARTS[part]()}
    WRITTEN.write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
