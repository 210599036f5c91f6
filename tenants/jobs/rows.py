"""Work over many rows, of which one may fail without ending the work for the others.

Every loop of the periodic tasks that goes over workspaces or people is one of these, or tells `failed`
itself: what is only in a log, nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache import cache
from django.db import models, transaction

log = structlog.get_logger()
LOOPS = (
    "alerts.evaluate",
    "api_keys.warn",
    "deletion.warn",
    "doors.check",
    "doors.warn",
    "domains.check",
    "domains.stop",
    "exports.expire",
    "exports.make",
    "imports.run",
    "ledgers.open",
    "merging.forget",
    "moving.forget",
    "periods.close",
    "pool.drop",
    "pool.make",
    "preparing.make",
    "purge.after",
    "purge.workspace",
    "unproved.end",
    "unproved.forget",
    "unproved.warn",
)
_KEY, _KEPT = "row-failed:{}", 86_400  # seconds
_AT = "row-at:{}"
_PAGE = 200


def each(what: str, due: models.QuerySet[Any], work: Callable[..., object], **said: Any) -> int:
    """Call `work(row, **said)` for every row of `due`, each in a transaction of its own and held.

    A row that is no longer due, or that somebody else holds, is left alone. One that raises is
    reported (`failed`) and stays due: the next round tries it again. Returns how many went well.
    """
    done = 0
    for pk in list(due.values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                row = due.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
                if row is None:
                    continue
                work(row, **said)
                done += 1
        except Exception as error:
            failed(what, pk, error)
    return done


def each_alone(what: str, due: models.QuerySet[Any], work: Callable[[Any], object]) -> int:
    """The same for work that looks after its own transactions and turns: `work(key)`, whose None
    says that there was nothing to do. Returns how many had."""
    done = 0
    for pk in list(due.values_list("pk", flat=True)):
        try:
            done += work(pk) is not None
        except Exception as error:
            failed(what, pk, error)
    return done


def in_turn(
    what: str,
    due: models.QuerySet[Any],
    work: Callable[..., bool],
    *,
    most: int,
    looks: int,
    unless: type[Exception] | tuple[type[Exception], ...] = (),
    **said: Any,
) -> int:
    """Call `work(row, **said)`, which says whether there was something to do, for row after row by
    key, until `most` were done or `looks` were looked at; returns how many were done.

    For rows of which the database cannot say whether they are due. The next round goes on where this
    one ended, and begins anew after the last: rows with nothing to do keep no other from its turn.
    What is `unless` ends the round, and is raised; the row has its turn in the next one.
    """
    key, done = _AT.format(what), 0
    at = cache.get(key)
    for looked in range(0, looks, _PAGE):
        page = min(_PAGE, looks - looked)
        following = due if at is None else due.filter(pk__gt=at)
        found = list(following.order_by("pk")[:page])
        for row in found:
            try:
                done += bool(work(row, **said))
            except unless:
                raise
            except Exception as error:
                failed(what, row.pk, error)
            at = row.pk
            if done >= most:
                cache.set(key, at, _KEPT)
                return done
        if len(found) < page:
            cache.delete(key)
            return done
        cache.set(key, at, _KEPT)
    return done


def failed(what: str, pk: object, error: Exception) -> None:
    """Say that one row failed: to whoever reads the log, and for a day to `manage.py doctor`."""
    assert what in LOOPS, what  # noqa: S101 (our own mistake)
    log.exception("row_failed", work=what, row=str(pk), error=str(error))
    said = {"row": str(pk), "error": f"{type(error).__name__}: {error}"[:200]}
    cache.set(_KEY.format(what), said, _KEPT)


def lately_failed() -> dict[str, dict[str, str]]:
    """Of each loop that failed for some row within a day: the last such row, and why."""
    found = cache.get_many([_KEY.format(what) for what in LOOPS])
    keys = {_KEY.format(what): what for what in LOOPS}
    return {keys[key]: said for key, said in found.items()}
