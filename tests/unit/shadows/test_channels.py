"""Channels that say less: what they show, what they leave out, and noise that asking again does not average out."""

import numpy as np
import pytest
from scipy import stats

from auditor.domain.target import Output, Profile
from auditor.shadows.channels import AS_IT_IS, CHANNELS, GAUSSIAN, LAPLACE, Channel, drawn, fewer, through

THREE = Profile(Output.PROBABILITIES, ("a", "b", "c"))
FOUR = Profile(Output.PROBABILITIES, ("a", "b", "c", "d"))
ANSWERS = np.array([[0.123456, 0.8, 0.076544], [0.5, 0.25, 0.25]])


def named(name: str) -> Channel:
    return next(channel for channel in CHANNELS if channel.name == name)


def test_as_it_is_changes_nothing() -> None:
    assert through(AS_IT_IS, ANSWERS, THREE) is ANSWERS
    assert AS_IT_IS.profile(THREE) is THREE


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("labels only", [[0, 1, 0], [1, 0, 0]]),
        ("top 1", [[np.nan, 0.8, np.nan], [0.5, np.nan, np.nan]]),
        ("2 decimals", [[0.12, 0.8, 0.08], [0.5, 0.25, 0.25]]),
        ("top 1, 1 decimal", [[np.nan, 0.8, np.nan], [0.5, np.nan, np.nan]]),
    ],
)
def test_what_a_channel_shows(name: str, shown: list[list[float]]) -> None:
    np.testing.assert_array_equal(through(named(name), ANSWERS, THREE), shown)


def test_temperature_is_the_power_of_each_probability_and_keeps_their_order() -> None:
    shown = through(named("temperature 2"), ANSWERS, THREE)
    np.testing.assert_allclose(shown, np.sqrt(ANSWERS) / np.sqrt(ANSWERS).sum(axis=1, keepdims=True))
    odds = np.log(shown[:, :1] / shown[:, 1:])
    np.testing.assert_allclose(odds, np.log(ANSWERS[:, :1] / ANSWERS[:, 1:]) / 2)


def test_certainty_survives_temperature_and_noise_that_leaves_nothing_says_nothing() -> None:
    sure = np.array([[0.0, 1.0, 0.0]])
    np.testing.assert_array_equal(through(named("temperature 10"), sure, THREE), sure)
    nothing = through(named("laplace noise 0.1"), sure, THREE, np.full((1, 3), -100.0))
    np.testing.assert_allclose(nothing, [[1 / 3, 1 / 3, 1 / 3]])


def test_noisy_answers_are_probabilities() -> None:
    noise = drawn(LAPLACE, np.arange(2, dtype=np.uint64), 5, 3)
    shown = through(named("laplace noise 0.05"), ANSWERS, THREE, noise)
    np.testing.assert_allclose(shown.sum(axis=1), 1.0)
    assert shown.min() >= 0
    assert np.abs(shown - ANSWERS).max() > 0.001


def test_noise_without_its_draws_is_refused() -> None:
    with pytest.raises(ValueError, match="draws"):
        through(named("gaussian noise 0.1"), ANSWERS, THREE)


class TestProfiles:
    @pytest.mark.parametrize(
        ("name", "output", "decimals", "top"),
        [
            ("labels only", Output.LABELS, None, 0),
            ("top 1", Output.TOP_K, None, 1),
            ("top 1, 1 decimal", Output.TOP_K, 1, 1),
            ("3 decimals", Output.PROBABILITIES, 3, 0),
            ("temperature 5", Output.PROBABILITIES, None, 0),
            ("gaussian noise 0.01", Output.PROBABILITIES, 2, 0),
            ("laplace noise 0.05", Output.PROBABILITIES, 1, 0),
            ("laplace noise 0.1", Output.PROBABILITIES, 1, 0),
        ],
    )
    def test_what_the_probe_would_measure(self, name: str, output: Output, decimals: int | None, top: int) -> None:
        profile = named(name).profile(THREE)
        assert (profile.output, profile.decimals, profile.top) == (output, decimals, top)

    def test_a_coarse_target_stays_coarse(self) -> None:
        assert named("temperature 2").profile(Profile(Output.PROBABILITIES, ("a", "b"), decimals=2)).decimals == 2

    def test_the_top_few_stay_the_top_few(self) -> None:
        assert named("2 decimals").profile(Profile(Output.TOP_K, ("a", "b", "c", "d"), top=3)).top == 3


class TestFewer:
    def test_a_target_of_labels_or_values_says_nothing_that_could_be_left_out(self) -> None:
        assert fewer(Profile(Output.LABELS, ("a", "b"))) == ()
        assert fewer(Profile(Output.VALUE, ())) == ()

    def test_four_classes_get_every_channel_and_three_classes_no_top_three(self) -> None:
        assert fewer(FOUR) == CHANNELS
        assert {c.name for c in CHANNELS} - {c.name for c in fewer(THREE)} == {"top 3"}

    def test_what_a_rounding_target_rounds_already_is_not_tried(self) -> None:
        names = {c.name for c in fewer(Profile(Output.PROBABILITIES, ("a", "b"), decimals=2))}
        assert {"3 decimals", "2 decimals"}.isdisjoint(names)
        assert {"1 decimal", "top 1", "labels only", "temperature 2"} <= names

    def test_of_the_top_few_only_fewer_labels_or_decimals_can_be_tried(self) -> None:
        names = [c.name for c in fewer(Profile(Output.TOP_K, ("a", "b", "c", "d"), top=2))]
        assert names == ["labels only", "top 1", "3 decimals", "2 decimals", "1 decimal", "top 1, 1 decimal"]

    def test_labels_of_the_top_few_ignore_what_was_not_returned(self) -> None:
        told = Profile(Output.TOP_K, ("a", "b", "c", "d"), top=2)
        answers = np.array([[np.nan, 0.3, 0.6, np.nan]])
        np.testing.assert_array_equal(through(named("labels only"), answers, told), [[0, 0, 1, 0]])


class TestNoise:
    KEYS = np.random.default_rng(3).integers(0, 2**63, 20_000).astype(np.uint64)

    def test_the_same_record_gets_the_same_noise_in_any_order(self) -> None:
        once = drawn(LAPLACE, self.KEYS, 7, 2)
        np.testing.assert_array_equal(drawn(LAPLACE, self.KEYS[::-1], 7, 2), once[::-1])

    @pytest.mark.parametrize(("kind", "law"), [(LAPLACE, stats.laplace()), (GAUSSIAN, stats.norm())])
    def test_it_follows_its_law(self, kind: str, law: stats.rv_continuous) -> None:
        found = drawn(kind, self.KEYS, 7, 3)
        for column in found.T:
            assert stats.kstest(column, law.cdf).pvalue > 1e-3

    def test_models_classes_and_neighbouring_keys_are_independent(self) -> None:
        neighbours = np.arange(20_000, dtype=np.uint64)
        columns = [*drawn(GAUSSIAN, neighbours, 7, 2).T, *drawn(GAUSSIAN, neighbours, 8, 2).T]
        apart = np.corrcoef([*columns, np.roll(columns[0], 1)]) - np.eye(5)
        assert np.abs(apart).max() < 0.03
