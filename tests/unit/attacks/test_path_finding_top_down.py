"""Trees whose inner nodes answer records with missing cells are read from the root down, and default directions are told apart."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from inversion_world import Recorded, World, constant, people

from auditor.attacks.stealing.path_finding import PathFinding
from auditor.domain.attack import Context, Query
from auditor.domain.evidence import SurrogateValues
from auditor.domain.target import Output, Profile
from auditor.errors import InvalidInput, TargetRefused

VALUES = Profile(Output.VALUE, ())
DEPTH = 5
NUMBERS = ("age", "height", "dose")


@dataclass(frozen=True)
class Split:
    """A node of a tree as a server holds it: numbers up to `cut` go left, and so does the category `cut`."""

    value: float
    column: str = ""
    cut: object = None
    left: "Split | None" = None
    right: "Split | None" = None

    @property
    def leaves(self) -> int:
        return 1 if self.left is None or self.right is None else self.left.leaves + self.right.leaves


def grown(rng: np.random.Generator, records: pd.DataFrame, depth: int, value: Callable[[], float]) -> Split:
    """Random splits, those on one column again and again among them."""
    column = str(rng.choice(["age", "height", "dose", "job", "retired", "illness"]))
    known = records[column].dropna()
    if not depth or len(known) < 20:
        return Split(value())
    cut = known.iloc[int(rng.integers(len(known)))]
    is_left = known <= cut if column in NUMBERS else known == cut
    if not 0.1 < is_left.mean() < 0.9:
        return grown(rng, records, depth, value)
    sides = [grown(rng, records.loc[known.index[side]], depth - 1, value) for side in (is_left, ~is_left)]
    return Split(value(), column, cut, *sides)


def answers(tree: Split, records: pd.DataFrame, default: bool) -> np.ndarray:
    """The values of the leaves; where a cell is missing that of the node, or on to the left by `default`."""
    told = np.full(len(records), tree.value)
    if tree.left is None or tree.right is None or not len(records):
        return told
    cells = records[tree.column]
    absent = cells.isna().to_numpy()
    known = cells.to_numpy()[~absent]
    is_left = np.full(len(records), default)
    is_left[~absent] = known <= tree.cut if tree.column in NUMBERS else known == tree.cut
    is_right = ~is_left & ~absent
    told[is_left] = answers(tree.left, records[is_left], default)
    told[is_right] = answers(tree.right, records[is_right], default)
    return told


def server(tree: Split, default: bool = False) -> Query:
    return lambda frame: answers(tree, frame, default)[:, None]


def a_tree(seed: int, value: Callable[[], float] | None = None) -> Split:
    rng = np.random.default_rng(seed)
    return grown(rng, people(2_000, 77).features, DEPTH, value or rng.standard_normal)


def of_values(query: Query) -> Context:
    return replace(World().stealing(query), profile=VALUES)


def copied(query: Query, **params: bool) -> SurrogateValues:
    evidence = PathFinding(**params).run(of_values(query))  # type: ignore[arg-type]
    assert isinstance(evidence, SurrogateValues)
    return evidence


@pytest.mark.parametrize("seed", [1, 2])
def test_every_leaf_is_read_from_the_root_down_with_fewer_queries(seed: int) -> None:
    query = server(a_tree(seed))
    down, across = copied(query), copied(query, partial=False)
    assert down.figures["leaves"] == a_tree(seed).leaves <= across.figures["leaves"]  # nodes that missing cells reach are boxes too
    assert np.array_equal(down.uniform_values[-1], down.uniform)
    assert down.queries[0] < across.queries[0]
    assert "whose inner nodes answer records with missing cells" in down.notes[0]
    assert "all were found" in down.notes[0]
    assert np.array_equal(down.values[-1], query(World().data.candidates.features.iloc[down.rows])[:, 0])


def test_leaves_that_share_an_answer_are_told_apart_by_their_way_down() -> None:
    """Four answers for all leaves: without missing cells the search cannot know what it has seen."""
    rng = np.random.default_rng(3)
    values = iter(rng.permutation(1_000) + 0.5)
    tree = grown(rng, people(2_000, 77).features, DEPTH, lambda: float(next(values)))
    query = server(_shared(tree))
    down = copied(query)
    assert (down.uniform_values[-1] == down.uniform).mean() > 0.97
    assert down.figures["leaves"] > 0.6 * tree.leaves
    assert not any("exact" in note for note in down.notes)
    assert "Several leaves give the same answer" in down.notes[0]
    assert any("Several leaves" in note for note in copied(query, partial=False).notes)


def _shared(tree: Split) -> Split:
    if tree.left is None or tree.right is None:
        return replace(tree, value=float(int(tree.value) % 4))
    return replace(tree, left=_shared(tree.left), right=_shared(tree.right))


def test_a_default_direction_is_not_an_inner_node() -> None:
    evidence = copied(server(a_tree(1), default=True))
    assert "a default direction, or a value that is filled in" in evidence.notes[-1]
    assert "with an answer each: all were found" in evidence.notes[0]
    assert evidence.figures["leaves"] == a_tree(1).leaves


def test_a_constant_target_says_nothing_of_missing_cells() -> None:
    evidence = PathFinding().run(World().stealing(constant))
    assert evidence.figures["leaves"] == 1
    assert not any("missing cells" in note for note in evidence.notes)


def test_a_target_that_refuses_missing_cells_is_searched_without() -> None:
    tree = a_tree(1)
    natural = set(World().data.auxiliary.features.isna().sum(axis=1))

    def strict(frame: pd.DataFrame) -> np.ndarray:
        if frame.isna().sum(axis=1).max() > max(natural):
            raise TargetRefused("a value is missing")
        return server(tree, default=True)(frame)

    evidence = copied(strict)
    assert evidence.figures["leaves"] == tree.leaves
    assert not any("missing cells" in note for note in evidence.notes)


def test_no_record_with_missing_cells_is_made_up_where_that_is_declined() -> None:
    query = Recorded(server(a_tree(1)))
    copied(query, partial=False)
    assert not query.asked.isna().all(axis=1).any()


def test_partial_is_true_or_false() -> None:
    with pytest.raises(InvalidInput, match="set partial to true or false") as refusal:
        PathFinding(partial="no")  # type: ignore[arg-type]
    assert refusal.value.field == "attacks.path-finding.partial"


def test_a_small_budget_finds_a_part_of_the_tree() -> None:
    evidence = PathFinding().run(replace(of_values(server(a_tree(1))), query_limit=330 + 505))
    assert evidence.figures["leaves"] < a_tree(1).leaves
    assert "ended before every leaf was found" in evidence.notes[0]
    assert evidence.queries[0] <= 330
