"""The constraint problem whose solutions are the data sets that a forest can have been fitted to, and its search."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auditor.attacks.inversion.forest_columns import Features
from auditor.domain.parameters import Trees
from auditor.errors import InvalidInput

Places = NDArray[np.int64]
TICK = 0.05  # seconds between two looks at whether the audit was cancelled


def require_ortools() -> Any:
    """CP-SAT; raises InvalidInput with what to install."""
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        raise InvalidInput(
            "attacks.forest-reconstruction",
            "OR-Tools is not installed; install it with: pip install 'privacy-attack-auditor[reconstruction]'",
        ) from None
    return cp_model


@dataclass(frozen=True, eq=False)
class Solved:
    """`cells` (n, F): how many thresholds of each feature lie below each record; None where no records were found. `classes` (n,).
    `impossible`: there are none, rather than none found in time. `is_best`: the search ended by itself, not by the clock."""

    cells: Places | None
    classes: Places
    impossible: bool = False
    is_best: bool = True


@dataclass(frozen=True, eq=False)
class Problem:
    """`counts` (N, C): records of each class in each node, each as often as its tree drew it."""

    trees: Trees
    features: Features
    counts: Places

    @property
    def records(self) -> int:
        """How many records there are: bagging draws as many as there are."""
        return int(self.counts[0].sum())

    @property
    def classes(self) -> Places:
        """(n,) the class of each record, ascending; without bagging alone."""
        return np.repeat(np.arange(self.counts.shape[1]), self.counts[self.trees.starts[0]])

    @property
    def is_bagged(self) -> bool:
        """Trees that were fitted to the same records count the same at their roots."""
        roots = self.counts[self.trees.starts[:-1]]
        return bool((roots != roots[0]).any()) or len(self.trees.draw_seeds) > 0


@dataclass(frozen=True, eq=False)
class Formulated:
    """A model, and of each record a variable "x <= threshold" for each feature and threshold, and one for each class (none where
    the classes are known)."""

    model: Any
    below: list[list[list[Any]]]
    belongs: list[list[Any]]


@dataclass(frozen=True)
class Search:
    """`turns`: the strategies take turns on the one thread. `work`: the most that is done, in the solver's own measure, which is
    the same on every machine, so that a search that is cut short is cut short at the same place; 0: no limit but the seconds."""

    seconds: float
    seed: int
    turns: bool = False
    work: float = 0.0


def solve(problem: Problem, seconds: float, seed: int, checkpoint: Callable[[float], None]) -> Solved:
    """Records that every leaf of every tree counts as the file says, without bagging. One thread; the same seed gives the same
    records, as long as the time suffices. Raises what `checkpoint` raises, after the search has stopped."""
    formulated_ = formulated(problem, require_ortools(), checkpoint)
    return solved(formulated_, problem.classes, Search(seconds, seed), checkpoint)


def solved(formulated: Formulated, classes: Places, search: Search, checkpoint: Callable[[float], None]) -> Solved:
    """What the search found; `classes` are those of the records where the model has no variables for them."""
    cp = require_ortools()
    solver = cp.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.interleave_search = search.turns
    solver.parameters.max_time_in_seconds = float(search.seconds)
    if search.work:
        solver.parameters.max_deterministic_time = search.work
    solver.parameters.random_seed = search.seed % 2**31
    status = _searched(solver, formulated.model, search.seconds, checkpoint)
    if status not in (cp.OPTIMAL, cp.FEASIBLE):
        return Solved(None, classes, status == cp.INFEASIBLE)
    found = [[sum(not solver.boolean_value(x) for x in literals) for literals in record] for record in formulated.below]
    if formulated.belongs:
        classes = np.array([[solver.boolean_value(x) for x in own] for own in formulated.belongs]).argmax(axis=1)
    return Solved(np.array(found, dtype=np.int64), np.asarray(classes, dtype=np.int64), is_best=status == cp.OPTIMAL)


def _searched(solver: Any, model: Any, seconds: float, checkpoint: Callable[[float], None]) -> Any:
    """The search in a thread of its own, so that it can be stopped when the audit is cancelled."""
    status: list[Any] = []
    thread = threading.Thread(target=lambda: status.append(solver.solve(model)), daemon=True)
    thread.start()
    ticks = 0
    try:
        while thread.is_alive():
            thread.join(TICK)
            ticks += 1
            checkpoint(0.2 + 0.7 * min(1.0, ticks * TICK / seconds))
    finally:
        while thread.is_alive():  # a stop before the search has begun is not heard
            solver.stop_search()
            thread.join(TICK)
    return status[0]


def formulated(problem: Problem, cp: Any, checkpoint: Callable[[float], None]) -> Formulated:
    """Ferry et al. 2024, section 4.

    Without bagging every tree sees every record once, so the class of each record is known up to order, and the leaves of the first
    tree may be handed out in order: no solution is lost, and none comes twice.
    """
    model = cp.CpModel()
    below = [record_of(model, problem.features) for _ in problem.classes]
    trees = len(problem.trees.starts) - 1
    for tree in range(trees):
        _tree(model, problem, below, tree)
        checkpoint(0.1 + 0.1 * (tree + 1) / trees)
    return Formulated(model, below, [])


def record_of(model: Any, features: Features) -> list[list[Any]]:
    literals = [[model.new_bool_var("") for _ in edges] for edges in features.edges]
    for one in literals:
        for lower, higher in itertools.pairwise(one):
            model.add_implication(lower, higher)
    for group in features.groups:
        model.add_at_most_one([~literals[place][0] for place in group])
    for place, one in enumerate(literals):
        usual = int(np.median(features.cells(place))) if len(features.known) else 0
        for edge, literal in enumerate(one):
            model.add_hint(literal, usual <= edge)
    return literals


def _tree(model: Any, problem: Problem, below: list[list[list[Any]]], tree: int) -> None:
    """Each record is in one leaf; each leaf has as many records of each class as it says."""
    paths = paths_of(problem.trees, int(problem.trees.starts[tree]))
    inside: dict[tuple[int, int], list[Any]] = {(leaf, c): [] for leaf in paths for c in range(problem.counts.shape[1])}
    for record, c in enumerate(problem.classes):
        mine = [(leaf, model.new_bool_var("")) for leaf in paths if problem.counts[leaf, c]]
        model.add_exactly_one([literal for _, literal in mine])
        for leaf, literal in mine:
            inside[leaf, int(c)].append(literal)
            for node, goes_left in paths[leaf]:
                is_below = below_of(problem, below[record], node)
                model.add_implication(literal, is_below if goes_left else ~is_below)
    for (leaf, c), literals in inside.items():
        _fill(model, literals, int(problem.counts[leaf, c]))
    if tree == 0:
        _in_order(model, problem, inside)


def below_of(problem: Problem, record: list[list[Any]], node: int) -> Any:
    """The variable that sends a record left at a node."""
    feature = int(problem.trees.feature[node])
    return record[feature][int(np.searchsorted(problem.features.edges[feature], problem.trees.threshold[node]))]


def _fill(model: Any, literals: list[Any], count: int) -> None:
    if literals:
        model.add(sum(literals) == count)


def _in_order(model: Any, problem: Problem, inside: dict[tuple[int, int], list[Any]]) -> None:
    taken = np.zeros(problem.counts.shape[1], dtype=np.int64)
    for (leaf, c), literals in inside.items():
        for place in range(int(taken[c]), int(taken[c]) + int(problem.counts[leaf, c])):
            model.add(literals[place] == 1)
        taken[c] += problem.counts[leaf, c]


def paths_of(trees: Trees, root: int) -> dict[int, list[tuple[int, bool]]]:
    """Leaf -> the inner nodes above it, with whether the way goes left there."""
    found: dict[int, list[tuple[int, bool]]] = {}
    waiting: list[tuple[int, list[tuple[int, bool]]]] = [(root, [])]
    while waiting:
        node, above = waiting.pop()
        if trees.feature[node] < 0:
            found[node] = above
        else:
            waiting += [(int(trees.left[node]), [*above, (node, True)]), (int(trees.right[node]), [*above, (node, False)])]
    return found
