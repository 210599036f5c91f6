"""What is counted as it happens. Labels are bounded: a value that is new when there are enough of them
counts as "other", so nobody can make series by what they send."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from events.metrics import machine
from events.metrics.table import LEVEL, Table

OTHER = "other"
_BREAKS = str.maketrans({'"': "'", "\\": "/", "\n": " "})
DEFINED: dict[str, Counted] = {}


class Counted:
    """One metric. `most` is how many series it may have."""

    kind = "counter"

    def __init__(self, name: str, help: str, *, labels: Sequence[str] = (), most: int = 1) -> None:
        self.name, self.help = name, help
        self.labels, self.most = tuple(labels), most
        self._table: Table | None = None
        self._rows: dict[tuple[str, ...], list[int] | None] = {}
        DEFINED[name] = self

    def names(self) -> list[str]:
        """Of its samples, as rules name them."""
        return [self.name]

    def rows(self, *values: str) -> list[int] | None:
        """The rows of these labels in the table, for who adds to several at once; None: there is none."""
        table = machine.here()
        return None if table is None else self._found(table, values)

    def _found(self, table: Table, values: tuple[str, ...]) -> list[int] | None:
        """The rows of these labels; None where there is no room at all."""
        if table is not self._table:  # another process, or another table
            self._table, self._rows = table, {}
        try:
            return self._rows[values]
        except KeyError:
            rows = self._make(table, values)
            if (
                len(self._rows) < 2 * self.most
            ):  # what was folded is remembered, too, but not for ever
                self._rows[values] = rows
            return rows

    def _make(self, table: Table, values: tuple[str, ...]) -> list[int] | None:
        wanted = [key(name, self.labels, values) for name in self._row_names()]
        if self.labels and values != self._folded():
            known = table.keys()
            begin = wanted[0].partition("{")[0] + "{"
            if (
                wanted[0] not in known
                and sum(each.startswith(begin) for each in known) >= self.most - 1
            ):
                return self._found(table, self._folded())
        rows = [table.row(each) for each in wanted]
        return None if None in rows else rows  # type: ignore[return-value]

    def _folded(self) -> tuple[str, ...]:
        return (OTHER,) * len(self.labels)

    def _row_names(self) -> list[str]:
        return [self.name]


class Counter(Counted):
    """Only ever grows. Its name ends with `_total` (Prometheus, "Metric and label naming")."""

    def add(self, amount: float = 1, *values: str) -> None:
        """Count so much more for these values of the labels. Never raises; nothing without a table."""
        table = machine.here()
        if table is not None and (rows := self._found(table, values)) is not None:
            table.add((rows[0], amount))


class Level(Counted):
    """What holds for this process now; shown is the sum over the processes that live."""

    kind = "gauge"

    def _row_names(self) -> list[str]:
        return [f"{LEVEL}{self.name}"]

    def put(self, value: float, *values: str) -> None:
        table = machine.here()
        if table is not None and (rows := self._found(table, values)) is not None:
            table.put(rows[0], value)


class Histogram(Counted):
    """How long something took: how many were as short as each of `bounds` (seconds), and their sum."""

    kind = "histogram"

    def __init__(self, name: str, help: str, *, bounds: Sequence[float], **more: Any) -> None:
        super().__init__(name, help, **more)
        self.bounds = tuple(bounds)

    def names(self) -> list[str]:
        return [f"{self.name}{end}" for end in ("_bucket", "_sum", "_count")]

    def add(self, seconds: float, *values: str) -> None:
        table = machine.here()
        if table is not None and (rows := self._found(table, values)) is not None:
            table.add((rows[self.bucket(seconds)], 1), (rows[-1], seconds))

    def bucket(self, seconds: float) -> int:
        """Which of its rows counts this; the last one has the sum."""
        return bisect_left(self.bounds, seconds)

    def _row_names(self) -> list[str]:
        ends = [*(f"bucket:{bound}" for bound in self.bounds), "bucket:+Inf", "sum"]
        return [f"{self.name}:{end}" for end in ends]


def key(name: str, labels: Sequence[str], values: Sequence[str]) -> str:
    """A row's name. Label values are cut: they are names of ours."""
    if not labels:
        return name
    said = ",".join(
        f'{label}="{str(value).translate(_BREAKS)[:60]}"'
        for label, value in zip(labels, values, strict=True)
    )
    return f"{name}{{{said}}}"
