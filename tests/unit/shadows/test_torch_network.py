"""Neural shadows in PyTorch take the steps of those in numpy, many at a time; without it they are refused with a sentence."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from auditor.domain.data import Column, ColumnType, Records
from auditor.domain.learner import Learner, Task
from auditor.errors import Cancelled, InvalidInput
from auditor.learners import check
from auditor.learners.encode import prepare
from auditor.settings import load
from auditor.shadows import design, pool
from auditor.shadows.trainers import CPU, CUDA, device, network, torch_network, train_job
from auditor.shadows.trainers.job import Job

HAS_TORCH = find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="PyTorch is optional: pip install 'privacy-attack-auditor[deep]'")
COLUMNS = (Column("x", ColumnType.NUMBER), Column("y", ColumnType.NUMBER), Column("s", ColumnType.STRING))
SMALL = {"hidden_layer_sizes": [12], "batch_size": 20, "learning_rate_init": 0.01}


def records(n: int = 151, classes: int = 2) -> Records:
    """An odd number, so that halves differ in size, with a category that only one of them can hold."""
    rng = np.random.default_rng(0)
    x, y, s = rng.normal(size=n), rng.normal(size=n), rng.choice(["a", "b", "c"], n).astype(object)
    labels = np.digitize(x + (s == "a") + 0.5 * rng.normal(size=n), np.linspace(-0.5, 1.5, classes + 1)[1:-1]).astype(np.intp)
    x[::17], s[5] = np.nan, "once"
    return Records(pd.DataFrame({"x": x, "y": y, "s": pd.Series(s, dtype=object)}), labels, 10 * x + y)


def job(people: Records, task: Task = Task.CLASSIFICATION, **params: object) -> Job:
    learner = check(Learner("mlp", {**SMALL, **params}, task))
    return Job(learner, COLUMNS, people, int(people.labels.max()) + 1, (0, 1, 2), 7, lambda fraction: None)


def both(work: Job) -> tuple[np.ndarray, np.ndarray]:
    table = prepare(work.pool.features, COLUMNS)
    return torch_network.train(work, table), network.train(work, table)


class TestWhatIsTrainedOnIt:
    def test_networks_by_adam_alone_leave_the_processor(self) -> None:
        assert device.of(Learner("mlp"), CUDA) == CUDA
        assert device.of(Learner("mlp", task=Task.REGRESSION), CUDA) == CUDA
        others = [Learner("mlp", {"solver": "sgd"}), Learner("mlp", {"early_stopping": True}), Learner("xgboost")]
        assert {device.of(one, CUDA) for one in others} == {CPU}
        assert device.of(Learner("mlp"), CPU) == CPU

    def test_a_shadow_of_the_device_is_another_one_and_those_of_the_processor_stay(self) -> None:
        learner = Learner("mlp")
        on_cpu, on_cuda = (pool.key("p", learner, 0, 1, device.versions(learner, name)) for name in (CPU, CUDA))
        assert on_cpu == pool.key("p", learner, 0, 1)
        assert on_cuda != on_cpu
        assert device.versions(learner, CUDA)["torch"] != ""

    def test_the_processor_takes_no_job_of_the_device(self) -> None:
        work = job(records())
        table = prepare(work.pool.features, COLUMNS)
        assert not torch_network.takes(work, table)
        assert torch_network.takes(replace(work, device=CUDA), table)

    def test_where_it_is_missing_a_sentence_says_so_before_anything_is_trained(self) -> None:
        if HAS_TORCH:
            import torch

            if torch.cuda.is_available():
                pytest.skip("there is a CUDA device here")
        missing = "finds no such device here" if HAS_TORCH else r"is not installed here; install it with: pip install '.*\[deep\]'"
        with pytest.raises(InvalidInput, match=missing) as refused:
            train_job(replace(job(records()), device=CUDA))
        assert refused.value.field == "AUDITOR_DEVICE"
        assert "AUDITOR_DEVICE=cpu" in refused.value.sentence

    @pytest.mark.parametrize(("text", "found"), [("", "cpu"), ("cpu", "cpu"), (" CUDA ", "cuda")])
    def test_the_setting(self, text: str, found: str) -> None:
        assert load({"AUDITOR_DEVICE": text}).device == found

    def test_another_device_is_refused_by_name(self) -> None:
        with pytest.raises(InvalidInput, match="set AUDITOR_DEVICE to cpu or cuda, not 'tpu'"):
            load({"AUDITOR_DEVICE": "tpu"})


@needs_torch
class TestWithTheNetworkPackage:
    """On PyTorch's own processor device, the same code."""

    @pytest.mark.parametrize(
        "params",
        [{}, {"activation": "tanh"}, {"activation": "logistic", "alpha": 0.5}, {"hidden_layer_sizes": [9, 5]}, {"batch_size": 76}],
        ids=str,
    )
    @pytest.mark.parametrize(
        ("task", "classes"), [(Task.CLASSIFICATION, 2), (Task.CLASSIFICATION, 4), (Task.REGRESSION, 2)], ids=str
    )
    def test_after_some_epochs_both_are_where_the_other_is(self, task: Task, classes: int, params: dict[str, object]) -> None:
        ours, theirs = both(job(records(classes=classes), task, max_iter=6, **params))
        np.testing.assert_allclose(ours, theirs, atol=2e-4)

    def test_training_ends_at_the_same_epoch(self) -> None:
        """Each network at its own; otherwise the answers would lie further apart than rounding takes them."""
        ours, theirs = both(job(records(), max_iter=200, activation="tanh", tol=5e-3))
        np.testing.assert_allclose(ours, theirs, atol=1e-2)
        longer, _ = both(job(records(), max_iter=200, activation="tanh", tol=0.0))
        assert np.abs(longer - ours).max() > 0.1

    def test_trained_to_the_end_they_remember_as_much(self) -> None:
        people = records(160)
        work = replace(job(people, hidden_layer_sizes=[64], max_iter=80), indices=tuple(range(6)))
        masks = design.masks(160, range(6), 7)
        true = np.arange(160), people.labels
        gaps = [
            np.mean([answers[k][true][mask].mean() - answers[k][true][~mask].mean() for k, mask in enumerate(masks)])
            for answers in both(work)
        ]
        assert gaps[1] > 0.3
        assert gaps[0] == pytest.approx(gaps[1], rel=0.1)

    def test_a_half_without_a_class_never_answers_it(self) -> None:
        people = records(60)
        rare = Records(people.features, np.where(np.arange(60) == 3, 2, people.labels))
        np.testing.assert_allclose(*both(job(rare, max_iter=3)), atol=2e-4)
        alone = Records(people.features, (np.arange(60) == 3).astype(np.intp))
        np.testing.assert_allclose(*both(job(alone, max_iter=3)), atol=2e-4)

    def test_company_changes_no_bit(self) -> None:
        """Also beyond the lanes that there are, where companions change."""
        work = replace(job(records(), max_iter=3), indices=tuple(range(torch_network.LANES + 3)))
        table = prepare(work.pool.features, COLUMNS)
        together = torch_network.train(work, table)
        for few in ((2,), (torch_network.LANES + 1, 0)):
            np.testing.assert_array_equal(torch_network.train(work.of(few), table), together[list(few)])

    @pytest.mark.parametrize("epochs", [2, 0], ids=["training", "answering"])
    def test_all_that_is_computed_with_lies_on_the_device(self, epochs: int) -> None:
        """PyTorch's device without data refuses tensors of another one, as any device does, and in the end to be read."""
        work = replace(job(records(classes=4)), device="meta")
        learner = replace(work.learner, params={**work.learner.params, "max_iter": epochs})
        with pytest.raises(NotImplementedError, match="Cannot copy out of meta tensor"):
            torch_network.train(replace(work, learner=learner), prepare(work.pool.features, COLUMNS))

    def test_it_reports_progress_and_can_be_cancelled_in_the_midst_of_training(self) -> None:
        seen: list[float] = []

        def cancel(fraction: float) -> None:
            seen.append(fraction)
            if fraction > 0.5:
                raise Cancelled("The audit was cancelled.")

        work = replace(job(records(), max_iter=10, tol=0.0), checkpoint=cancel)
        with pytest.raises(Cancelled):
            torch_network.train(work, prepare(work.pool.features, COLUMNS))
        assert seen == sorted(seen)
        assert len(seen) == 7
