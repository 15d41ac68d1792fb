"""The same problem where every tree drew its own records, with replacement: how often each was drawn is known or is part of it."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auditor.attacks.inversion.forest_reconstruction_model import (
    Formulated,
    Places,
    Problem,
    Search,
    Solved,
    below_of,
    paths_of,
    record_of,
    require_ortools,
    solved,
)

Checkpoint = Callable[[float], None]
MOST_PLACES = 1_500_000
"""Records times nodes of the trees that are used: beyond, the problem does not fit into a few gigabytes."""
MOST_DRAWN = 6
"""A record is drawn more often than this by one tree in 12,000."""
WORK_PER_SECOND = 0.2
"""The solver's measure of work runs at about a quarter of a second a second, so that this limit is met before the clock's."""


@dataclass(frozen=True, eq=False)
class Bagged:
    """A problem with the trees that are used. `drawn` (T, n): how often each drew each record; None where that is not known."""

    problem: Problem
    trees: Sequence[int]
    drawn: Places | None


def bagged(problem: Problem, most: int = MOST_PLACES) -> Bagged:
    """With the seeds of the file all draws are known, and trees are used up to what fits; without them every tree is."""
    everything = range(len(problem.trees.starts) - 1)
    if not len(problem.trees.draw_seeds):
        return Bagged(problem, everything, None)
    sizes = np.cumsum(np.diff(problem.trees.starts)) * problem.records
    fitting = range(max(1, int((sizes <= most).sum())))
    return Bagged(problem, fitting, draws(problem.trees.draw_seeds[: len(fitting)], problem.records))


def draws(seeds: Places, records: int) -> Places:
    """(T, n) how often each tree drew each record, as scikit-learn's `_generate_sample_indices` draws them."""
    streams = (np.random.RandomState(int(seed)) for seed in seeds)
    return np.array([np.bincount(stream.randint(0, records, records), minlength=records) for stream in streams], dtype=np.int64)


def log_share(times: int, records: int) -> float:
    """log Pr[q = times] for q ~ Binomial(n, 1 / n): how often a tree draws a record."""
    stays = (records - times) * math.log1p(-1 / records) if records > 1 else 0.0
    return math.log(math.comb(records, times)) - times * math.log(records) + stays


def solve_bagged(setting: Bagged, seconds: float, seed: int, checkpoint: Checkpoint) -> Solved:
    """Records that every leaf of every tree counts as the file says, each as often as the tree drew it. Where the draws are not
    known, those that are likeliest together are looked for, and what was found in time is not proved best."""
    if setting.drawn is not None:
        formulated, search = of_known_draws(setting, checkpoint), Search(seconds, seed, turns=True)
    else:
        formulated = of_unknown_draws(setting, checkpoint)
        search = Search(seconds, seed, work=WORK_PER_SECOND * seconds)
    return solved(formulated, np.empty(0, dtype=np.int64), search, checkpoint)


def of_known_draws(setting: Bagged, checkpoint: Checkpoint) -> Formulated:
    """A variable "record k is of class c and reaches node v of tree t", from the root down, where it was drawn; in every node
    those of a class sum, as often as each was drawn, to the count."""
    started = _started(setting.problem)
    for place, tree in enumerate(setting.trees):
        assert setting.drawn is not None  # noqa: S101 - known by name
        _walked(started, setting.problem, int(setting.problem.trees.starts[tree]), setting.drawn[place])
        checkpoint(0.1 + 0.1 * (place + 1) / len(setting.trees))
    return started


def of_unknown_draws(setting: Bagged, checkpoint: Checkpoint) -> Formulated:
    """Ferry et al. 2024, section 4.2: a variable "record k of class c is in leaf v of tree t, drawn b times"; the sum of the
    log-probabilities of the draws is as large as possible. Records are handed out in the order of their classes: none is lost."""
    started, liked = _started(setting.problem), []
    for one, other in itertools.pairwise(started.belongs):
        for low, high in itertools.combinations(range(len(one)), 2):
            started.model.add_bool_or([~one[high], ~other[low]])
    for place, tree in enumerate(setting.trees):
        liked += _drawn(started, setting.problem, int(setting.problem.trees.starts[tree]))
        checkpoint(0.1 + 0.1 * (place + 1) / len(setting.trees))
    shares = [round(1_000 * log_share(times, setting.problem.records)) for times in range(MOST_DRAWN + 1)]
    started.model.maximize(sum(shares[times] * literal for times, literal in liked))
    return started


