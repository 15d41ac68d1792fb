import time

import numpy as np
import pandas as pd
import pytest
from scripted_target import CLASSES, ScriptedTarget, frame, rate, truth

from auditor.domain.target import Output, Target
from auditor.errors import BadAnswer, BudgetExhausted, Cancelled, InvalidInput, TargetRefused
from auditor.querying import Door, EstimatorTransport, MemoryLedger, Rounded, TopK, probe, probe_through
from auditor.querying.faults import BatchTooLarge, Busy, Failing

THREE = ("a", "b", "c")


def target(output=Output.PROBABILITIES):
    return Target("http://models.example.com/v2/models/m", output=output)


def probed(transport, output=Output.PROBABILITIES, sample=None, classes=CLASSES, ledger=None):
    return probe(transport, ledger or MemoryLedger(), target(output), frame(200) if sample is None else sample, classes)


def three(asked):
    raw = np.column_stack([1 + asked["age"] % 7, 2 + asked["age"] % 5, 3 + asked["age"] % 3]).astype(float)
    return raw / raw.sum(axis=1, keepdims=True)


def logits(asked):
    return np.log(three(asked)) * 3


def test_a_plain_target_is_what_it_says():
    found = probed(ScriptedTarget())
    assert (found.output, found.classes, found.decimals) == (Output.PROBABILITIES, CLASSES, None)
    assert found.deterministic
    assert not found.batch_dependent
    assert found.batch_size in (64, 512)
    assert found.latency_ms >= 0
    assert found.top == 0
    assert found.notes == ()


def test_at_most_700_rows_are_spent_and_all_are_booked():
    asked, ledger = ScriptedTarget(), MemoryLedger()
    probed(asked, ledger=ledger)
    assert asked.rows == ledger.spent <= 700
    assert ledger.answered([b""]) == {}


def test_a_budget_ends_the_probe():
    with pytest.raises(BudgetExhausted):
        probed(ScriptedTarget(), ledger=MemoryLedger(budget=50))


@pytest.mark.parametrize("decimals", [1, 2, 3, 4, 5])
def test_rounding_is_found(decimals):
    found = probed(Rounded(EstimatorTransport(truth), decimals))
    assert found.decimals == decimals
    assert str(decimals) in found.notes[0]
    assert found.clip == pytest.approx(0.5 * 10.0**-decimals)


def test_rounding_is_found_in_single_precision():
    found = probed(EstimatorTransport(lambda asked: np.round(three(asked), 3).astype(np.float32).astype(float)), classes=THREE)
    assert found.decimals == 3
    assert probed(EstimatorTransport(lambda asked: three(asked).astype(np.float32).astype(float)), classes=THREE).decimals is None


def test_a_tree_that_answers_only_0_and_1_is_not_rounded():
    def tree(asked):
        yes = (asked["age"].to_numpy() % 2 == 0).astype(float)
        return np.column_stack([1 - yes, yes])

    found = probed(EstimatorTransport(tree))
    assert found.decimals is None
    assert found.clip == 1e-7


def test_random_answers_are_noticed():
    rng = np.random.default_rng(0)

    def noisy(asked):
        p = np.clip(truth(asked)[:, 1] + rng.normal(0, 0.01, len(asked)), 0, 1)
        return np.column_stack([1 - p, p])

    found = probed(EstimatorTransport(noisy))
    assert not found.deterministic
    assert not found.batch_dependent
    assert "differently" in " ".join(found.notes)


def test_an_answer_that_depends_on_its_batch_is_noticed():
    def normalised(asked):
        p = 1 / (1 + np.exp(-(asked["age"] - asked["age"].mean()) / 50)).to_numpy()
        return np.column_stack([1 - p, p])

    found = probed(EstimatorTransport(normalised))
    assert found.deterministic
    assert found.batch_dependent
    assert "batch" in " ".join(found.notes)


@pytest.mark.parametrize(("limit", "size"), [(1, 1), (5, 4), (40, 32), (64, 64), (100, 64)])
def test_the_batch_limit_is_found(limit, size):
    narrow = ScriptedTarget(max_rows=limit, too_many=BatchTooLarge("too large"))
    assert probed(narrow).batch_size == size
    assert narrow.rows <= 700


def test_a_target_that_takes_no_batch_at_all_is_refused():
    with pytest.raises(TargetRefused, match="too large"):
        probed(ScriptedTarget(max_rows=0, too_many=BatchTooLarge("too large")))


def test_a_large_batch_is_chosen_where_it_is_faster():
    def per_request(asked):
        time.sleep(0.02)
        return truth(asked)

    assert probed(ScriptedTarget(predict=per_request)).batch_size == 512


def test_wide_records_stay_in_small_batches():
    wide = pd.DataFrame(np.arange(400)[:, None] * np.ones(300), columns=["age", *map(str, range(299))])
    asked = ScriptedTarget()
    assert probed(asked, sample=wide).batch_size == 64
    assert max(map(len, asked.asked)) == 64


def test_a_few_records_are_asked_again():
    found = probed(ScriptedTarget(), sample=frame(3))
    assert found.batch_size in (64, 512)


