"""The copy that path finding leaves: measured boxes, and boosted trees for what lies in none of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from auditor.attacks.stealing.leaf_answers import Answers
from auditor.attacks.stealing.leaf_boxes import NOWHERE
from auditor.attacks.stealing.path_finding_crawl import PER_LEAF, Crawl
from auditor.domain.attack import Context
from auditor.domain.learner import Learner, Task
from auditor.domain.seeds import derive
from auditor.learners import build, build_for_values

Floats = NDArray[np.float64]
BOOSTED = {"n_estimators": 300}
MIXED, MIXES = 500, 8
LEAF_LEVEL = (
    "Records with missing cells are answered like those of a leaf (a default direction, or a value that is filled in), so inner"
    " nodes could not be asked."
)


@dataclass(frozen=True, eq=False)
class LeafCopy:
    """`rest`: answers for records that lie in no measured box."""

    crawl: Crawl
    rest: "Boosted"

    @staticmethod
    def of(crawl: Crawl, context: Context) -> "LeafCopy":
        return LeafCopy(crawl, Boosted.of(crawl.answers, context))

    @property
    def asked(self) -> pd.DataFrame:
        return self.crawl.answers.asked()[0]

    @property
    def answered(self) -> Floats:
        return self.crawl.answers.asked()[1]

    def places(self, features: pd.DataFrame) -> NDArray[np.intp]:
        """(n,) the box of each record, or NOWHERE."""
        if not self.crawl.is_tree:
            return np.full(len(features), NOWHERE, dtype=np.intp)
        axes = self.crawl.answers.axes
        return self.crawl.boxes.located(axes.within(axes.points(features)))

    def answers(self, features: pd.DataFrame) -> Floats:
        """(n, C) of the box that holds each record; of the boosted trees where none does, or where several leaves share an answer:
        their boxes overlap, and boosting has every answer at the very thresholds."""
        places = self.places(features)
        known = (places != NOWHERE) & (not self.crawl.is_shared)
        copied = np.empty((len(features), len(self.crawl.answers.vectors[0])))
        if not known.all():
            copied[~known] = self.rest.answers(features[~known])
        identities = np.array(self.crawl.boxes.identities, dtype=np.intp)[places[known]]
        copied[known] = np.array(self.crawl.answers.vectors)[identities]
        return copied

    def figures(self, points: pd.DataFrame) -> dict[str, float]:
        crawl = self.crawl
        leaves = crawl.leaves
        covered = float((self.places(points) != NOWHERE).mean())
        spent = len(crawl.answers) / max(1, leaves)
        return {
            "leaves": float(leaves),
            "distinct_answers": float(crawl.answers.distinct),
            "queries_per_leaf": spent,
            "covered_share": covered,
        }

    def said(self, points: pd.DataFrame, true: Floats) -> Iterator[str]:
        crawl = self.crawl
        if not crawl.is_tree:
            yield (
                "Hardly two records got the same answer: the target is no single tree, or answers at random, or is one of"
                f" {crawl.expected:,.0f} leaves or more, for which {crawl.expected * PER_LEAF:,.0f} queries are too few. No leaf"
                " was searched for; the copy was learned from auxiliary records."
            )
        elif crawl.is_shared or (crawl.has_inner and self._shares_answers()):
            yield (
                f"Several leaves give the same answer ({crawl.answers.distinct} distinct answers), which hides thresholds: the copy"
                " is an approximation, and the number of leaves is that of the boxes measured."
            )
        elif not crawl.is_complete:
            yield "The queries ended before every leaf was found: what lies in no measured leaf is answered by boosted trees."
        else:
            yield self._exact(points, true)
        if crawl.has_inner is False:
            yield LEAF_LEVEL

    def _shares_answers(self) -> bool:
        """Of a tree read from the root down: do boxes of one answer belong to several leaves? The parts of one leaf lie in a box
        that is all that leaf, so whatever mixes the cells of two of them has its answer too."""
        boxes, rng = self.crawl.boxes, np.random.default_rng(len(self.crawl.boxes))
        identities = np.array(boxes.identities)
        order = np.argsort(identities, kind="stable")
        first, second = order[:-1], order[1:]
        pairs = np.flatnonzero(identities[first] == identities[second])[:MIXED]
        if not len(pairs):
            return False
        seeds = np.array([box.seed for box in boxes.boxes])
        here, there = np.repeat(seeds[first[pairs]], MIXES, axis=0), np.repeat(seeds[second[pairs]], MIXES, axis=0)
        found = boxes.located(np.where(rng.random(here.shape) < 0.5, here, there))
        return bool((identities[found] != np.repeat(identities[first[pairs]], MIXES))[found != NOWHERE].any())

    def _exact(self, points: pd.DataFrame, true: Floats) -> str:
        wrong = ~np.isclose(np.nan_to_num(self.answers(points)), np.nan_to_num(true), rtol=0, atol=1e-12).all(axis=1)
        if wrong.any():
            return (
                f"{wrong.sum()} of {len(true)} uniform points are answered otherwise than the leaves that were found: the copy is"
                " not exact."
            )
        return (
            f"{self._way()}: all were found, and the copy is exact between the extremes of the auxiliary records ({len(true)}"
            " uniform points agree)."
        )

    def _way(self) -> str:
        if not self.crawl.has_inner:
            return f"The target is a tree of {self.crawl.leaves} leaves with an answer each"
        return (
            "The target is a tree whose inner nodes answer records with missing cells, so that it was read from the root down, its"
            f" leaves in {self.crawl.leaves} boxes"
        )


@dataclass(frozen=True, eq=False)
class Boosted:
    """Trees boosted on everything that was answered; `classes` is 0 where the target answers a number. Of several learners they
    came nearest to targets whose leaves share answers (docs/attacks/path-finding.md)."""

    model: Any
    classes: int

    @staticmethod
    def of(answers: Answers, context: Context) -> "Boosted":
        features, vectors = answers.asked()
        vectors = np.nan_to_num(vectors)
        seed = derive(context.seed, "boosted")
        if not context.classes:
            values = build_for_values(Learner("xgboost", BOOSTED, Task.REGRESSION), context.columns, seed)
            return Boosted(values.fit(features, vectors[:, 0]), 0)
        return Boosted(
            build(Learner("xgboost", BOOSTED), context.columns, seed).fit(features, vectors.argmax(axis=1)), context.classes
        )

    def answers(self, features: pd.DataFrame) -> Floats:
        if not self.classes:
            return np.asarray(self.model.predict(features)[:, None])
        return np.asarray(self.model.over_all(self.model.predict_proba(features), self.classes))