def _started(problem: Problem) -> Formulated:
    model = require_ortools().CpModel()
    below = [record_of(model, problem.features) for _ in range(problem.records)]
    belongs = [[model.new_bool_var("") for _ in range(problem.counts.shape[1])] for _ in below]
    for own in belongs:
        model.add_exactly_one(own)
    return Formulated(model, below, belongs)


def _walked(started: Formulated, problem: Problem, root: int, drawn: Places) -> None:
    model, trees = started.model, problem.trees
    here = [{k: own[c] for k, own in enumerate(started.belongs) if drawn[k]} for c in range(problem.counts.shape[1])]
    waiting = [(root, here)]
    while waiting:
        node, here = waiting.pop()
        for c, inside in enumerate(here):
            if inside:
                model.add(sum(int(drawn[k]) * literal for k, literal in inside.items()) == int(problem.counts[node, c]))
        if trees.feature[node] < 0:
            continue
        sides = int(trees.left[node]), int(trees.right[node])
        both = [_parted(started, problem, (node, *sides, c), inside, drawn) for c, inside in enumerate(here)]
        waiting += [(side, [parts[turn] for parts in both]) for turn, side in enumerate(sides)]


def _parted(
    started: Formulated, problem: Problem, at: tuple[int, int, int, int], inside: dict[int, Any], drawn: Places
) -> tuple[dict[int, Any], dict[int, Any]]:
    """Those of a class that go left and right at a node; a record that was drawn more often than a side counts is not there."""
    model, (node, left, right, c) = started.model, at
    parts: tuple[dict[int, Any], dict[int, Any]] = ({}, {})
    for k, literal in inside.items():
        is_below = below_of(problem, started.below[k], node)
        fits = [drawn[k] <= problem.counts[side, c] for side in (left, right)]
        if all(fits):
            parts[0][k], parts[1][k] = model.new_bool_var(""), model.new_bool_var("")
            model.add(parts[0][k] + parts[1][k] == literal)
        elif any(fits):
            parts[fits.index(True)][k] = literal
        else:
            model.add_bool_or([~literal])
        for part, goes in zip(parts, (is_below, ~is_below), strict=True):
            if k in part:
                model.add_implication(part[k], goes)
    return parts


def _drawn(started: Formulated, problem: Problem, root: int) -> list[tuple[int, Any]]:
    """Adds one tree; gives each variable with the number of draws that it stands for."""
    model, paths, liked = started.model, paths_of(problem.trees, root), []
    inside: dict[tuple[int, int], list[tuple[int, Any]]] = {(leaf, c): [] for leaf in paths for c in range(problem.counts.shape[1])}
    for k, own in enumerate(started.belongs):
        choices = [(0, model.new_bool_var(""))]
        for leaf, path in paths.items():
            here = _in_leaf(started, problem, k, path)
            for c, belongs in enumerate(own):
                for times in range(1, min(MOST_DRAWN, int(problem.counts[leaf, c])) + 1):
                    literal = model.new_bool_var("")
                    model.add_implication(literal, here)
                    model.add_implication(literal, belongs)
                    choices.append((times, literal))
                    inside[leaf, c].append((times, literal))
        model.add_exactly_one([literal for _, literal in choices])
        liked += choices
    for (leaf, c), counted in inside.items():
        if counted:
            model.add(sum(times * literal for times, literal in counted) == int(problem.counts[leaf, c]))
    return liked


def _in_leaf(started: Formulated, problem: Problem, record: int, path: list[tuple[int, bool]]) -> Any:
    literal = started.model.new_bool_var("")
    for node, goes_left in path:
        is_below = below_of(problem, started.below[record], node)
        started.model.add_implication(literal, is_below if goes_left else ~is_below)
    return literal
