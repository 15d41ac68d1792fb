"""docs/learners.md says of every learner what may be set on it, with the defaults that are used."""

import re
from pathlib import Path

import pytest

from auditor.domain.learner import Task
from auditor.learners import LEARNERS
from auditor.learners.parameters import BOUNDS

PAGE = (Path(__file__).parents[3] / "docs" / "learners.md").read_text(encoding="utf-8")
SECTIONS = dict(zip(*[iter(re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:])] * 2, strict=True))
ROW = re.compile(r"^\| `(\w+)`(?: \((classes|values)\))? \| (.+?) \| (.+) \|$", re.MULTILINE)
FOR = {Task.CLASSIFICATION: "classes", Task.REGRESSION: "values"}


def shown(default: object) -> str:
    if default is None or isinstance(default, bool):
        return {None: "null", True: "true", False: "false"}[default]
    return f"{default:g}" if isinstance(default, float) else str(list(default) if isinstance(default, tuple) else default)


def test_there_is_a_section_for_every_learner_and_no_other() -> None:
    assert set(SECTIONS) == set(LEARNERS)


@pytest.mark.parametrize(("task", "name"), [(task, name) for task in Task for name in BOUNDS[task]])
def test_every_parameter_stands_there_with_its_default(task: Task, name: str) -> None:
    said = {key: default for key, kind, default, _ in ROW.findall(SECTIONS[name]) if kind in ("", FOR[task])}
    for key, (_, default) in BOUNDS[task][name].items():
        assert said[key] == shown(default), f"{name}.{key}"


@pytest.mark.parametrize("name", LEARNERS)
def test_no_parameter_stands_there_that_cannot_be_set(name: str) -> None:
    known = {key for task in Task for key in BOUNDS[task].get(name, {})}
    assert {key for key, *_ in ROW.findall(SECTIONS[name])} == known
