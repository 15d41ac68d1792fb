"""What `make validate` says of models trained with differential privacy, and what it trains them on."""

import numpy as np
import pytest

from benchmarks.dp import page, recorded, records


@pytest.mark.parametrize(
    ("privacy", "expected"),
    [(None, "pass"), ({"verdict": None}, "pass"), ({"verdict": "not refuted"}, "pass; not refuted")],
)
def test_an_audit_is_told_by_its_outcome_and_the_answer_to_the_claim(privacy: dict | None, expected: str) -> None:
    audit = page.Audit("logistic", "1", {"audit": {"outcome": "pass"}, "privacy": privacy})
    assert audit.verdict == expected


def test_every_column_of_the_table_has_a_heading() -> None:
    heading, rule = page.HEAD.splitlines()
    assert heading.count("|") == rule.count("|") == len(page.HEADINGS) + 1
    assert all(f"`{attack}`" in heading for attack in page.ATTACKS)


def test_the_page_has_a_place_for_every_library() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    for library in recorded.KINDS:
        assert text.count(f"<!-- {library} -->\n") == text.count(f"<!-- end of {library} -->\n") == 1


def test_records_are_bits_of_13_attributes_in_a_fair_order() -> None:
    data = records.load()
    bits = data.candidates.features.to_numpy()
    assert set(np.unique(bits)) == {0, 1}
    assert (bits.sum(axis=1) == 13).all()
    assert len(data.candidates.features) == 2 * data.is_member.sum() == 2 * records.SIDE
    assert 0.3 < data.is_member[: records.SIDE].mean() < 0.7
    assert len(data.candidates.features.assign(y=data.candidates.labels).drop_duplicates()) > 1.9 * records.SIDE
