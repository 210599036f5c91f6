"""Something that happens while a request runs: just after it has found out who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.contrib import auth
from django.db import connection


@contextmanager
def meanwhile(what: Callable[[], object]) -> Iterator[None]:
    """Do it once, when a session's user has been read and found good."""
    done: list[bool] = []
    asked = auth.get_user

    def watch(request: Any) -> Any:
        user = asked(request)
        if user.is_authenticated and not done:
            done.append(True)
            what()
        return user

    with mock.patch("django.contrib.auth.get_user", watch):
        yield
    assert done, "nobody was signed in"


@contextmanager
def after_reading(table: str, what: Callable[[], object]) -> Iterator[None]:
    """Do it once, when the first row of that table has been read."""
    done: list[bool] = []

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if not done and sql.startswith("SELECT") and f'FROM "{table}"' in sql:
            done.append(True)
            what()
        return result

    with connection.execute_wrapper(watch):
        yield
    assert done, f"nothing was read from {table}"
