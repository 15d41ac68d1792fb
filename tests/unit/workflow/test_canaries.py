"""Canaries: distinct records, fair coins, and a key that fits no other file than its own."""

from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from test_prepare import data_spec, people

from auditor.domain.data import AuditData
from auditor.errors import InvalidInput
from auditor.intake import Table
from auditor.workflow.canaries import FEWEST, Drawn, Wish, digests, draw, sides
from auditor.workflow.prepare import COIN_FLIPS, KNOWS_THE_REST, NOT_CHOSEN, prepare
from auditor.workflow.raw_table import RawTable


def table(frame: pd.DataFrame) -> Table:
    return Table(frame.astype(object), dict.fromkeys(frame.columns, "string"))


def drawn(frame: pd.DataFrame | None = None, seed: int = 1, **wish: Any) -> Drawn:
    wanted = {"label": "label", "count": 300, "kind": "wrong-label", **wish}
    return draw(table(people(500, 1) if frame is None else frame), Wish(**wanted), Random(seed))


def files(made: Drawn, **more: pd.DataFrame) -> dict[str, RawTable]:
    """What an audit is given: the canaries, their key, and maybe more."""
    cells = {"canaries": made.cells, "key": made.key.as_table().cells, **more}
    return {name: RawTable(frame, {}) for name, frame in cells.items()}


def prepared(tables: dict[str, RawTable], **changes: Any) -> AuditData:
    spec = data_spec(**changes).model_copy(update={"members": None, "non_members": None, "canaries": "c", "key": "k"})
    return prepare(spec, tables, (), seed=7)


