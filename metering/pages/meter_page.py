"""What the page of one meter shows: its state, a chart, and who or what used the most."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from events.store import StoreUnavailable
from metering.asking import ranges, ranking, series, usage
from metering.asking.forecast import Forecast
from metering.asking.query import Row, Window, ask
from metering.asking.ranges import Range
from metering.asking.ranking import Ranked
from metering.asking.usage import Reading
from metering.definitions import catalogue
from metering.definitions.meter import Meter
from metering.pages import chart, usage_page
from metering.pages.chart import Chart, Data
from metering.pages.costs import Cost
from metering.pages.usage_page import CostLine, Gauge
from metering.quotas import earlier, limits
from metering.quotas.earlier import NOTHING
from metering.wording import names
from metering.wording.words import quantity
from tenants.models import Tenant


@dataclass(frozen=True)
class Choice:
    """A link of a row of choices."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class Ask:
    """What the address asks for; names that there are not fall back to the defaults."""

    range: str = ""
    window: str = ""
    group: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Ask:
        return cls(query.get("range", ""), query.get("by", ""), query.get("group", ""))


@dataclass(frozen=True)
class MeterPage:
    """Everything on the page; `version` changes whenever something on it does."""

    meter: Meter
    query: str  # of this page's address
    version: str
    is_available: bool = True
    gauge: Gauge | None = None
    cost: CostLine | None = None
    method: str = ""
    title: str = ""
    total: str = ""
    chart: Chart | None = None
    group: str = ""  # the dimension that the chart is split by
    group_label: str = ""
    top: Sequence[Ranked] = ()
    top_label: str = ""
    rest: str = ""
    time_zone: str = "UTC"
    by_hour: bool = False
    range_choices: Sequence[Choice] = ()
    window_choices: Sequence[Choice] = ()
    group_choices: Sequence[Choice] = ()

    @classmethod
    def of(
        cls, tenant: Tenant, meter: Meter, wanted: Ask, *, now: datetime | None = None
    ) -> MeterPage:
        """The page at `now`; without the events database, one that says so."""
        now = now or datetime.now(UTC)
        view = _View(tenant, meter, wanted, now)
        try:
            return view.page()
        except StoreUnavailable:
            return cls(meter, view.query(), "unavailable", is_available=False)


