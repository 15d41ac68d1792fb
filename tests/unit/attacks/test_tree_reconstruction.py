"""Targets that explain themselves: what counterfactuals give away of trees, and what is said of those that are wrong or far."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from inversion_world import COLUMNS, PROFILE, Recorded, World, constant

from auditor.attacks import registry
from auditor.attacks.stealing.counterfactual_oracle import BoxOracle
from auditor.attacks.stealing.counterfactual_search import searched
from auditor.attacks.stealing.population import UNIFORM
from auditor.attacks.stealing.query_limits import JUDGING
from auditor.attacks.stealing.tree_reconstruction import TreeReconstruction
from auditor.attacks.stealing.twin import noise_target
from auditor.domain.attack import Context, Scope
from auditor.domain.counterfactual import Bounds, Counterfactuals, Explain, Explained
from auditor.domain.evidence import SurrogateLabels
from auditor.domain.target import Output, Profile
from auditor.errors import AttackFailed, BudgetExhausted, Cancelled, InvalidInput

Frame = pd.DataFrame


def known(world: World, seed: int = 5, classes: int = 2) -> Explained:
    """A random tree of 24 leaves with its exact counterfactuals."""
    made = TreeReconstruction.known_target(world.data.auxiliary, COLUMNS, classes, seed)
    assert isinstance(made, Explained)
    return made


def context(world: World, target: Explained, limit: int = 0, explain: Explain | None = None) -> Context:
    return replace(world.stealing(target.query, limit=limit), counterfactual=explain or target.counterfactual)


def agreement(world: World, target: Explained, evidence: SurrogateLabels) -> float:
    truth = target(world.data.candidates.features.iloc[evidence.rows]).argmax(axis=1)
    return float((evidence.labels[-1] == truth).mean())


@dataclass
class Counted:
    """How often counterfactuals are asked for, and which of them are changed on their way."""

    explain: Explain
    asked: int = 0
    changed: bool = False

    def __call__(self, records: Frame, bounds: Sequence[Bounds]) -> Counterfactuals:
        self.asked += len(records)
        told = self.explain(records, bounds)
        if not self.changed:
            return told
        return replace(told, found=told.found & (np.arange(len(records)) % 3 > 0))


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize("seed", [6, 7])
def test_a_tree_with_optimal_counterfactuals_is_copied_exactly(world: World, seed: int) -> None:
    target = known(world, seed)
    evidence = TreeReconstruction().run(context(world, target))
    assert np.array_equal(evidence.uniform_labels[-1], evidence.uniform)
    assert agreement(world, target, evidence) == 1.0
    assert evidence.figures["open_boxes"] == 0
    assert evidence.figures["closed_boxes"] >= 24
    assert evidence.figures["covered_share"] == 1.0
    assert "the copy is exact" in evidence.notes[0]
    assert len(evidence.notes) == 1


def test_several_classes_are_copied_too(world: World) -> None:
    target = known(world, 6, classes=3)
    made = replace(context(world, target), profile=Profile(Output.LABELS, ("a", "b", "c")))
    evidence = TreeReconstruction().run(made)
    assert len(np.unique(evidence.uniform)) == 3
    assert np.array_equal(evidence.uniform_labels[-1], evidence.uniform)
    assert "the copy is exact" in evidence.notes[0]


def test_no_more_is_asked_than_is_allowed_and_every_question_is_counted(world: World) -> None:
    target = known(world, 6)
    query, explain = Recorded(target.query), Counted(target.counterfactual)
    evidence = TreeReconstruction().run(context(world, Explained(query, explain), limit=150 + JUDGING))
    assert evidence.queries[-1] <= 150
    assert len(query.asked) - UNIFORM + explain.asked == evidence.queries[-1]
    assert evidence.figures["counterfactuals"] == explain.asked
    assert evidence.queries.tolist() == sorted(evidence.queries)


def test_a_small_budget_leaves_boxes_open_which_is_said(world: World) -> None:
    target = known(world, 6)
    evidence = TreeReconstruction().run(context(world, target, limit=150 + JUDGING))
    assert evidence.figures["open_boxes"] > 0
    assert "boxes open, in which" in evidence.notes[0]
    assert not any("copy is exact for" in note for note in evidence.notes)
    assert 0.7 < agreement(world, target, evidence) < 1.0


def test_queries_go_first_where_people_are(world: World) -> None:
    """Of as many queries, fewer people are left in open boxes; taking the largest boxes first leaves less space in them."""
    target = known(world, 6)
    left = {}
    for first in ("natural", "volume"):
        evidence = TreeReconstruction(queries=160, first=first).run(context(world, target))
        people, space = (int(found) for found in re.findall(r"(\d+) % of", evidence.notes[0]))
        left[first] = people, space
    assert left["natural"][0] < left["volume"][0]
    assert left["natural"][1] > left["volume"][1]


def test_a_class_that_the_service_says_is_not_asked_again(world: World) -> None:
    target = known(world, 6)

    def telling(records: Frame, bounds: Sequence[Bounds]) -> Counterfactuals:
        return replace(target.counterfactual(records, bounds), labels=target(records).argmax(axis=1))

    told = TreeReconstruction().run(context(world, target, explain=telling))
    checked, judges = 20, 100
    assert told.queries[-1] == told.figures["counterfactuals"] + checked + judges
    assert np.array_equal(told.uniform_labels[-1], told.uniform)


def test_counterfactuals_of_64_bits_lie_behind_thresholds_that_32_bits_round_them_to(world: World) -> None:
    """A service that computes in 64 bits answers the very next number behind a threshold, which 32 bits may round to before it."""
    target = known(world, 6)

    def precise(records: Frame, bounds: Sequence[Bounds]) -> Counterfactuals:
        told = target.counterfactual(records, bounds)
        changed = told.records.copy()
        for name in ("height", "dose"):
            cells, own = changed[name].to_numpy(dtype=np.float64), records[name].to_numpy(dtype=np.float64)
            back = np.nextafter(cells.astype(np.float32), own.astype(np.float32)).astype(np.float64)
            changed[name] = np.where(cells == own, cells, np.nextafter(back, cells))
        return replace(told, records=changed)

    evidence = TreeReconstruction().run(context(world, target, explain=precise))
    assert np.array_equal(evidence.uniform_labels[-1], evidence.uniform)
    assert evidence.figures["open_boxes"] == 0
    assert len(evidence.notes) == 1


def test_an_explainer_that_overlooks_counterfactuals_is_noticed(world: World) -> None:
    target = known(world, 6)
    evidence = TreeReconstruction().run(context(world, target, explain=Counted(target.counterfactual, changed=True)))
    assert "does not find every one, so the copy is not exact" in evidence.notes[0]
    assert not any("the copy is exact" in note for note in evidence.notes)


def test_counterfactuals_that_are_not_the_nearest_are_noticed_and_cost_more(world: World) -> None:
    """The end of the box behind the counterfactual is one too, and farther away."""
    target = known(world, 6)
    oracle = target.counterfactual
    assert isinstance(oracle, BoxOracle)
    far = replace(oracle, norm=2)
    object.__setattr__(far, "_nearest", lambda point, within: _farthest(oracle, point, within))
    evidence = TreeReconstruction(queries=200).run(context(world, target, explain=far))
    assert any("are not the nearest" in note for note in evidence.notes)


def _farthest(oracle: BoxOracle, point: np.ndarray, within: Bounds) -> np.ndarray | None:
    found = oracle._nearest(point, within)
    if found is None:
        return None
    farther = found.copy()
    for j, axis in enumerate(oracle.axes.axes):
        if axis.is_ordered and found[j] != point[j]:
            low, high = within.numbers[axis.column.name]
            farther[j] = axis.position(high if found[j] > point[j] else low)
    return farther if oracle.label(farther) != oracle.label(point) else found


def test_an_explainer_that_finds_some_counterfactual_by_chance_still_gives_much_away(world: World) -> None:
    target = searched(known(world, 6).query, world.data.auxiliary, COLUMNS, 1)
    evidence = TreeReconstruction(queries=200).run(context(world, target))
    assert agreement(world, target, evidence) > 0.8
    assert not any("the copy is exact for" in note for note in evidence.notes)


def test_records_of_the_same_class_are_no_counterfactuals(world: World) -> None:
    def same(records: Frame, bounds: Sequence[Bounds]) -> Counterfactuals:
        """A record nearby, whatever its class."""
        moved = records.assign(height=[within.numbers["height"][1] for within in bounds])
        return Counterfactuals(moved, np.ones(len(records), dtype=bool), np.full(len(records), -1))

    with pytest.raises(AttackFailed, match=r"check what target\.counterfactual\.record"):
        TreeReconstruction().run(context(world, Explained(constant, same)))


def test_a_constant_target_is_one_box(world: World) -> None:
    def nothing(records: Frame, bounds: Sequence[Bounds]) -> Counterfactuals:
        return Counterfactuals(records, np.zeros(len(records), dtype=bool), np.zeros(len(records), dtype=np.intp))

    evidence = TreeReconstruction().run(context(world, Explained(lambda frame: constant(frame)[:, ::-1], nothing)))
    assert evidence.figures["closed_boxes"] == 1
    assert evidence.figures["open_boxes"] == 0
    assert (evidence.labels[-1] == 0).all()


def test_noise_is_not_copied() -> None:
    world = World(candidates=1_000)
    target = searched(noise_target(2, seed=5), world.data.auxiliary, COLUMNS, 1)
    evidence = TreeReconstruction(queries=100).run(context(world, target))
    assert 0.42 < agreement(world, target, evidence) < 0.58
    assert "boxes open" in evidence.notes[0]


def test_the_same_questions_are_asked_the_second_time(world: World) -> None:
    target = known(world, 6)
    first, second = Recorded(target.query), Recorded(target.query)
    for query in (first, second):
        TreeReconstruction(queries=100).run(context(world, Explained(query, target.counterfactual)))
    pd.testing.assert_frame_equal(first.asked, second.asked)


def test_it_can_be_cancelled_in_the_middle(world: World) -> None:
    target = known(world, 6)

    def cancel(fraction: float) -> None:
        if fraction > 0.1:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        TreeReconstruction(queries=200).run(replace(context(world, target), checkpoint=cancel))


def test_what_it_needs_is_said(world: World) -> None:
    target = known(world, 6)
    with pytest.raises(BudgetExhausted, match="needs at least 605 queries"):
        TreeReconstruction().run(context(world, target, limit=300))
    with pytest.raises(AttackFailed, match="asks for counterfactuals"):
        TreeReconstruction().run(world.stealing(target.query))
    with pytest.raises(InvalidInput, match="choose natural or volume, not 'depth'"):
        TreeReconstruction(first="depth")
    scope = Scope(PROFILE, 400, 300, 0, 10_000)
    assert "target.counterfactual" in registry.unmet(TreeReconstruction(), PROFILE, scope)[0]
    assert registry.unmet(TreeReconstruction(), PROFILE, replace(scope, has_counterfactuals=True)) == []
    assert "returns a value" in registry.unmet(TreeReconstruction(), Profile(Output.VALUE, ()), scope)[0]


def test_its_adversary_is_told_counterfactuals() -> None:
    words = TreeReconstruction().threat_model.in_words(Output.LABELS)
    assert "sees only the predicted label, is told the nearest record of another class and has records" in words
