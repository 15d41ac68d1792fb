"""A profile as JSON and back: step results are JSON."""

from dataclasses import asdict
from typing import Any

from auditor.domain.target import Output, Profile


def to_json(profile: Profile) -> dict[str, Any]:
    return {**asdict(profile), "output": str(profile.output), "classes": list(profile.classes), "notes": list(profile.notes)}


def from_json(document: dict[str, Any]) -> Profile:
    return Profile(
        **{
            **document,
            "output": Output(document["output"]),
            "classes": tuple(document["classes"]),
            "notes": tuple(document["notes"]),
        }
    )
