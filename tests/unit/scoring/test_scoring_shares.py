import pytest

from auditor.scoring.shares import percent


@pytest.mark.parametrize(
    ("share", "digits", "text"), [(0.537, 1, "53.7 %"), (0.1, 0, "10 %"), (0.00125, 2, "0.12 %"), (None, 1, "0.0 %")]
)
def test_a_share_is_written_with_a_space_before_the_sign(share: float | None, digits: int, text: str) -> None:
    assert percent(share, digits) == text
