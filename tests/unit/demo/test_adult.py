import gzip
import hashlib
from importlib.resources import files

import pandas as pd
import pytest

from auditor.demo import adult
from auditor.domain.data import ColumnType

DATA = files("auditor.demo") / "data"


@pytest.fixture(scope="module")
def frame():
    return adult.load()


@pytest.fixture(scope="module")
def parts(frame):
    return adult.split(frame, seed=7)


def test_the_file_is_the_one_that_was_described():
    digest = hashlib.sha256((DATA / "adult.csv.gz").read_bytes()).hexdigest()
    assert digest == "518eab2175cbc2b9f4a794c37a95fca63ee48c24e7212dc70a1e30f951a1e616"


def test_the_file_is_small_and_does_not_carry_the_time_it_was_made():
    raw = (DATA / "adult.csv.gz").read_bytes()
    assert len(raw) < 600_000
    assert raw[4:8] == b"\0\0\0\0"
    assert gzip.decompress(raw).count(b"\n") == 48_843


def test_its_licence_and_source_are_named():
    text = (DATA / "LICENSE.md").read_text()
    for part in ("CC BY 4.0", "Becker, B. and Kohavi, R. (1996)", "UCI Machine Learning Repository", "fnlwgt"):
        assert part in text


def test_it_has_the_published_counts(frame):
    assert len(frame) == 48_842
    assert (frame[adult.LABEL] == ">50K").sum() == 11_687
    assert (frame != "?").all(axis=1).sum() == 45_222


def test_the_sampling_weight_is_not_in_it(frame):
    assert "fnlwgt" not in frame.columns


def test_numbers_are_integers_and_the_rest_is_text(frame):
    assert all(frame[name].dtype == "int64" for name in adult.INTEGERS)
    assert all(frame[name].dtype == object for name in frame.columns if name not in adult.INTEGERS)


def test_the_parts_have_their_sizes(parts):
    assert [len(parts.members), len(parts.non_members), len(parts.auxiliary)] == [5_000, 6_000, 10_000]


def test_no_record_stands_in_two_parts_or_twice_in_one(parts):
    together = pd.concat([parts.members, parts.non_members, parts.auxiliary])
    assert not together.duplicated().any()


def test_the_same_seed_cuts_the_same_way(frame, parts):
    pd.testing.assert_frame_equal(adult.split(frame, seed=7).members, parts.members)
    assert not adult.split(frame, seed=8).members.equals(parts.members)


def test_each_part_looks_like_the_whole(frame, parts):
    whole = (frame.drop_duplicates()[adult.LABEL] == ">50K").mean()
    for part in (parts.members, parts.non_members, parts.auxiliary):
        assert abs((part[adult.LABEL] == ">50K").mean() - whole) < 0.02


def test_columns_are_the_features_in_the_order_of_the_file(frame):
    columns = adult.columns()
    assert [column.name for column in columns] == [name for name in frame.columns if name != adult.LABEL]
    assert {column.name for column in columns if column.type is ColumnType.INTEGER} == set(adult.INTEGERS)


def test_labels_are_indices_of_the_classes(parts):
    labels = adult.labels(parts.members)
    assert [adult.CLASSES[label] for label in labels[:50]] == parts.members[adult.LABEL].tolist()[:50]


def test_what_is_written_for_the_target_is_read_back_equal(parts, tmp_path):
    path = tmp_path / "members.csv"
    parts.members.to_csv(path, index=False)
    pd.testing.assert_frame_equal(adult.read(path), parts.members)
