"""What raw events in a ClickHouse store count as, said in SQL: to answer, recount and rebuild.

It says what `definitions.values` and `rollups.partials` say in Python. ClickHouse gives a number
beyond 64 bits as its digits in quotes, so a text and a number are told apart nowhere below: in
`values`, too, a text that looks like a number is one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from events.store.clickhouse import quote
from metering import conf
from metering.definitions import accepted, refused
from metering.definitions.meter import ANONYMOUS_ID, PERSON, Meter
from metering.definitions.values import (
    DECIMALS,
    DIGITS,
    KEPT_OF_DIMENSION,
    LONGEST_DIMENSION,
    LONGEST_VALUE,
    text,
)

ZERO = f"toDecimal256(0, {DECIMALS})"
ONE = f"toDecimal256(1, {DECIMALS})"
NOWHERE = (
    "CAST(tuple(toDateTime64(0, 6, 'UTC'), '', 0),"
    " 'Tuple(DateTime64(6, \\'UTC\\'), String, Decimal(76, 30))')"
)
_PARTS = quote("^([+-]?)([0-9]{1,60})(?:[.]([0-9]{1,60}))?(?:[eE]([+-]?[0-9]{1,3}))?$")  # NUMBER's
_ZEROS = quote("^(-?)0*([0-9]+)(?:[.]0*|([.][0-9]*[1-9])0*)$")
STARTS = {"minute": "toStartOfMinute", "hour": "toStartOfHour", "day": "toStartOfDay"}

_EVENTS = """
    SELECT {meter} AS meter, tenant, time, {id} AS event_id, {number} AS number,
           {word} AS word, {dims} AS dims, {late} AS late
    FROM {source} WHERE name = {event} AND tenant != ''{filters}{within}
