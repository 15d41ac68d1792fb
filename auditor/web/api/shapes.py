"""What all shapes of the API have in common: input that is refused in one sentence, output that shows what it names."""

from collections.abc import Sequence
from typing import Annotated, Any, Generic, Self, TypeVar
from urllib.parse import urlencode

from flask import Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from auditor.domain.spec import first_mistake
from auditor.errors import InvalidInput

UPLOADS = ("api.datasets.create", "api.models.create")
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Checked(BaseModel):
    """Input. The first mistake becomes InvalidInput with its field; an unknown key suggests the near one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def model_validate(cls, obj: Any, **kwargs: Any) -> Self:
        try:
            return super().model_validate(obj, **kwargs)
        except ValidationError as error:
            raise _told(error, cls) from None


class Shown(BaseModel):
    """Output, read from the attributes of a domain value; what a shape does not name is not shown."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, value: object) -> Self:
        return cls.model_validate(value)


Item = TypeVar("Item", bound=Shown)


class PageOf(Shown, Generic[Item]):
    """One page of a list, oldest or newest first as the list says."""

    items: list[Item]
    next: str | None = Field(description="the cursor of the next page; null on the last")


class PageQuery(Checked):
    limit: int = Field(50, ge=1, le=200, description="items on a page")
    cursor: str | None = Field(None, max_length=500, pattern="^[!-~]+$", description="`next` of the page before")


def page(items: Sequence[Shown], cursor: str | None, **more: str | int) -> Response:
    """The page with what is said of all its items, and where the next one is as a Link header too."""
    answer = jsonify({"items": [item.model_dump(mode="json") for item in items], "next": cursor, **more})
    if cursor is not None:
        query = urlencode({**request.args, "cursor": cursor})
        answer.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return answer


def nothing() -> Response:
    return Response(status=204)


def check_media_type() -> None:
    """Before every request of the API: a body that says what it is says JSON, except where files are uploaded."""
    if request.mimetype and not request.is_json and request.endpoint not in UPLOADS:
        raise UnsupportedMediaType


def _told(error: ValidationError, model: type[BaseModel]) -> InvalidInput:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if not first["loc"] and first["type"] in ("model_type", "model_attributes_type"):
        return InvalidInput("", "send a JSON object, that is, keys and values in braces")
    return first_mistake(error, model)
