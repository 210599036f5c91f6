"""The bucket that machines share: can it be used, does it keep what it promises, is it private?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from plg_site.configuration.storages import Bucket
from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Bucket"
_PATIENCE = 5.0  # seconds
_SKEWED = 60.0  # seconds; Amazon refuses what was signed 15 minutes off ("RequestTimeTooSkewed")
_RIGHTS = "Give the key s3:GetObject, s3:PutObject and s3:DeleteObject below the prefix, and s3:ListBucket."


def look() -> Iterator[Finding]:
    shared = settings.STORAGE
    if shared is None:
        yield from _without()
        return
    content, name = uuid4().bytes, f"doctor-{uuid4().hex}"
    storage: Any = storages["releases"]
    try:
        yield from _use(shared, storage, name, content)
    except OSError as error:
        yield problem(f"{shared.name} cannot be used: {error}", _RIGHTS)
        return
    finally:
        _forget(storage, name)
    yield from _way(shared)


def _use(shared: Bucket, storage: Any, name: str, content: bytes) -> Iterator[Finding]:
    storage.save(name, ContentFile(content))
    with storage.open(name) as file:
        if file.read() != content:
            yield problem("what is read is not what was written", "Look at what stands in between.")
    if name not in storage.listdir("")[1]:
        yield problem("what was written is not listed", _RIGHTS)
    try:
        storage.save(name, ContentFile(b"again"))
    except FileExistsError:
        pass
    else:
        yield problem(
            "a name was written twice: the service does not know If-None-Match",
            "Use one that knows conditional writes; releases and spools rely on them.",
        )
    yield from _asked_by_anybody(shared, storage, name)
    storage.delete(name)
    if storage.exists(name):
        yield problem("what was deleted is still there", _RIGHTS)
    else:
        yield fine(f"{shared.name} can be written, read, listed and deleted")


def _asked_by_anybody(shared: Bucket, storage: Any, name: str) -> Iterator[Finding]:
    """Without a signature, as a stranger who has guessed the name; and what the answer says of time."""
    signed = storage.url(name)
    before = time.time()
    try:
        answer = httpx.get(signed.partition("?")[0], timeout=_PATIENCE)
    except httpx.HTTPError as error:
        yield warning(
            f"nobody could be asked whether it is public ({error})", "Look at the network."
        )
        return
    if answer.is_success:
        yield problem(
            f"{shared.name} is public: an object was given without a signature",
            "Block all public access to the bucket, and take its public policy and ACLs away.",
        )
    else:
        yield fine("nobody gets an object without a signature", status=answer.status_code)
    if "Date" in answer.headers:
        apart = abs(parsedate_to_datetime(answer.headers["Date"]).timestamp() - before)
        if apart > _SKEWED:
            yield problem(
                f"the bucket's clock and this machine's are {apart:,.0f} s apart",
                "Let chrony or systemd-timesyncd set the clock; signatures are refused otherwise.",
                seconds=round(apart),
            )


def _way(shared: Bucket) -> Iterator[Finding]:
    endpoint = urlsplit(shared.endpoint)
    if endpoint.scheme == "http" and not _is_here(endpoint.hostname or ""):
        yield warning(
            f"files travel to {endpoint.hostname} without TLS", "Use an endpoint with https://."
        )


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _forget(storage: Any, name: str) -> None:
    try:
        storage.delete(name)
    except OSError:
        return  # it was said above


def _without() -> Iterator[Finding]:
    """Folders do for one machine, or for several that really share a disk."""
    from plg_site.operating import machines

    others = machines.with_another_disk()
    if not others:
        yield fine("none: files lie in STATE_DIR, which does for one machine")
        return
    yield problem(
        f"none, and {', '.join(others)} started in the last week, with a disk of its own: what one"
        " machine publishes or stores, another does not have",
        "Set STORAGE_URL on all machines, or let them share STATE_DIR.",
        machines=others,
    )
