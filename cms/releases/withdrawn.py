"""What has left the site since the release was built, so that a removal never waits for a build.

A mark is a small file beside the releases, named after an address. A marked address is asked of
Wagtail again, which knows what is public; so a mark that was set too early, or for a change that was
rolled back, is never wrong. It names the build request of its change, and goes with the release that
answered this request.

    <SITE_RELEASES_DIR>/withdrawn/<SHA-256 of the path>    {"path": ..., "wish": 42, "gone": true}

Where machines share a bucket, the build request itself names them as well (BuildRequest.left), and the
others set the same marks within seconds of the commit (following.py).
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db import transaction

from cms.build_models import BuildRequest
from cms.releases import purging, shared, shelf

_FORGET_AFTER = 24 * 60 * 60  # seconds: by then a change was committed, or never will be
_ENDS = rb"""["'<?#, ]"""


def is_gone(path: str) -> bool:
    """Whether the release's copy must not be shown any more: the page was taken away."""
    return _read(path).get("gone", False) is True


def is_marked(path: str) -> bool:
    """Whether the page should be asked for anew; its copy still serves when that fails."""
    return _file(path).exists()


def pages(ids: Iterable[int], *, wish: int) -> None:
    """Take the pages with these ids away, at every address that the current release has for them.

    What mentions them (menus, lists, sitemap, feed) is asked for anew until the next release.
    """
    release, wanted = shelf.current(), set(ids)
    if release is None:
        return
    paths = [path for path, entry in release.entries.items() if entry.page in wanted]
    for path in paths:
        _mark(path, wish=wish, gone=True)
    transaction.on_commit(lambda: purging.soon(paths), robust=True)
    _for_others(wish, paths=dict.fromkeys(paths, True))
    # Every page leads to the home page: a link to it says nothing.
    mentions_of([f"/{path}" for path in paths if path], wish=wish)


def mentions_of(addresses: Iterable[str], *, wish: int) -> None:
    """Ask anew for everything in the current release that has one of these addresses in it."""
    release = shelf.current()
    words = [re.escape(address.encode()) for address in addresses]
    if release is None or not words:
        return
    mention = re.compile(b"(?:" + b"|".join(words) + b")" + _ENDS)
    marked = {}
    for path, entry in release.entries.items():
        with suppress(OSError):
            content, _ = release.read(entry)
            if mention.search(content) and not is_gone(path):
                _mark(path, wish=wish, gone=False)
                marked[path] = False
    transaction.on_commit(lambda: purging.soon(marked), robust=True)
    _for_others(wish, paths=marked)


def pictures(names: Iterable[str], *, wish: int) -> None:
    """Editors deleted these; every machine takes them out of its releases (shelf.forget_pictures)."""
    _for_others(wish, pictures=list(names))


def apply(request: BuildRequest) -> None:
    """Set the marks that another machine set, unless a release has answered them, and forget the
    pictures that it forgot."""
    waiting = {} if request.release_id else request.left.get("paths", {})
    for path, gone in waiting.items():
        if not is_marked(path) or (gone and not is_gone(path)):
            _mark(path, wish=request.pk, gone=gone)
    shelf.forget_pictures(request.left.get("pictures", []), before=request.release_id)


def wishes() -> set[int]:
    """The build requests that the marks of this machine belong to."""
    found = {_load(file).get("wish") for file in _folder().glob("*")}
    return {wish for wish in found if isinstance(wish, int)}


def _for_others(wish: int, **left: Any) -> None:
    """In the transaction of the change: what is rolled back is told to nobody."""
    if not shared.is_on():
        return
    with transaction.atomic():
        request = BuildRequest.objects.select_for_update().get(pk=wish)
        for kind, said in left.items():
            before = request.left.get(kind)
            request.left[kind] = {**(before or {}), **said} if isinstance(said, dict) else said
        request.save(update_fields=["left"])


def settle(wishes: set[int], *, carried: set[str]) -> None:
    """Forget the marks that a new release answered: it was built after these changes.

    An address in `carried` still shows its old copy, so its mark stays.
    """
    for file in _folder().glob("*"):
        mark = _load(file)
        is_stray = time.time() - _age(file) > _FORGET_AFTER
        if (mark.get("wish") in wishes or is_stray) and mark.get("path") not in carried:
            file.unlink(missing_ok=True)


def _mark(path: str, *, wish: int, gone: bool) -> None:
    _folder().mkdir(parents=True, exist_ok=True)
    file = _file(path)
    half = file.with_name(f".{file.name}-{wish}")
    half.write_text(json.dumps({"path": path, "wish": wish, "gone": gone}))
    half.replace(file)


def _read(path: str) -> dict[str, object]:
    return _load(_file(path))


def _load(file: Path) -> dict[str, object]:
    try:
        mark: dict[str, object] = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return mark


def _age(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return time.time()


def _folder() -> Path:
    return shelf.root() / shelf.WITHDRAWN


def _file(path: str) -> Path:
    return _folder() / hashlib.sha256(path.encode()).hexdigest()
