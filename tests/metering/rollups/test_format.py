"""The same events make the same rows as long as metering/definitions/format.py has the same number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from metering.definitions.format import FORMAT
from tests.events.log import both_stores
from tests.metering.parcels import DEGREES, PEOPLE, PLACES, PRICES, sent

WRONG = """
The same events make other rows than at format {number}. Either that was not meant, or put FORMAT of
metering/definitions/format.py up by one: then installations make their rollups anew. The rows of the new
format are in {file}: commit that file.
"""
TABLES = {
    "postgres": ("rollup_minute", "rollup_hour", "rollup_day", "breakdown_hour", "breakdown_day",
                 "distinct_day"),
    "clickhouse": ("rollup_minute", "rollup_hour", "rollup_day", "breakdown_hour", "breakdown_day",
                   "distinct_minute", "distinct_hour", "distinct_day"),
}  # fmt: skip


@both_stores
def test_the_same_events_make_the_same_rows_as_ever(parcels, log):
    arriving = [sent(**each) for each in _arriving()]
    for start in (0, 10, 20):  # three batches: what is there takes more
        log.store.append(arriving[start : start + 10])
    made = "".join(f"{line}\n" for line in _rows(log))
    file = Path(__file__).parents[1] / "formats" / f"{FORMAT}_{log.store.kind}.txt"
    kept = file.read_text() if file.exists() else ""
    if made != kept:
        beside = file if not kept else file.with_name(f"{FORMAT + 1}_{log.store.kind}.txt")
        file.parent.mkdir(exist_ok=True)
        beside.write_text(made)
        raise AssertionError(WRONG.format(number=FORMAT, file=beside))


def _arriving() -> Iterator[dict[str, Any]]:
    """Every kind of value, in every combination that is likely to meet."""
    for number in range(1, 31):
        yield {
            "number": number,
            "seconds": number * 3_457,
            "waited": (0, 359, 361, 86_400)[number % 4],
            "tenant": ("w_acme", "w_acme", "w_globex", None)[number % 7 % 4],
            "person": PEOPLE[number % len(PEOPLE)],
            "box": PEOPLE[number % 3],
            "to": PLACES[number % len(PLACES)],
            "fragile": (None, True, False)[number % 3],
            "grams": number**5 * (-1) ** number,
            "price": PRICES[number % len(PRICES)],
            "degrees": DEGREES[number % len(DEGREES)],
        }


def _rows(log) -> list[str]:
    """All rows as text, in one order, but for what another run would make otherwise."""
    lines = []
    for table in TABLES[log.store.kind]:
        columns = "*" if log.store.kind == "postgres" else "* EXCEPT batch"
        final = "" if log.store.kind == "postgres" else " FINAL"
        for row in log.query(f"SELECT {columns} FROM {table}{final}"):  # noqa: S608
            lines.append(f"{table}: {' '.join(map(_text, row))}")
    return sorted(lines)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, UUID):
        return value.hex
    return ascii(value) if isinstance(value, str) else str(value)