class TestDrawing:
    def test_canaries_are_distinct_records_of_the_file_but_for_their_label(self) -> None:
        frame = people(500, 1)
        made = drawn(frame)
        assert len(made.cells.drop_duplicates()) == 300
        assert set(made.cells["id"]) <= set(frame["id"])
        own = dict(zip(frame["id"], frame["label"], strict=True))
        assert all(label != own[name] for name, label in zip(made.cells["id"], made.cells["label"], strict=True))

    def test_hold_out_canaries_keep_their_label(self) -> None:
        frame = people(500, 1)
        made = drawn(frame, kind="holdout")
        assert len(made.cells.merge(frame)) == 300

    def test_a_wrong_label_is_drawn_evenly_from_the_others(self) -> None:
        frame = people(3_000, 1).assign(label=["a", "b", "c"] * 1_000)
        made = drawn(frame, count=3_000)
        own = dict(zip(frame["id"], frame["label"], strict=True))
        moves = Counter((own[i], label) for i, label in zip(made.cells["id"], made.cells["label"], strict=True))
        assert len(moves) == 6
        assert max(abs(n - 500) for n in moves.values()) < 80  # 5 standard errors

    def test_a_record_that_really_exists_is_no_canary(self) -> None:
        """Two people alike with both labels: neither label would be wrong."""
        frame = people(300, 1)
        both = pd.concat([frame.assign(label="yes"), frame.head(50).assign(label="no")], ignore_index=True)
        made = drawn(both, count=250)
        assert not set(made.cells["id"]) & set(frame["id"].head(50))

    def test_a_record_that_stands_twice_is_drawn_once(self) -> None:
        frame = people(300, 1)
        made = drawn(pd.concat([frame, frame], ignore_index=True), count=300)
        assert made.cells["id"].is_unique

    def test_coins_are_fair_and_independent_of_each_other(self) -> None:
        flips = np.array([[f.included for f in drawn(count=200, seed=s).key.canaries] for s in range(40)], dtype=float)
        assert abs(flips.mean() - 0.5) < 5 * 0.5 / np.sqrt(flips.size)
        together = np.corrcoef(flips[:, :-1].ravel(), flips[:, 1:].ravel())[0, 1]
        assert abs(together) < 5 / np.sqrt(flips.size)

    def test_coins_say_nothing_about_the_record(self) -> None:
        made = drawn(people(2_000, 1), count=2_000)
        age = made.cells["age"].astype(float).to_numpy()
        included = np.array([f.included for f in made.key.canaries])
        assert abs(age[included].mean() - age[~included].mean()) < 5 * age.std() * 2 / np.sqrt(len(age))

    def test_what_is_to_be_included_is_what_the_coins_chose(self) -> None:
        made = drawn()
        assert len(made.included) == sum(f.included for f in made.key.canaries)
        assert len(made.included.merge(made.cells)) == len(made.included)

    def test_without_the_salt_nobody_can_tell_whose_digest_it_is(self) -> None:
        made = drawn()
        assert digests(made.cells, made.key.salt) == [f.digest for f in made.key.canaries]
        assert not set(digests(made.cells, "00" * 32)) & {f.digest for f in made.key.canaries}

    @pytest.mark.parametrize(
        ("wish", "field", "said"),
        [
            ({"label": "lable"}, "--label", "did you mean 'label'?"),
            ({"count": FEWEST - 1}, "--count", "from 200 to 100,000"),
            ({"count": 600}, "--count", "only 500 distinct records"),
            ({"kind": "outlier"}, "--kind", "choose wrong-label or holdout"),
        ],
    )
    def test_a_mistake_names_what_to_change(self, wish: dict[str, Any], field: str, said: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            drawn(**wish)
        assert caught.value.field == field
        assert said in caught.value.sentence

    def test_with_one_label_no_label_is_wrong(self) -> None:
        with pytest.raises(InvalidInput, match="use --kind holdout"):
            drawn(people(500, 1).assign(label="yes"))


class TestSides:
    def test_the_coins_tell_members_from_non_members(self) -> None:
        made = drawn()
        data = prepared(files(made))
        inside = set(data.candidates.features["id"][data.is_member])
        assert inside == set(made.included["id"])
        assert len(data.candidates) == 300

    def test_a_canary_audit_says_so(self) -> None:
        assert prepared(files(drawn())).notes == (COIN_FLIPS,)

    def test_canaries_are_never_set_aside_as_auxiliary_records(self) -> None:
        """A third of the non-members gone, and a canary in question was more likely trained on than not."""
        made = drawn(people(6_000, 1), count=6_000)
        data = prepared(files(made))
        assert len(data.candidates) == 6_000
        assert len(data.auxiliary) == 0

    def test_auxiliary_records_may_be_given(self) -> None:
        assert len(prepared(files(drawn(), auxiliary=people(80, 3))).auxiliary) == 80

    def test_the_order_of_columns_plays_no_part(self) -> None:
        made = drawn()
        turned = Drawn(made.cells[list(reversed(made.cells.columns))], made.key)
        assert len(prepared(files(turned)).candidates) == 300

    def test_canaries_that_cannot_be_told_apart_are_left_out_whatever_their_coin(self) -> None:
        """Without the id these records are the same for the target; keeping the included one of two would load the coins."""
        frame = people(400, 1)
        frame.loc[300:, ["age", "zip", "sex", "label"]] = frame.loc[:99, ["age", "zip", "sex", "label"]].to_numpy()
        alike = frame.drop(columns="id").duplicated(keep=False).sum()
        data = prepared(files(drawn(frame, count=400, kind="holdout")), exclude=["id"])
        assert data.removed == {"duplicate_canaries": alike}
        assert len(data.candidates) == 400 - alike

    def test_twins_are_removed_on_both_sides_alike(self) -> None:
        frame = people(2_000, 1)
        frame.loc[1_000:, ["age", "zip", "sex", "label"]] = frame.loc[:999, ["age", "zip", "sex", "label"]].to_numpy()
        frame.loc[500:999, "zip"] = "unlike"
        made = drawn(frame, count=2_000, kind="holdout")
        data = prepared(files(made), exclude=["id"])
        included = sum(f.included for f in made.key.canaries)
        expected = included - included / 2_000 * data.removed["duplicate_canaries"]
        assert abs(int(data.is_member.sum()) - expected) < 5 * np.sqrt(2_000) / 2

    def test_a_missing_cell_is_the_same_in_csv_and_parquet(self) -> None:
        frame = people(300, 1).assign(sex="")
        made = drawn(frame)
        made.cells["sex"] = None
        assert len(prepared(files(made)).candidates) == 300


class TestMisaligned:
    def refusal(self, cells: pd.DataFrame, made: Drawn) -> str:
        with pytest.raises(InvalidInput) as caught:
            prepared(files(Drawn(cells, made.key)))
        assert caught.value.field == "data.canaries"
        assert "misaligned" in caught.value.sentence
        return caught.value.sentence

    def test_a_canary_too_few(self) -> None:
        made = drawn()
        assert "was made for 300 canaries and the file has 299" in self.refusal(made.cells.iloc[1:], made)

    def test_another_order(self) -> None:
        made = drawn()
        assert "another order" in self.refusal(made.cells.iloc[::-1].reset_index(drop=True), made)

    def test_another_record_is_named(self) -> None:
        made = drawn()
        cells = made.cells.copy()
        cells.loc[16, "age"] = "17"
        assert "record 17 is not the canary that coin 17 was flipped for (1 such" in self.refusal(cells, made)

    def test_the_key_of_other_canaries(self) -> None:
        assert "record 1 is not" in self.refusal(drawn(seed=2).cells, drawn(seed=3))

    def test_a_column_more(self) -> None:
        made = drawn()
        assert "record 1 is not" in self.refusal(made.cells.assign(more="1"), made)

    def test_a_file_that_is_no_key(self) -> None:
        with pytest.raises(InvalidInput, match="not the key of canaries") as caught:
            sides({"canaries": RawTable(people(300, 1), {}), "key": RawTable(people(300, 2), {})})
        assert caught.value.field == "data.key"


class TestTheRestOfTheTrainingData:
    def test_it_stands_beside_the_candidates_and_is_told(self) -> None:
        data = prepared(files(drawn(), training=people(400, 9)))
        assert data.training is not None
        assert len(data.training) == 400
        assert data.notes == (COIN_FLIPS, KNOWS_THE_REST.format(n=400))

    def test_canaries_in_it_are_taken_out(self) -> None:
        """A team may hand over all that it trained on."""
        made = drawn()
        whole = pd.concat([people(400, 9), made.included], ignore_index=True)
        data = prepared(files(made, training=whole))
        assert data.training is not None
        assert len(data.training) == 400
        assert data.removed == {"training_also_candidates": len(made.included)}

    def test_what_was_trained_on_twice_counts_twice(self) -> None:
        data = prepared(files(drawn(), training=pd.concat([people(400, 9)] * 2, ignore_index=True)))
        assert data.training is not None
        assert len(data.training) == 800

    def test_other_training_data_make_other_shadows_of_the_same_records(self) -> None:
        one, other = (prepared(files(drawn(), training=people(400, seed))) for seed in (9, 10))
        assert one.digest == other.digest
        assert one.training_digest != other.training_digest

    def test_without_it_there_is_none(self) -> None:
        data = prepared(files(drawn()))
        assert (data.training, data.training_digest) == (None, "")

    def test_members_and_non_members_may_have_it_too(self) -> None:
        frames = {"members": people(120, 1), "non_members": people(130, 2), "training": people(400, 9)}
        data = prepare(data_spec(), {name: RawTable(frame, {}) for name, frame in frames.items()}, (), seed=7)
        assert data.training is not None
        assert len(data.candidates) == 250

    def test_a_column_that_it_lacks_is_named(self) -> None:
        with pytest.raises(InvalidInput, match="column 'zip' is missing") as caught:
            prepared(files(drawn(), training=people(400, 9).drop(columns="zip")))
        assert caught.value.field == "data.training"

    def test_canaries_that_were_trained_on_against_their_coin_are_told_and_stay(self) -> None:
        """A team that trains on all canaries would get a bound of 0, and nobody would know why."""
        made = drawn()
        excluded = made.cells[[not f.included for f in made.key.canaries]]
        data = prepared(files(made, training=pd.concat([people(400, 9), excluded.head(20)], ignore_index=True)))
        assert NOT_CHOSEN.format(n=20) in data.notes
        assert len(data.candidates) == 300

    def test_non_members_that_were_trained_on_are_none(self) -> None:
        others = people(130, 2)
        whole = pd.concat([people(400, 9), others.head(6)], ignore_index=True)
        frames = {"members": people(120, 1), "non_members": others, "training": whole}
        data = prepare(data_spec(), {name: RawTable(frame, {}) for name, frame in frames.items()}, (), seed=7)
        assert data.removed == {"non_members_also_training": 6}
        assert (~data.is_member).sum() == 124
