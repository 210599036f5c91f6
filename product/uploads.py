"""Receiving a file without ever keeping more of it than is allowed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes at most UPLOAD_MAX_BYTES of a request to disk, and reads the rest into nothing.

    The upload's `size` is still what was sent, so that it can be refused in words: a connection
    that is cut in the middle of an upload shows no page at all.
    """

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        self._received += len(raw_data)
        if self._received <= settings.UPLOAD_MAX_BYTES:
            super().receive_data_chunk(raw_data, start)


def bound(request: HttpRequest) -> None:
    """Use the bounded handler; call it before anything reads the request's POST or FILES."""
    request.upload_handlers = [BoundedUploadHandler(request)]


def bounded(view: Callable[..., Any]) -> Callable[..., Any]:
    """The same for an operation of the API."""

    @wraps(view)
    def bounding(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        bound(request)
        return view(request, *args, **kwargs)

    return bounding