def test_no_record_is_an_error_of_the_data():
    with pytest.raises(InvalidInput):
        probed(ScriptedTarget(), sample=frame(0))


def test_labels_are_a_target_too():
    found = probed(EstimatorTransport(lambda asked: np.where(asked["age"] % 2, "no", "yes")), Output.LABELS)
    assert (found.output, found.decimals) == (Output.LABELS, None)


def test_logits_are_a_target_too():
    found = probed(EstimatorTransport(logits), Output.LOGITS, classes=THREE)
    assert (found.output, found.decimals) == (Output.LOGITS, None)


def test_the_top_classes_are_counted():
    found = probed(TopK(EstimatorTransport(three), 2), Output.TOP_K, classes=THREE)
    assert (found.output, found.top) == (Output.TOP_K, 2)


def test_a_value_is_a_target_too():
    assert probed(EstimatorTransport(lambda asked: asked["age"] * 1.5), Output.VALUE, classes=()).output is Output.VALUE


@pytest.mark.parametrize(
    ("predict", "declared", "classes", "words"),
    [
        (lambda f: np.where(f["age"] % 2, "no", "yes"), Output.PROBABILITIES, CLASSES, "declare output: labels"),
        (lambda f: (f["age"] % 2).to_numpy(), Output.PROBABILITIES, CLASSES, "declare output: labels"),
        (lambda f: (f["age"] % 3).to_numpy(), Output.LOGITS, THREE, "declare output: labels"),
        (lambda f: (f["age"] % 3).to_numpy(), Output.TOP_K, THREE, "declare output: labels"),
        (truth, Output.LABELS, CLASSES, "declare output: probabilities"),
        (logits, Output.LABELS, THREE, "declare output: logits"),
        (logits, Output.PROBABILITIES, THREE, "declare output: logits"),
        (three, Output.LOGITS, THREE, "declare output: probabilities"),
        (lambda f: truth(f)[:, 1], Output.LOGITS, CLASSES, "declare output: probabilities"),
        (three, Output.PROBABILITIES, CLASSES, "target.classes"),
        (truth, Output.PROBABILITIES, THREE, "target.classes"),
        (lambda f: np.where(f["age"] % 2, "maybe", "yes"), Output.LABELS, CLASSES, "target.classes"),
        (lambda f: three(f) * 0.8, Output.PROBABILITIES, THREE, "add up to 0.8"),
        (three, Output.VALUE, THREE, "output: value"),
        (lambda f: truth(f)[:-1] if len(f) > 1 else truth(f), Output.PROBABILITIES, CLASSES, "answers for"),
        (lambda f: truth(f) * np.nan, Output.PROBABILITIES, CLASSES, "NaN"),
    ],
)
def test_what_does_not_fit_the_declaration_is_one_sentence(predict, declared, classes, words):
    with pytest.raises(BadAnswer) as refusal:
        probed(EstimatorTransport(predict), declared, classes=classes)
    assert words in refusal.value.sentence
    assert "\n" not in refusal.value.sentence


def gappy(n=30):
    sample = frame(n).astype({"age": float})
    sample.loc[4, "age"] = np.nan
    return sample


@pytest.mark.parametrize(
    "fault", [TargetRefused("The target refuses the request (400)."), Failing("The target fails (500)."), BadAnswer("NaN.")]
)
def test_a_target_that_refuses_missing_cells_is_told_by_column(fault):
    def complete_only(asked):
        if asked["age"].isna().any():
            raise fault
        return truth(asked)

    with pytest.raises(TargetRefused, match="'age' is missing"):
        probed(ScriptedTarget(predict=complete_only), sample=gappy())


def test_missing_cells_that_are_taken_are_no_matter():
    def lenient(asked):
        return truth(asked.fillna({"age": 0.0}))

    assert probed(EstimatorTransport(lenient), sample=gappy()).deterministic
    everywhere = gappy().assign(age=np.nan)
    assert probed(EstimatorTransport(lenient), sample=everywhere).deterministic


def test_a_probe_keeps_the_rate_of_its_door():
    pace, clock = rate(rows=100.0)
    start, ledger = clock.now, MemoryLedger()
    probe_through(Door(ScriptedTarget(), ledger, pace), target(), frame(200), CLASSES)
    assert clock.now - start >= (ledger.spent - 512) / 100.0


def test_a_probe_of_a_busy_target_can_be_cancelled():
    pace, clock = rate()
    seen = []

    def checkpoint():
        seen.append(1)
        if len(seen) > 5:
            raise Cancelled("The audit was cancelled.")

    busy = ScriptedTarget(faults=[Busy("busy", retry_after=250.0)])
    with pytest.raises(Cancelled):
        probe_through(Door(busy, MemoryLedger(), pace, checkpoint), target(), frame(9), CLASSES)
    assert sum(clock.waits) < 10


def test_a_refusal_at_the_first_record_costs_one_row():
    asked, ledger = ScriptedTarget(faults=[TargetRefused("The target refuses the credential (401).")]), MemoryLedger()
    with pytest.raises(TargetRefused, match="401"):
        probed(asked, ledger=ledger)
    assert ledger.spent == 1
