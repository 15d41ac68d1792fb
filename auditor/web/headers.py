"""Headers that every answer carries, whoever made it."""

from flask import Response, request

from auditor.web.origin import comes_by_https

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
        "form-action 'self'",
    )
)

SECURITY = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

YEAR = 31_536_000


def secure(response: Response) -> Response:
    """Findings say who was in the training data: no cache may keep them, no other site may frame or read them."""
    response.headers.update(SECURITY)
    if comes_by_https():
        response.headers["Strict-Transport-Security"] = f"max-age={YEAR}"
    if not (request.endpoint or "").endswith("static"):
        response.headers["Cache-Control"] = "no-store"
    return response
