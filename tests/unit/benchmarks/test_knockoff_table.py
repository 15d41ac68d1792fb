"""The table beside another tool says where limits do not touch, and by how much fewer answers are wrong."""

from benchmarks.knockoff import THEIRS, table


def cell(value: float, low: float, high: float, cpu: float) -> dict[str, object]:
    return {"fidelity": [value, low, high], "cpu": cpu}


def test_a_line_for_each_of_our_attacks() -> None:
    budget = {THEIRS: cell(0.90, 0.89, 0.91, 2.0), "near": cell(0.91, 0.90, 0.92, 1.0), "far": cell(0.95, 0.94, 0.96, 5.0)}
    lines = table([{"target": "forest", "budgets": {"2000": budget}}]).splitlines()[2:]
    assert lines == [
        "| forest | 2,000 | 0.900 (0.890 to 0.910) | near | 0.910 (0.900 to 0.920) | no | 0.90 | 1.0 | 0.5 |",
        "| forest | 2,000 | 0.900 (0.890 to 0.910) | far | 0.950 (0.940 to 0.960) | yes | 0.50 | 5.0 | 2.5 |",
    ]
