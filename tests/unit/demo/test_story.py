import pytest

from auditor.__main__ import main
from auditor.demo.story import Plan, spec_of
from auditor.demo.target import LEAKY, SAFE
from auditor.domain.spec import parse
from auditor.settings import load

IDS = {"members": "a", "non_members": "b", "auxiliary": "c"}


@pytest.mark.parametrize("story", [LEAKY, SAFE])
def test_what_is_submitted_is_a_valid_spec(story):
    spec = parse(spec_of(story, "an-id", IDS))
    assert spec.attacks == "standard"
    assert spec.shadow_looks == (16,)
    assert spec.learner.name == story.learner.name


def test_the_leaky_model_is_judged_on_every_family():
    levels = parse(spec_of(LEAKY, "an-id", IDS)).resolved_policy.levels
    assert None not in levels.values()


def test_the_safe_model_is_judged_on_people_and_stealing_is_only_reported():
    policy = parse(spec_of(SAFE, "an-id", IDS)).resolved_policy
    assert policy.level("stealing") is None
    assert policy.level("membership") == policy.level("inversion") == 25


@pytest.mark.parametrize(
    ("name", "report"), [("result.json", "report.html"), ("result-safe.json", "report-safe.html"), ("x.json", "x.html")]
)
def test_the_report_stands_beside_the_result(tmp_path, name, report):
    plan = Plan(load({"AUDITOR_HOME": str(tmp_path)}), False, tmp_path / name)
    assert plan.beside("html") == tmp_path / report


def test_a_port_that_is_taken_is_one_sentence(tmp_path, capsys):
    assert main(["demo", "--home", str(tmp_path), "--port", "70000"]) == 2
    err = capsys.readouterr().err
    assert "port 70000 on 127.0.0.1 cannot be used; choose another with --port" in err
    assert "Traceback" not in err


def test_an_output_folder_that_is_missing_is_told_at_once(tmp_path, capsys):
    assert main(["demo", "--home", str(tmp_path / "home"), "--output", str(tmp_path / "none" / "r.json")]) == 2
    assert "there is no folder" in capsys.readouterr().err
