"""A cookie whose attributes are put into words once: what differs from answer to answer is its value."""

from __future__ import annotations

from collections.abc import Container
from http.cookies import Morsel
from typing import Any


class PreparedCookie(Morsel[str]):
    """A cookie all of whose attributes are in words already; what copies have is their value."""

    _attributes: str | None = None  # None: they were changed, and are put into words once more

    def with_value(self, value: str) -> PreparedCookie:
        """`value` is an id or a digit: nothing to quote."""
        made = PreparedCookie.__new__(PreparedCookie)
        dict.update(made, self)
        made.__dict__ = {**self.__dict__, "_value": value, "_coded_value": value}
        return made

    def __setitem__(self, key: str, value: Any) -> None:
        self._attributes = None
        super().__setitem__(key, value)

    def update(self, values: Any) -> None:  # type: ignore[override]  # as Morsel's
        self._attributes = None
        super().update(values)

    def OutputString(self, attrs: Container[str] | None = None) -> str:
        if attrs is None and self._attributes is not None:
            return f"{self.key}={self.coded_value}{self._attributes}"
        return super().OutputString(attrs)

    def settle(self) -> None:
        """Put the attributes into words."""
        self._attributes = super().OutputString().removeprefix(f"{self.key}={self.coded_value}")
