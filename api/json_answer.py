"""Answers as JSON: all but pages, the OpenAPI document, exports, metrics and the stream."""

from typing import Any

from fastapi import Response

from api.query.encoding import encode


class JsonAnswer(Response):
    """An answer, which may have exact numbers."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return encode(content)
