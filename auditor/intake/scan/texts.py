"""Formats of models that are text or numbers throughout: XGBoost, LightGBM, PMML. Nothing in them can run."""

import json
import re

from auditor.intake.scan.part import Part, Reading
from auditor.intake.scan.sighting import Kind

UBJSON = re.compile(rb"\{(?:[iUIlL])")


def read(part: Part) -> Reading | None:
    """None if it is none of them."""
    head = bytes(part.data[:4096])
    if UBJSON.match(head) and b"learner" in head:
        return Reading("XGBoost UBJSON")
    if head.lstrip().startswith(b"{"):
        return _json(part)
    if head.startswith((b"tree\n", b"tree\r\n")) and b"version=" in head:
        return Reading("LightGBM text")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and b"<PMML" in head:
        return _pmml(part)
    return None


def _json(part: Part) -> Reading | None:
    try:
        document = json.loads(part.data[:])
    except (ValueError, RecursionError):
        return None
    if isinstance(document, dict) and {"learner", "version"} <= document.keys():
        return Reading("XGBoost JSON")
    return None


def _pmml(part: Part) -> Reading:
    """Entities let an XML file read other files and grow without bound in a careless reader."""
    declares = re.search(rb"<!(DOCTYPE|ENTITY)", part.data[:])
    return Reading(
        "PMML",
        sightings=[part.saw(Kind.IRREGULAR, "it declares a document type or entities, which PMML has no use for")]
        if declares
        else [],
    )
