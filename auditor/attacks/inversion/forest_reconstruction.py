"""The training records of a forest, rebuilt from its thresholds and the counts in its leaves."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.forest_columns import Features, features_of, table
from auditor.attacks.inversion.forest_reconstruction_bagged import Bagged, bagged, solve_bagged
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
UNLIKE = "Its trees were fitted to different numbers of records, so they are no single forest."


@dataclass(frozen=True)
class ForestReconstruction:
    """Ferry et al. 2024 (DRAFT): any records that all trees count as they do, found by constraint programming. With bagging
    each tree counts what it drew, which the seeds in a scikit-learn file tell; without them the likeliest draws are looked for.

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
        found, told = self._found(problem, context)
        cells = self._cells(found)
        records = table(problem.features, cells, auxiliary.features, context.columns)
        context.checkpoint(1.0)
        labels = _labels(found, problem, context)
        return Reconstructions(records, labels, np.zeros(len(records)), notes=(told,), is_each=True)

    def _found(self, problem: Problem, context: Context) -> tuple[Solved, str]:
        """What the search gave, and what is to be said of it. Seeds that contradict the counts (other versions of the library draw
        otherwise) are left aside."""
        seed = derive(context.seed, self.name)
        if not problem.is_bagged:
            return solve(problem, self.seconds, seed, context.checkpoint), _told(problem)
        setting = bagged(problem)
        found = solve_bagged(setting, self.seconds, seed, context.checkpoint)
        if found.impossible and setting.drawn is not None:
            setting = Bagged(problem, range(len(problem.trees.starts) - 1), None)
            found = solve_bagged(setting, self.seconds, seed, context.checkpoint)
        return found, _told_of_bags(setting, found)

    def _cells(self, found: Solved) -> NDArray[np.int64]:
        if found.cells is not None:
            return found.cells
        if found.impossible:
            raise AttackFailed("No records fit all trees; the counts in the file contradict each other.")
        raise AttackFailed(f"No records were found within {self.seconds:,} seconds; raise attacks.forest-reconstruction.seconds.")


def _told(problem: Problem) -> str:
    trees, split = len(problem.trees.starts) - 1, sum(len(edges) for edges in problem.features.edges)
    return (
        f"{problem.records:,} records were found that all {trees:,} trees ({split:,} thresholds) count as the file says;"
        " others may fit as well."
    )


def _told_of_bags(setting: Bagged, found: Solved) -> str:
    trees, all_trees = len(setting.trees), len(setting.problem.trees.starts) - 1
    used = f"all {trees:,} trees" if trees == all_trees else f"the first {trees:,} of {all_trees:,} trees"
    begun = f"{setting.problem.records:,} records were found that {used} count as the file says"
    if setting.drawn is not None:
        return f"{begun}. Each tree drew its own; the seeds in the file tell which, so the draws were known exactly."
    if found.is_best:
        return f"{begun}, with the likeliest draws; others may fit as well."
    return (
        f"{begun}. Their draws were not known; the search was stopped by time, so these are the likeliest found, not proved best."
    )


def problem_of(context: Context, auxiliary: Records) -> Problem:
    """Raises AttackFailed, with a sentence, for anything but a small forest of classes."""
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
    if (roots.sum(axis=1) != roots[0].sum()).any():
        raise AttackFailed(UNLIKE)
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


def _labels(found: Solved, problem: Problem, context: Context) -> NDArray[np.intp]:
    """The classes of the claims in the order of the target's; as the trees number them where the names differ."""
    ours, theirs = context.profile.classes, problem.trees.classes
    if theirs and set(theirs) <= set(ours):
        return np.array([ours.index(theirs[c]) for c in found.classes], dtype=np.intp)
    return found.classes.astype(np.intp)
