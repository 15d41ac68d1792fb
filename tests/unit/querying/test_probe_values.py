"""What the probe finds out about a target that answers one number a record."""

import numpy as np
import pytest
from scripted_target import ScriptedTarget, frame

from auditor.domain.target import Output, Profile, Target
from auditor.errors import BadAnswer
from auditor.querying import EstimatorTransport, MemoryLedger, probe
from auditor.querying.rounding import ENOUGH, decimals_of_values

TARGET = Target("http://models.example.com/v2/models/m", output=Output.VALUE)


def probed(predict) -> Profile:
    return probe(EstimatorTransport(predict), MemoryLedger(), TARGET, frame(200), ())


def price(asked):
    return 200_000 * np.exp(np.sin(asked["age"].to_numpy(dtype=float)))


def test_a_plain_value_is_what_it_says():
    found = probed(price)
    assert (found.output, found.classes, found.decimals, found.top) == (Output.VALUE, (), None, 0)
    assert found.deterministic
    assert not found.batch_dependent
    assert found.notes == ()


@pytest.mark.parametrize(("decimals", "unit"), [(-3, "1,000"), (-2, "100"), (0, "1"), (1, "0.1"), (2, "0.01")])
def test_rounding_is_found_and_said(decimals, unit):
    found = probed(lambda asked: np.round(price(asked), decimals))
    assert found.decimals == decimals
    assert found.notes == (f"The target's values are rounded to multiples of {unit}.",)


def test_whole_numbers_are_values_where_values_were_declared():
    assert probed(lambda asked: asked["age"].to_numpy() * 3).output is Output.VALUE


def test_words_are_refused():
    with pytest.raises(BadAnswer, match="declare output: labels"):
        probed(lambda asked: np.array(["dear"] * len(asked)))


def test_noise_is_measured_at_the_size_of_the_values():
    rng = np.random.default_rng(0)
    assert probed(lambda asked: price(asked) * (1 + 1e-9 * rng.normal(size=len(asked)))).deterministic
    assert not probed(lambda asked: price(asked) * (1 + 1e-3 * rng.normal(size=len(asked)))).deterministic


def test_a_value_that_depends_on_its_batch_is_noticed():
    found = probed(lambda asked: price(asked) - price(asked).mean())
    assert found.batch_dependent


def test_the_rows_spent_are_few():
    asked = ScriptedTarget(lambda frame: price(frame).tolist())
    probe(asked, MemoryLedger(), TARGET, frame(200), ())
    assert asked.rows <= 700


DRAWN = np.random.default_rng(1).lognormal(10, 1, 400)


@pytest.mark.parametrize("decimals", range(-3, 4))
def test_the_fewest_decimals_that_keep_every_value(decimals):
    assert decimals_of_values(np.round(DRAWN, decimals)) == decimals


@pytest.mark.parametrize("decimals", range(-3, 1))
def test_rounding_is_seen_through_single_precision(decimals):
    assert decimals_of_values(np.round(DRAWN, decimals).astype(np.float32).astype(float)) == decimals


def test_values_too_large_for_their_precision_are_not_called_rounded():
    assert decimals_of_values((DRAWN * 1e9).astype(np.float32).astype(float)) is None


def test_sharp_values_are_not_rounded():
    assert decimals_of_values(DRAWN) is None


def test_a_constant_tells_nothing():
    assert decimals_of_values(np.full(100, 1_000.0)) is None


def test_few_round_values_may_be_an_accident():
    assert decimals_of_values(np.array([100.0, 200.0, 300.0])) == 0
    assert decimals_of_values(100.0 * np.arange(1, ENOUGH + 1)) == -2


def test_values_far_below_a_million_are_no_multiples_of_one():
    hours = np.random.default_rng(0).normal(40, 10, 600)
    assert decimals_of_values(hours) is None
    assert decimals_of_values(np.round(hours, 2)) == 2
    assert decimals_of_values(hours / 1e5) is None
    assert decimals_of_values(np.array([0.0003, 0.0005])) == 4


def test_a_large_value_among_small_ones_does_not_hide_them():
    assert decimals_of_values(np.append(np.random.default_rng(1).normal(40, 10, 600), 1_000_000.0)) is None
