"""Receiving an archive without keeping more of it than is taken."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest


class ArchiveUploadHandler(TemporaryFileUploadHandler):
    """Writes at most IMPORT_MAX_BYTES to disk and reads the rest into nothing; `size` is what was
    sent, so that it can be refused in words."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        self._received += len(raw_data)
        if self._received <= settings.IMPORT_MAX_BYTES:
            super().receive_data_chunk(raw_data, start)


def bound(request: HttpRequest) -> None:
    """Before anything reads the request's POST or FILES."""
    request.upload_handlers = [ArchiveUploadHandler(request)]
