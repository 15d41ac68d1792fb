"""`auditor run --estimate`: what it would cost, with nothing kept and nobody asked."""

from collections.abc import Callable
from pathlib import Path

import pytest

SPEC = """
spec: 1
target: {{url: http://127.0.0.1:9/v2/models/m/infer}}
data: {{members: members.csv, non_members: others.csv, auxiliary: more.csv, label: y, sensitive: [b]}}
learner: xgboost
attacks: {attacks}
budget: {budget}
"""
Run = Callable[..., tuple[int, str, str]]


def people(first: int, last: int) -> str:
    return "a,b,y\n" + "".join(f"{i},{'xyz'[i % 3]},{'no' if i % 2 else 'yes'}\n" for i in range(first, last))


@pytest.fixture
def spec(tmp_path: Path) -> Callable[..., Path]:
    for name, first, last in (("members", 0, 60), ("others", 60, 130), ("more", 130, 400)):
        (tmp_path / f"{name}.csv").write_text(people(first, last))

    def write(attacks: str = "[gap, attribute]", budget: str = "{queries: 5000}") -> Path:
        path = tmp_path / "audit.yaml"
        path.write_text(SPEC.format(attacks=attacks, budget=budget))
        return path

    return write


def test_it_tells_the_cost_and_stops(auditor: Run, spec: Callable[..., Path], tmp_path: Path) -> None:
    code, out, err = auditor("run", spec(), "--estimate")
    assert (code, err) == (0, "")
    # The candidates, 3 values of b for each, and the probe.
    assert out.startswith(f"The audit asks the target {130 + 84 + 3 * 50:,} to {130 + 597 + 3 * 130:,} rows, trains 16 shadow")
    assert "was not asked yet" in out
    assert not (tmp_path / "home").exists()


def test_it_names_what_cannot_run_and_the_price(auditor: Run, spec: Callable[..., Path]) -> None:
    _, out, _ = auditor("run", spec("[gap, lira, surrogate]", "{queries: 900, price_per_1000: 100}"), "--estimate")
    assert "costs 21.40 to 72.70" in out.splitlines()[0]
    assert "Cannot run: surrogate. It needs at least 700 queries" in out


@pytest.mark.parametrize(
    ("attacks", "budget", "words"),
    [
        ("[gap]", "{queries: 100}", "takes 130 queries beside the probe; the budget is 100"),
        ("[gapp]", "{queries: 5000}", "did you mean 'gap'"),
        ("[{name: surrogate, params: {queries: 3}}]", "{queries: 5000}", "from 200 to"),
    ],
)
def test_what_could_not_start_is_told_instead(
    auditor: Run, spec: Callable[..., Path], attacks: str, budget: str, words: str
) -> None:
    code, out, err = auditor("run", spec(attacks, budget), "--estimate")
    assert (code, out) == (2, "")
    assert words in err


def test_what_became_of_the_records_is_told_before_what_it_costs(auditor: Run, spec: Callable[..., Path], tmp_path: Path) -> None:
    path = spec()
    (tmp_path / "others.csv").write_text(people(55, 130))
    _, out, _ = auditor("run", path, "--estimate")
    lines = out.splitlines()
    assert lines[0] == "Non-members that stand among the members too: 5, removed."
    assert lines[2] == "Left: 125 records in question and 270 auxiliary."
    assert next(line for line in lines[3:] if not line.startswith("Shadow models")).startswith("The audit asks the target")


def test_an_audit_that_could_not_choose_its_learner_is_refused_before_it_asks(
    auditor: Run, spec: Callable[..., Path], tmp_path: Path
) -> None:
    path = spec()
    (tmp_path / "audit.yaml").write_text(path.read_text().replace(", auxiliary: more.csv", "").replace("learner: xgboost", ""))
    code, _, err = auditor("run", path)
    assert code == 2
    assert "too few to set a third aside" in err.splitlines()[0]
    assert (
        err.splitlines()[-1]
        == "auditor: learner: auto compares learners on auxiliary records; give data.auxiliary or name the learner"
    )


def test_records_that_cannot_be_read_are_told_first(auditor: Run, spec: Callable[..., Path], tmp_path: Path) -> None:
    path = spec()
    (tmp_path / "others.csv").unlink()
    code, _, err = auditor("run", path, "--estimate")
    assert code == 2
    assert "data.non_members" in err
