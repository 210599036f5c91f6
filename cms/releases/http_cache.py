"""PURGE over HTTP, as Varnish takes it with the rules of deploy/varnish, and others with theirs.

Beside Wagtail's backend of this kind: several caches, a time limit, and a failure that is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
from wagtail.contrib.frontend_cache.backends import BaseBackend

_SECONDS = 5.0


class HTTPCache(BaseBackend):
    """`LOCATIONS` are where the caches answer ("http://10.0.0.5:6081"); each gets every address."""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._locations: list[str] = params["LOCATIONS"]

    def purge(self, url: str) -> None:
        self.purge_batch([url])

    def purge_batch(self, urls: Sequence[str]) -> None:
        """Raises httpx.HTTPError of the last cache that did not take it; the others have."""
        failed: httpx.HTTPError | None = None
        with httpx.Client(timeout=_SECONDS, trust_env=False) as client:
            for location in self._locations:
                try:
                    for url in urls:
                        _purge(client, location, url)
                except httpx.HTTPError as error:
                    failed = error
        if failed:
            raise failed


def _purge(client: httpx.Client, location: str, url: str) -> None:
    parts = urlsplit(url)
    place = location.rstrip("/") + parts.path
    client.request("PURGE", place, headers={"Host": parts.netloc}).raise_for_status()
