"""The closed list of learners: a name and its parameters are checked before anything is trained."""

import functools
from importlib.util import find_spec

from auditor.domain.learner import Learner, Task
from auditor.domain.spec import suggestion
from auditor.errors import InvalidInput
from auditor.learners.bounds import Bound
from auditor.learners.parameters import BOUNDS

LEARNERS: tuple[str, ...] = tuple(dict.fromkeys(name for task in Task for name in BOUNDS[task]))

# What `learner: auto` compares.
USUAL: dict[Task, tuple[str, ...]] = {
    Task.CLASSIFICATION: ("xgboost", "random-forest", "logistic-regression", "mlp"),
    Task.REGRESSION: ("xgboost", "random-forest", "linear-regression", "mlp"),
}

# Learners that come with a package of their own, which an installation may lack.
OPTIONAL = {"lightgbm": "lightgbm"}

ANSWERS = {Task.CLASSIFICATION: "classes", Task.REGRESSION: "numbers"}


def check(learner: Learner) -> Learner:
    """The learner with every default filled in; raises InvalidInput naming the field, with the nearest known name."""
    known = BOUNDS[learner.task]
    if learner.name not in known:
        raise InvalidInput("learner.name", _no_such_learner(learner))
    if not _is_installed(learner.name):
        raise InvalidInput(
            "learner.name",
            f"{learner.name} is not installed here; `pip install {OPTIONAL[learner.name]}`, or choose another learner",
        )
    bounds = known[learner.name]
    for key in learner.params:
        if key not in bounds:
            raise InvalidInput(f"learner.params.{key}", f"{learner.name} has no parameter {key!r}{suggestion(key, bounds)}")
    given = {key: _read(key, bounds[key][0], value) for key, value in learner.params.items()}
    return Learner(learner.name, {key: given.get(key, default) for key, (_, default) in bounds.items()}, learner.task)


def installed(task: Task) -> tuple[str, ...]:
    """The learners of this task that can be trained here."""
    return tuple(filter(_is_installed, BOUNDS[task]))


@functools.cache
def _is_installed(name: str) -> bool:
    return name not in OPTIONAL or find_spec(OPTIONAL[name]) is not None


def _no_such_learner(learner: Learner) -> str:
    if learner.name not in LEARNERS:
        return f"there is no learner {learner.name!r}{suggestion(learner.name, BOUNDS[learner.task])}"
    other = next(task for task in Task if learner.name in BOUNDS[task])
    fitting = ", ".join(BOUNDS[learner.task])
    return f"{learner.name} learns {ANSWERS[other]}, but this target answers {ANSWERS[learner.task]}; choose one of {fitting}"


def _read(key: str, bound: Bound, value: object) -> object:
    try:
        return bound.read(value)
    except ValueError as error:
        raise InvalidInput(f"learner.params.{key}", f"set {key} to {error}, not {value!r}") from None
