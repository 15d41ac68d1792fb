"""How large a request with a file may be. Every other body has the limit of the application."""

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

MEGABYTE = 1_000_000
FORM_OVERHEAD = 64 * 1024


def allow_upload(limit_megabytes: int) -> None:
    """Lets this request be as large as an upload and the form around it; raises RequestEntityTooLarge before any of it is read."""
    limit = limit_megabytes * MEGABYTE + FORM_OVERHEAD
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge
    request.max_content_length = limit
