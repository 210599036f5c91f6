"""Work over many rows, of which one may fail without ending the work for the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache import cache
from django.db import models, transaction

log = structlog.get_logger()
LOOPS = (
    "api_keys.warn",
    "deletion.warn",
    "doors.check",
    "doors.warn",
    "domains.check",
    "domains.stop",
    "exports.expire",
    "exports.make",
    "imports.run",
    "moving.forget",
    "pool.drop",
    "pool.make",
    "purge.after",
    "purge.workspace",
)
_KEY, _KEPT = "row-failed:{}", 86_400  # seconds


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