"""


def events(meter: Meter, *, within: str = "", source: str = "event") -> str:
    """SELECT of the events that a meter counts, and that fit `within` (" AND …").

    `source` is the table `event`, or something of its columns.
    """
    conditions = [_passes(meter, name) for name in meter.filters]
    conditions += [_is_kept(meter, name) for name in meter.excludes]
    if meter.aggregation == "unique":
        conditions.append("word IS NOT NULL")
    elif meter.aggregation != "count":
        conditions.append("number IS NOT NULL")
    return _EVENTS.format(
        source=source,
        meter=quote(meter.key),
        id="replaceAll(toString(id), '-', '')" if meter.aggregation == "latest" else "''",
        number=_number_of(meter),
        word=_word_of(meter),
        dims=f"CAST([{', '.join(map(_dimension, meter.group_by))}], 'Array(Nullable(String))')",
        late=_late(),
        event=quote(meter.event),
        filters="".join(f" AND {each}" for each in conditions),
        within=within,
    )


def key(dims: str) -> str:
    """The key of a combination of dimensions, as `values.key_of` has it."""
    each = "if(isNull(d), '-', concat(toString(lengthUTF8(d)), ':', d))"
    joined = f"arrayStringConcat(arrayMap(d -> assumeNotNull({each}), {dims}))"
    return f"toUUID(lower(substring(hex(SHA256({joined})), 1, 32)))"


def _number_of(meter: Meter) -> str:
    if meter.aggregation == "count":
        return ONE
    if meter.aggregation == "unique":
        return ZERO
    name = quote(str(meter.property))
    return _let(f"JSONExtractRaw(properties, {name})", lambda raw: _number(raw, name))


def _number(raw: str, name: str) -> str:
    """An exact number or NULL, of a JSON number or of a text that is one."""
    said = f"if(startsWith({raw}, '\"'), JSONExtractString(properties, {name}), {raw})"
    return _let(_plain(said), _exact)


def _exact(plain: str) -> str:
    fits = quote(f"^-?[0-9]{{1,{DIGITS}}}([.][0-9]{{1,{DECIMALS}}})?$")
    return f"if(match({plain}, {fits}), toDecimal256OrNull({plain}, {DECIMALS}), NULL)"


def _word_of(meter: Meter) -> str:
    if meter.aggregation != "unique":
        return "CAST(NULL, 'Nullable(String)')"
    return _let(_text(str(meter.property)), lambda word: _hashed(word, LONGEST_VALUE, "'#'", 64))


def _dimension(name: str) -> str:
    start = "concat(substringUTF8({word}, 1, {kept}), '…#')"
    return _let(
        _text(name),
        lambda word: _hashed(
            word, LONGEST_DIMENSION, start.format(word=word, kept=KEPT_OF_DIMENSION), 32
        ),
    )


def _hashed(word: str, longest: int, start: str, digits: int) -> str:
    """A text; of a longer one than `longest`, `start` and so many digits of its hash."""
    digest = f"lower(substring(hex(SHA256(assumeNotNull({word}))), 1, {digits}))"
    return f"if(lengthUTF8({word}) > {longest}, concat({start}, {digest}), {word})"


def _text(name: str) -> str:
    """A property, or what an event has besides its properties, as text or NULL."""
    if name == PERSON:
        return "toString(person)"
    if name == ANONYMOUS_ID:
        return "anonymous_id"
    key = quote(name)
    return _let(
        f"JSONExtractRaw(properties, {key})",
        lambda raw: (
            f"multiIf(startsWith({raw}, '\"'), toNullable(JSONExtractString(properties, {key})),"
            f" {raw} IN ('true', 'false'), {raw}, match({raw}, '^-?[0-9]'), {_plain(raw)}, NULL)"
        ),
    )


def _plain(word: str) -> str:
    """A number's text without an exponent and without zeros that say nothing; else no number."""

    def shifted(said: str, point: str) -> str:
        whole, rest = f"{said}[2]", f"{said}[3]"
        before = f"repeat('0', if(empty({said}), 0, greatest(1 - {point}, 0)))"
        behind = f"repeat('0', greatest({point} - toInt64(length({whole}) + length({rest})), 0))"
        digits = f"concat({before}, {whole}, {rest}, {behind})"
        return _let(digits, lambda d: joined(said, d, f"greatest({point}, 1)"))

    def joined(said: str, digits: str, point: str) -> str:
        halves = f"substring({digits}, 1, {point}), '.', substring({digits}, {point} + 1)"
        full = f"concat(if({said}[1] = '-', '-', ''), {halves})"
        shortest = f"replaceRegexpOne({full}, {_ZEROS}, '\\\\1\\\\2\\\\3')"
        return f"replaceRegexpOne({shortest}, '^-0$', '0')"

    def parsed(said: str) -> str:
        exponent = f"toInt32OrZero(replaceOne({said}[4], '+', ''))"
        return _let(f"toInt64(length({said}[2])) + {exponent}", lambda p: shifted(said, p))

    return _let(f"extractGroups({word}, {_PARTS})", parsed)


_names = count()


def _let(value: str, use: Callable[[str], str]) -> str:
    """An expression that uses a value more than once and has it computed once."""
    name = f"v{next(_names)}"
    return f"arrayMap({name} -> {use(name)}, [{value}])[1]"


def _passes(meter: Meter, name: str) -> str:
    wanted = ", ".join(quote(str(text(value))) for value in accepted(meter, name))
    return f"ifNull({_text(name)} IN ({wanted}), false)"


def _is_kept(meter: Meter, name: str) -> str:
    values = ", ".join(quote(str(text(value))) for value in refused(meter, name))
    return f"NOT ifNull({_text(name)} IN ({values}), false)"


def _late() -> str:
    micros = int((60 + conf.late_after().total_seconds()) * 1_000_000)
    received, happened = "toUnixTimestamp64Micro(received_at)", "toUnixTimestamp64Micro(time)"
    return f"{received} - intDiv({happened}, 60000000) * 60000000 > {micros}"
