"""Which columns of the files the model is asked with, and whether every file has all that the spec names. Pure."""

from collections.abc import Mapping, Sequence

from auditor.domain.spec import DataSpec, suggestion
from auditor.errors import InvalidInput
from auditor.workflow.bounds import check_ends


def features_of(spec: DataSpec, columns: Mapping[str, Sequence[str]]) -> list[str]:
    """The feature columns in order, from the column names of each file; every file must have them and the label."""
    columns = {name: present for name, present in columns.items() if name != "key"}
    first = "canaries" if "canaries" in columns else "members"
    members = list(columns[first])
    if spec.label not in members:
        raise InvalidInput("data.label", f"{first} has no column {spec.label!r}{suggestion(spec.label, members)}")
    features = (
        list(spec.features)
        if spec.features is not None
        else [c for c in members if c not in {spec.label, spec.group, *spec.exclude}]
    )
    if not features:
        raise InvalidInput("data.features", "no feature column is left; name at least one column that the model is asked with")
    for name, present in columns.items():
        for column in [*features, spec.label]:
            if column not in present:
                near = suggestion(column, present)
                raise InvalidInput(f"data.{name}", f"column {column!r} is missing from this file{near}")
        if spec.features is None:
            _refuse_unnamed(spec, features, name, present, first)
        if name not in ("auxiliary", "training"):
            _check_subgroups(spec, name, present)
            if spec.group is not None and spec.group not in present:
                raise InvalidInput("data.group", f"column {spec.group!r} is missing from {name}{suggestion(spec.group, present)}")
    _check_named(spec, features)
    check_ends(spec, features)
    _check_excluded(spec, columns)
    return features


def _check_excluded(spec: DataSpec, columns: Mapping[str, Sequence[str]]) -> None:
    """A misspelled name would let the very column be sent that must not be."""
    known = list(dict.fromkeys(column for present in columns.values() for column in present))
    unknown = next((column for column in spec.exclude if column not in known), None)
    if unknown is not None:
        raise InvalidInput("data.exclude", f"no file has a column {unknown!r}{suggestion(unknown, known)}")


def _check_subgroups(spec: DataSpec, name: str, present: Sequence[str]) -> None:
    """A column to be reported apart need not be sent to the target, but every record in question must have it."""
    lacking = next((c for c in spec.subgroups if c not in present), None)
    if lacking is not None:
        raise InvalidInput("data.subgroups", f"column {lacking!r} is missing from {name}{suggestion(lacking, present)}")


def _refuse_unnamed(spec: DataSpec, features: list[str], name: str, present: Sequence[str], first: str) -> None:
    """Columns that only some files have: where the features are not listed, nobody knows whether the model takes them."""
    extra = next((c for c in present if c not in {*features, spec.label, spec.group, *spec.exclude}), None)
    if extra is not None:
        raise InvalidInput(
            f"data.{first}", f"column {extra!r} of {name} is missing from this file; add it here, or name it under data.exclude"
        )


def _check_named(spec: DataSpec, features: list[str]) -> None:
    for column in spec.types:
        if column not in {*features, *spec.subgroups, spec.label}:
            raise InvalidInput(f"data.types.{column}", f"there is no feature {column!r}{suggestion(column, features)}")
    names = [sensitive.name for sensitive in spec.sensitive]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidInput("data.sensitive", f"{twice!r} is named twice; name each attribute once")
    for sensitive in spec.sensitive:
        for column in sensitive.columns:
            if column not in features:
                raise InvalidInput(
                    "data.sensitive",
                    f"{column!r} is not a feature that the target is asked with, so that its answers cannot depend on it"
                    f"{suggestion(column, features)}",
                )
