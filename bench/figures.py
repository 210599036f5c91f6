"""A figure, the table of them, and the file that a machine reads."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

ORDER = ("name", "value", "unit", "reference", "reference_value", "ratio", "bar", "holds")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row: what was measured, against which reference of the same run, and the issue's bar.

    `ratio` is `value / reference_value`. `bar` is the bound of the ratio or, with `bar_on="value"`,
    of the value itself; `better="more"` asks for at least the bar, "less" for at most. `note` says
    what a reader of the table must know. `void` is why the measurement does not count (the load was
    not reached, say): then the figure does not hold, whatever its value. `limit`: the reference is
    the most (or the least) that there can be, so one that was passed was not measured rightly, and
    the figure is void. So is one without a number above zero on either side.
    """

    name: str
    value: float
    unit: str
    reference: str
    reference_value: float
    bar: float
    better: Literal["more", "less"]
    bar_on: Literal["ratio", "value"] = "ratio"
    note: str = ""
    void: str = ""
    limit: bool = False
    module: str = ""  # set by the run

    @property
    def ratio(self) -> float:
        return self.value / self.reference_value if self.reference_value else 0.0

    @property
    def why_void(self) -> str:
        """Why the row does not count; empty when it does."""
        if self.void:
            return self.void
        if not (_is_measured(self.value) and _is_measured(self.reference_value)):
            return f"measured {self.value} against {self.reference_value}: that is no measurement"
        passed = self.ratio > 1 if self.better == "more" else self.ratio < 1
        if self.limit and passed:
            return "what is measured passed its reference, which is its limit: that one is wrong"
        return ""

    @property
    def holds(self) -> bool:
        measured = self.ratio if self.bar_on == "ratio" else self.value
        if self.why_void:
            return False
        return measured >= self.bar if self.better == "more" else measured <= self.bar

    def as_json(self) -> dict[str, object]:
        """The fields of a row in the file, in DESIGN's order, then the others."""
        row = asdict(self) | {"ratio": self.ratio, "holds": self.holds, "void": self.why_void}
        return {key: row.pop(key) for key in ORDER} | row


@dataclass(frozen=True)
class Failure:
    """A module that raised: a row of the file that does not hold and has no numbers."""

    module: str
    error: Exception

    def as_json(self) -> dict[str, object]:
        row: dict[str, object] = dict.fromkeys(ORDER)
        named = {"name": self.module, "module": self.module}
        return row | named | {"holds": False, "error": repr(self.error)}


def median_of(measure: Callable[[], float], *, runs: int = 3) -> float:
    """The median of several runs: machines are shared and noisy."""
    return statistics.median(measure() for _ in range(runs))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def write(rows: Sequence[Figure | Failure], path: Path) -> None:
    """The list as JSON."""
    path.write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n")


def table(figures: Sequence[Figure]) -> str:
    """The rows as text, aligned, one line a figure, and what must be known of them below."""
    rows = [("", "figure", "value", "reference", "ratio", "bar"), *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    said = [(each.name, text) for each in figures for text in (_void(each), each.note)]
    return "\n".join([*lines, *(f"   {name}: {text}" for name, text in said if text)])


def _is_measured(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _void(figure: Figure) -> str:
    return f"void: {figure.why_void}" if figure.why_void else ""


def _row(figure: Figure) -> tuple[str, ...]:
    sign = "≥" if figure.better == "more" else "≤"
    unit = f" {figure.unit}" if figure.bar_on == "value" else ""
    return (
        "✓" if figure.holds else "✗",
        figure.name,
        f"{_number(figure.value)} {figure.unit}",
        f"{_number(figure.reference_value)} {figure.reference}",
        _number(figure.ratio),
        f"{sign} {_number(figure.bar)}{unit}",
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
