"""Reconstructions of one finding as people can judge them: pictures or a table for each class, and how near each came."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.report import numbers
from auditor.report.charts.pictures import Picture, pictures_svg

Document = Mapping[str, Any]
LONGEST = 60


@dataclass(frozen=True)
class RebuiltClass:
    """`svg` with its `alt` where records are images; else `rows`: column, mean or mode of the members, reconstructed, guess."""

    label: str
    svg: str
    alt: str
    rows: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True)
class Rebuilt:
    """`nearness`: class, members, distance of the claim, distance of the guess, which is nearer. `notes`: what is left out."""

    classes: tuple[RebuiltClass, ...]
    nearness: tuple[tuple[str, str, str, str, str], ...]
    is_pictured: bool
    notes: tuple[str, ...]


def rebuilt_of(finding: Document) -> Rebuilt | None:
    """None for a finding without reconstructions."""
    found = finding.get("reconstructions")
    if not found:
        return None
    sides = None if found.get("image_shape") is None else tuple(found["image_shape"])
    classes = tuple(_class(item, sides) for item in found["classes"])
    return Rebuilt(classes, tuple(map(_near, found["classes"])), sides is not None, _notes(found))


def _class(item: Document, sides: tuple[int, ...] | None) -> RebuiltClass:
    label = _cut(item["label"])
    if sides is None:
        rows = tuple(
            (_cut(c["column"]), _shown(c["members"]), _shown(c["reconstructed"]), _shown(c["guess"])) for c in item["columns"]
        )
        return RebuiltClass(label, "", "", rows)
    alt = _alt(item, label)
    named = (("members", ("mean of", "members")), ("reconstructed", ("reconstructed",)), ("guess", ("guess without", "the model")))
    image = item["image"]
    pictures = [Picture(None if image[key] is None else bytes.fromhex(image[key]), words) for key, words in named]
    return RebuiltClass(label, pictures_svg(pictures, sides, alt), alt, ())


def _alt(item: Document, label: str) -> str:
    pictures = f"Class {label}: the mean of {item['members']} members, the reconstruction and the best guess without the model."
    return f"{pictures} {_judged(item)}"


def _judged(item: Document) -> str:
    claim, guess = item["distance"], item["distance_guess"]
    if guess is None:
        return "The guess rests on too few records to be shown."
    if claim == guess:
        return "Both are equally far from that mean."
    return f"The {'reconstruction' if claim < guess else 'guess'} is nearer to that mean."


def _near(item: Document) -> tuple[str, str, str, str, str]:
    claim, guess = item["distance"], item["distance_guess"]
    nearer = numbers.DASH if guess is None else "both" if claim == guess else "reconstruction" if claim < guess else "guess"
    far = numbers.DASH if guess is None else f"{guess:.4f}"
    return _cut(item["label"]), numbers.grouped(item["members"]), f"{claim:.4f}", far, nearer


def _notes(found: Document) -> tuple[str, ...]:
    small, more = found["left_out"]["small"], found["left_out"]["more"]
    notes = []
    if small:
        notes.append(f"{_classes(small)} of fewer than 10 members left out: what is shown of them could be a person.")
    if more:
        notes.append(f"{_classes(more)} more after the first {len(found['classes'])}.")
    return tuple(notes)


def _classes(count: int) -> str:
    return f"{numbers.grouped(count)} {'class' if count == 1 else 'classes'}"


def _shown(value: float | str | None) -> str:
    if value is None:
        return numbers.DASH
    return (
        _cut(value) if isinstance(value, str) else f"{value:.4g}".replace("-", "−") if abs(value) < 1e4 else numbers.grouped(value)
    )


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
