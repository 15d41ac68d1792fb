"""A learner is named, never imported by a user: a closed list of names with bounded parameters (see `auditor.learners`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Task(StrEnum):
    CLASSIFICATION = "classification"
    REGRESSION = "regression"


@dataclass(frozen=True)
class Learner:
    name: str
    params: Mapping[str, object] = field(default_factory=dict)
    task: Task = Task.CLASSIFICATION
