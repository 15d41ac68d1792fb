"""The training records of a forest, rebuilt from its thresholds and the counts in its leaves."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.forest_columns import Features, features_of, table
from auditor.attacks.inversion.forest_reconstruction_model import Problem, Solved, require_ortools, solve
from auditor.attacks.inversion.tree_records import counted
from auditor.domain.attack import Context, Family, Needs, Scope
from auditor.domain.data import Records
from auditor.domain.evidence import Reconstructions
from auditor.domain.parameters import Trees
from auditor.domain.seeds import derive
from auditor.domain.threat import Knows, Sees, ThreatModel
from auditor.errors import AttackFailed, InvalidInput

MOST_RECORDS = 300
FEWEST_AUXILIARY = 20
NO_FOREST = "Only the trees of a random forest or of a decision tree for classes can be traced back to records; this model is none."
BAGGED = (
    "Its trees were fitted to different draws of the records (bagging); only forests fitted with bootstrap=False and single trees"
    " are rebuilt."
)


@dataclass(frozen=True)
class ForestReconstruction:
    """Ferry et al. 2024 (DRAFT), without bagging: any records that all trees count as they do, found by constraint programming.

    `seconds`: how long the search may take.
    """

    seconds: int = 600

    name: ClassVar[str] = "forest-reconstruction"
    family: ClassVar[Family] = Family.INVERSION
    kind: ClassVar[str] = "records"
    threat_model: ClassVar[ThreatModel] = ThreatModel(Sees.PARAMETERS, frozenset({Knows.POPULATION}))
    reference: ClassVar[str] = (
        "Ferry et al. 2024, Trained Random Forests Completely Reveal your Dataset / DRAFT (ICML; arXiv 2402.19232)"
    )
    shows: ClassVar[str] = "whether the training records can be rebuilt from the released trees"

    def __post_init__(self) -> None:
        if isinstance(self.seconds, bool) or not isinstance(self.seconds, int) or not 1 <= self.seconds <= 86_400:
            raise InvalidInput(
                "attacks.forest-reconstruction.seconds", f"choose a whole number from 1 to 86,400, not {self.seconds!r}"
            )

    def needs(self, scope: Scope) -> Needs:
        require_ortools()
        return Needs(0, 0)

    def run(self, context: Context) -> Reconstructions:
        """One claim for each training record; asks nothing of the target. Raises InvalidInput without OR-Tools, AttackFailed for
        models that cannot be traced back and where the time did not suffice."""
        require_ortools()
        context.checkpoint(0.0)
        auxiliary = _population(context)
        problem = problem_of(context, auxiliary)
        context.checkpoint(0.1)
        found = solve(problem, self.seconds, derive(context.seed, self.name), context.checkpoint)
        cells = self._cells(found)
        records = table(problem.features, cells, auxiliary.features, context.columns)
        context.checkpoint(1.0)
        trees, split = len(problem.trees.starts) - 1, sum(len(edges) for edges in problem.features.edges)
        note = (
            f"{len(records):,} records were found that all {trees:,} trees ({split:,} thresholds) count as the file says;"
            " others may fit as well."
        )
        return Reconstructions(records, _labels(problem, context), np.zeros(len(records)), notes=(note,), is_each=True)

    def _cells(self, found: Solved) -> NDArray[np.int64]:
        if found.cells is not None:
            return found.cells
        if found.impossible:
            raise AttackFailed(f"No records fit all trees. {BAGGED}")
        raise AttackFailed(f"No records were found within {self.seconds:,} seconds; raise attacks.forest-reconstruction.seconds.")


def problem_of(context: Context, auxiliary: Records) -> Problem:
    """Raises AttackFailed, with a sentence, for anything but a small forest of classes that was fitted without bagging."""
    trees = context.parameters
    if not isinstance(trees, Trees) or trees.value.shape[1] < 2 or (trees.value < 0).any():
        raise AttackFailed(NO_FOREST)
    if trees.categorical.any() or np.isnan(trees.value).any() or (trees.value.sum(axis=1) <= 0).any():
        raise AttackFailed(NO_FOREST)
    counts = _counts(trees)
    features = _features(trees, auxiliary, context)
    return Problem(trees, features, counts)


def _counts(trees: Trees) -> NDArray[np.int64]:
    """(N, C) records of each class in each node: shares times counts."""
    known = counted(trees)
    if not known.is_verified:
        raise AttackFailed(known.sentence)
    exact = trees.value / trees.value.sum(axis=1, keepdims=True) * known.records[:, None]
    counts: NDArray[np.int64] = np.rint(exact).astype(np.int64)
    if np.abs(exact - counts).max() > 1e-4 or not _add_up(trees, counts):
        raise AttackFailed(f"The classes in the leaves are no whole numbers of records (boosting, or weights). {NO_FOREST}")
    roots = counts[trees.starts[:-1]]
    if (roots != roots[0]).any():
        raise AttackFailed(BAGGED)
    if roots[0].sum() > MOST_RECORDS:
        raise AttackFailed(
            f"The forest was fitted to {roots[0].sum():,} records; up to {MOST_RECORDS} are rebuilt, and the time grows steeply."
        )
    return counts


def _add_up(trees: Trees, counts: NDArray[np.int64]) -> bool:
    inner = ~trees.is_leaf
    return bool((counts[trees.left[inner]] + counts[trees.right[inner]] == counts[inner]).all())


def _features(trees: Trees, auxiliary: Records, context: Context) -> Features:
    found = features_of(trees, auxiliary.features, context.columns)
    if found is None:
        raise AttackFailed("The features of the trees are no columns of the records (an encoder stands before them, say).")
    return found


def _population(context: Context) -> Records:
    auxiliary = context.auxiliary
    complete = None if auxiliary is None else auxiliary.take(~auxiliary.features.isna().any(axis=1).to_numpy())
    if complete is None or len(complete) < FEWEST_AUXILIARY:
        raise AttackFailed(
            f"Values inside of intervals are chosen by {FEWEST_AUXILIARY} complete auxiliary records or more; there are"
            f" {0 if complete is None else len(complete)}."
        )
    return complete


def _labels(problem: Problem, context: Context) -> NDArray[np.intp]:
    """The classes of the claims in the order of the target's; as the trees number them where the names differ."""
    ours, theirs = context.profile.classes, problem.trees.classes
    if theirs and set(theirs) <= set(ours):
        return np.array([ours.index(theirs[c]) for c in problem.classes], dtype=np.intp)
    return problem.classes.astype(np.intp)
