"""Generative inversion: refused with a sentence without PyTorch; with it, a class is seen in what is made for it."""

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.attacks import registry
from auditor.attacks.inversion.generative import GMI
from auditor.attacks.inversion.generative_network import differentiable
from auditor.domain.attack import Context, Scope
from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.evidence import Reconstructions
from auditor.domain.parameters import Layer, Layers
from auditor.domain.target import Output, Profile
from auditor.errors import AttackFailed, Cancelled, InvalidInput
from auditor.scoring.reconstruction_controls import recognised

HAS_TORCH = find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="PyTorch is optional: pip install 'privacy-attack-auditor[deep]'")
COLUMNS = tuple(Column(f"p{i}", ColumnType.NUMBER) for i in range(6))
PROFILE = Profile(Output.PROBABILITIES, ("left", "right"))
# Bright on the left, or bright on the right.
LEFT_RIGHT = Layers((Layer(np.array([[8.0] * 3 + [-8.0] * 3, [-8.0] * 3 + [8.0] * 3]), np.zeros(2)),), "identity", "softmax")

# Sees the classes by their middle pixels alone, so what it is surest of is not what others are.
MIDDLE = Layers((Layer(np.array([[0, 0, 4.0, -4.0, 0, 0], [0, 0, -4.0, 4.0, 0, 0]]), np.zeros(2)),), "identity", "softmax")


def pictures(n: int = 300) -> Records:
    """Half bright on the left, half on the right, with noise."""
    rng = np.random.default_rng(0)
    right = rng.random(n) < 0.5
    bright = np.where(np.arange(6) < 3, ~right[:, None], right[:, None])
    values = np.clip(0.8 * bright + 0.1 * rng.random((n, 6)), 0, 1)
    return Records(pd.DataFrame(values, columns=[c.name for c in COLUMNS]), right.astype(np.intp))


def context(**changes: Any) -> Context:
    made = Context(
        seed=3,
        profile=PROFILE,
        columns=COLUMNS,
        query=lambda frame: pytest.fail("it asks nothing"),
        checkpoint=lambda fraction: None,
        auxiliary=pictures(),
        parameters=LEFT_RIGHT,
    )
    return replace(made, **changes)


@pytest.mark.skipif(HAS_TORCH, reason="PyTorch is installed here")
def test_without_the_package_it_does_not_run_and_says_what_to_install() -> None:
    scope = Scope(PROFILE, 100, 500, 0, 1_000, has_parameters=True)
    assert any("pip install" in sentence for sentence in registry.unmet(GMI(), PROFILE, scope))
    with pytest.raises(InvalidInput, match=r"PyTorch is not installed; install it with: pip install '.*\[deep\]'"):
        GMI().run(context())


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"starts": 0}, "starts"),
        ({"steps": 5}, "steps"),
        ({"gan_steps": True}, "gan_steps"),
        ({"select": "best"}, "identity or membership"),
        ({"membership": -1}, "membership"),
        ({"membership": float("nan")}, "membership"),
        ({"membership": True}, "membership"),
    ],
)
def test_strange_parameters(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        GMI(**parameters)


def test_a_network_of_another_width_is_refused() -> None:
    with pytest.raises(AttackFailed, match="6 inputs and the records have 5 columns"):
        differentiable(LEFT_RIGHT, ["a"] * 5, np.zeros(5), np.ones(5))


def test_a_network_of_numbers_is_refused() -> None:
    with pytest.raises(AttackFailed, match="answers a number"):
        differentiable(replace(LEFT_RIGHT, output="identity"), [c.name for c in COLUMNS], np.zeros(6), np.ones(6))


def test_inputs_are_matched_by_name() -> None:
    named = replace(LEFT_RIGHT, features=tuple(f"p{i}" for i in reversed(range(6))))
    assert differentiable(named, [c.name for c in COLUMNS], np.zeros(6), np.ones(6)).places.tolist() == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(("share", "passed"), [(1.0, True), (0.2, False)])
def test_a_search_that_the_target_does_not_recognise_has_failed(share: float, passed: bool) -> None:
    claims = Reconstructions(pictures().features.head(2), np.array([0, 1]), np.zeros(2), {"recognised_share": share})
    assert recognised(claims).passed is passed


@needs_torch
class TestWithTheNetworkPackage:
    QUICK = GMI(gan_steps=60, steps=60, starts=3)

    def test_each_class_is_seen_in_what_is_made_for_it(self) -> None:
        made = self.QUICK.run(context())
        assert made.labels.tolist() == [0, 0, 0, 1, 1, 1]
        assert made.figures == {"recognised_share": 1.0}
        brighter = made.records[["p3", "p4", "p5"]].sum(axis=1) > made.records[["p0", "p1", "p2"]].sum(axis=1)
        assert brighter.to_numpy().astype(int).tolist() == made.labels.tolist()

    def test_claims_stay_within_what_auxiliary_records_hold(self) -> None:
        made = self.QUICK.run(context()).records.to_numpy()
        known = pictures().features.to_numpy()
        assert (made >= known.min(axis=0) - 1e-6).all()
        assert (made <= known.max(axis=0) + 1e-6).all()

    def test_the_same_seed_makes_the_same_claims(self) -> None:
        first, second = (self.QUICK.run(context()) for _ in range(2))
        pd.testing.assert_frame_equal(first.records, second.records)
        assert not first.records.equals(self.QUICK.run(context(seed=4)).records)

    def test_a_search_scored_by_membership_finds_records_that_the_target_is_surer_of_than_others_are(self) -> None:
        """What is claimed is the lead of the target over a model that never saw the members (Basu et al. 2019)."""
        ways = self.QUICK, replace(self.QUICK, membership=300.0)
        published, scored = (way.run(context(parameters=MIDDLE)) for way in ways)
        assert scored.scores.min() > published.scores.max() + 1.0
        assert scored.figures == {"recognised_share": 1.0}

    def test_it_can_be_cancelled_at_any_report(self) -> None:
        def cancel(fraction: float) -> None:
            if fraction > 0.5:
                raise Cancelled("The audit was cancelled.")

        with pytest.raises(Cancelled):
            self.QUICK.run(context(checkpoint=cancel))

    def test_columns_that_are_no_numbers_are_refused(self) -> None:
        mixed = (*COLUMNS[:5], Column("p5", ColumnType.CATEGORY))
        with pytest.raises(AttackFailed, match="column 'p5' holds none"):
            self.QUICK.run(context(columns=mixed))

    def test_anything_but_a_network_is_refused(self) -> None:
        with pytest.raises(AttackFailed, match="this model is none"):
            self.QUICK.run(context(parameters=object()))