class _View:
    """One meter, looked at in one way."""

    def __init__(self, tenant: Tenant, meter: Meter, wanted: Ask, now: datetime) -> None:
        self.tenant, self.meter, self.now = tenant, meter, now
        self.range: Range = ranges.pick(tenant, meter, wanted.range, now=now)
        self.window: Window = ranges.pick_window(self.range, wanted.window)
        self.group = wanted.group if wanted.group in meter.group_by else ""
        self.adds_up = meter.aggregation in ("count", "sum")

    def page(self) -> MeterPage:
        [reading] = usage.snapshot(
            self.tenant, now=self.now, days=1, changes=0, only=[self.meter.key]
        ).readings
        limit = limits.of(self.tenant)[self.meter.key]
        expected = usage_page.outlook(reading, limit, now=self.now)
        zone = self.range.zone
        total, rows, ranked, split = self._ask()
        names_of = names.of(self.tenant, self._dimension(), self._values(ranked, split))
        drawn = self._draw(reading, expected, rows, split, names_of)
        top, rest = ranking.rank(
            self.meter, ranked, dimension=self._dimension(), whole=total.value, names_of=names_of
        )
        over = earlier.of(self.tenant, {self.meter.key} if limit.price else ())
        cost = usage_page.cost_of(reading, limit, expected, over.get(self.meter.key, NOTHING))
        found = {
            "gauge": usage_page.gauge(reading, limit, expected, zone, self._left_out()),
            "cost": self._cost(cost),
            "method": expected.method if expected else "",
            "title": self._title(),
            "total": quantity(self.meter, int(total.value)),
            "chart": drawn,
            "group": self.group,
            "group_label": names.label(self.group) if self.group else "",
            "top": top,
            "top_label": names.label(self._dimension()) if self._dimension() else "",
            "rest": rest,
            "time_zone": zone.key,
            "by_hour": self.window == "hour",
        }
        version = hashlib.blake2b(repr(found).encode(), digest_size=8).hexdigest()
        return MeterPage(
            self.meter,
            self.query(),
            version,
            **found,  # type: ignore[arg-type]
            range_choices=self._range_choices(),
            window_choices=self._window_choices(),
            group_choices=self._group_choices(),
        )

    def _left_out(self) -> Reading | None:
        """What the meter beside this one has counted."""
        other = catalogue.beside(self.meter.key)
        return usage.levels(self.tenant, now=self.now, only=[other.key])[0] if other else None

    def query(self, **other: str) -> str:
        """The query of this page's address, or of one that differs in these."""
        asked = {"range": self.range.key, "by": self.window, "group": self.group, **other}
        defaults = {"range": ranges.default(self.meter), "by": "day", "group": ""}
        return urlencode({key: value for key, value in asked.items() if value != defaults[key]})

    def _ask(self) -> tuple[Row, list[Row], list[Row], list[Row]]:
        """The total, the series, the largest groups, and those in the series: one round trip."""
        dimension = self._dimension()
        questions = [
            self.range.question(self.meter),
            self.range.question(self.meter, window=self.window),
        ]
        if dimension:
            questions.append(
                self.range.question(self.meter, group_by=(dimension,), top=ranking.TOP)
            )
        if self.group and self.adds_up:
            split = self.range.question(
                self.meter, window=self.window, group_by=(self.group,), top=chart.MOST_GROUPS
            )
            questions.append(split)
        answers = ask(self.tenant, *questions, now=self.now)
        [total], rows, *more = answers
        ranked = more[0] if dimension else []
        return total, rows, ranked, more[1] if len(more) > 1 else []

    def _dimension(self) -> str:
        """What the list of the largest is about."""
        return self.group or (self.meter.group_by[0] if self.meter.group_by else "")

    def _values(self, ranked: Sequence[Row], split: Sequence[Row]) -> set[str | None]:
        return {row.group[self._dimension()] for row in (*ranked, *split)}

    def _draw(
        self, reading: Reading, expected: Forecast | None, rows: Sequence[Row],
        split: Sequence[Row], names_of: Mapping[str | None, str],
    ) -> Chart:  # fmt: skip
        spans = self.range.windows(self.window)
        values = chart.by_start(rows)
        groups = self._groups(split, names_of)
        shown = sum(sum(each.values()) for each in groups.values())
        if series.is_level(self.meter) and not groups:
            values = self._levels(spans, values, reading.used)
        return chart.draw(
            Data(
                meter=self.meter,
                window=self.window,
                zone=self.range.zone,
                spans=spans,
                values=values,
                late={row.start: row.late for row in rows if row.start and row.late},
                groups=groups,
                has_others=bool(groups) and shown < sum(values.values()),
                expected=self._expected(spans, expected),
            )
        )

    def _levels(
        self, spans: Sequence[tuple[datetime, datetime]], gains: Mapping[datetime, int], level: int
    ) -> dict[datetime, int]:
        """What there was at the end of each window, found by going back from what there is now."""
        levels = {}
        for start, _ in reversed(spans):
            if start <= self.now:
                levels[start] = level
                level -= gains.get(start, 0)
        return levels

    def _groups(
        self, split: Sequence[Row], names_of: Mapping[str | None, str]
    ) -> dict[str, dict[datetime, int]]:
        """By name, the largest first. Two values with one name keep their own colours."""
        totals: dict[str | None, Decimal] = {}
        for row in split:
            value = row.group[self.group]
            totals[value] = totals.get(value, Decimal(0)) + row.value
        groups: dict[str, dict[datetime, int]] = {}
        for value in sorted(totals, key=lambda each: -totals[each]):
            name = names_of[value]
            unique = name if name not in groups else f"{name} ({value})"
            mine = [row for row in split if row.group[self.group] == value]
            groups[unique] = chart.by_start(mine)
        return groups

    def _expected(
        self, spans: Sequence[tuple[datetime, datetime]], expected: Forecast | None
    ) -> dict[datetime, int]:
        """The pace, for the days of this period that lie ahead."""
        if expected is None or self.window != "day" or series.is_level(self.meter):
            return {}
        ahead = {}
        for start, end in spans:
            if start > self.now:
                days = Decimal((end - start) // timedelta(seconds=1)) / 86_400
                ahead[start] = round(expected.a_day * days)
        return ahead

    def _title(self) -> str:
        what = "Each hour" if self.window == "hour" else "Each day"
        if series.is_level(self.meter) and not self.group:
            what = f"At the end of {what.lower()}"
        last = self.range.end - timedelta(seconds=1)
        first_day, last_day = (
            f"{at.astimezone(self.range.zone):%-d %B}" for at in (self.range.start, last)
        )
        span = first_day if first_day == last_day else f"{first_day} to {last_day}"
        return f"{what}, {span}"

    def _cost(self, cost: Cost | None) -> CostLine | None:
        if cost is None:
            return None
        return usage_page.cost_in_words(cost, limits.currency_of(self.tenant) or "usd")

    def _range_choices(self) -> list[Choice]:
        return [
            Choice(label, f"?{self.query(range=key)}", key == self.range.key)
            for key, label in ranges.labels(self.meter).items()
        ]

    def _window_choices(self) -> list[Choice]:
        if not self.range.fits_hours or self.range.key == "today":
            return []
        return [
            Choice(label, f"?{self.query(by=key)}", key == self.window)
            for key, label in (("day", "By day"), ("hour", "By hour"))
        ]

    def _group_choices(self) -> list[Choice]:
        if not self.meter.group_by:
            return []
        named = [("", "All together"), *((key, names.label(key)) for key in self.meter.group_by)]
        return [
            Choice(label, f"?{self.query(group=key)}", key == self.group) for key, label in named
        ]
