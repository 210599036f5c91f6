"""From what came of a day to its rows, each with the bar of the specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Figure, percentile
from bench.launch.load import Came
from bench.launch.mail_server import Taken
from bench.launch.pressure import Seen

SIGN_UP_P95, FIRST_PAGE, CODE_P95, PUBLISH, CALM = 2.0, 5.0, 10.0, 15.0, 480.0  # seconds
_MAY_MISS = 0.01  # of the load, as k6 has two cores with all others
_USUAL = "s on a usual day"


@dataclass(frozen=True)
class Told:
    """What was seen. Seconds; `kept`: requests that Varnish answered by itself; `flood`: its mails by
    state; `busy`: seconds of the processor by part."""

    usual: Came
    launch: Came
    mail: Sequence[Taken]
    seen_after: Sequence[float]
    never_seen: int
    pressure: Seen
    calm_after: float | None
    kept: int
    flood: Mapping[str, int]
    busy: Mapping[str, float]
    machine: str


def of(told: Told) -> list[Figure]:
    usual, launch = told.usual, told.launch
    void = _not_reached(launch)
    sign_ups = (
        launch.answered("first_page") + launch.failed("first_page") + launch.failed("sign_up")
    )
    sign_ups += launch.failed("form")
    codes, lost = _codes(launch, told.mail)
    usual_codes, _ = _codes(usual, told.mail)
    return [
        _share(
            "sign-ups that end in a workspace", launch.answered("first_page"), sign_ups, void=void,
            note=f"{launch.count('in_line')} stood in line, {launch.count('waited_for_schema')} looks at a"
            f" workspace that was being made; {launch.reasons('form', 'sign_up', 'first_page', 'view')}",
        ),
        _seconds(
            "sending the sign-up form, p95", launch.seconds("sign_up"), usual.seconds("sign_up"),
            SIGN_UP_P95, void=void, note=_spread(launch, "sign_up"),
        ),
        _seconds(
            "from there to a new workspace's first page, the slowest", launch.seconds("first_page", "max"),
            usual.seconds("first_page", "max"), FIRST_PAGE, void=void, note=_spread(launch, "first_page"),
        ),
        _share(
            "clicks that are answered, one in four of fifty times as many", launch.answered("click"),
            launch.answered("click") + launch.failed("click"), void=void,
            note=f"{_spread(launch, 'click')}; {launch.reasons('click')}",
        ),
        _share(
            "pages that are answered, through Varnish", launch.answered("page"),
            launch.answered("page") + launch.failed("page"), void=void,
            note=f"{_spread(launch, 'page')}; {told.kept} out of Varnish; {launch.reasons('page')}",
        ),
        _share(
            "visits that pages tell of, one in four of fifty times as many", launch.answered("visit"),
            launch.answered("visit") + launch.failed("visit"), void=void,
            note=f"{_spread(launch, 'visit')}; {launch.reasons('visit')}",
        ),
        _seconds(
            "a sign-in code is with the mail server, p95", percentile(codes, 95) if codes else 0.0,
            percentile(usual_codes, 95) if usual_codes else 0.0, CODE_P95,
            void=void or (f"{lost} codes did not come" if lost else ""),
            note=f"{len(codes)} codes, the slowest {max(codes, default=0):.1f} s;"
            f" the flood: {_states(told.flood)}",
        ),
        _seconds(
            "publishing until visitors see it, the slowest", max(told.seen_after, default=0.0),
            min(told.seen_after, default=0.0), PUBLISH,
            void=f"{told.never_seen} were not seen" if told.never_seen else "",
            reference="s, the fastest", note=f"{len(told.seen_after)} times",
        ),
        _seconds(
            "after the load until nothing gives way", told.calm_after or 0.0, float(launch.day.seconds), CALM,
            void="" if told.calm_after is not None else "something still gave way when the bench left",
            reference="s of load", note=f"{told.pressure.in_words}; processor: {_busy(told)}; {told.machine}",
        ),
    ]  # fmt: skip


def skipped(why: str) -> Figure:
    """The one row of a tiny run where a tool is missing."""
    return _share("sign-ups that end in a workspace", 0, 0, void=f"skipped: {why}", note="")


def _share(name: str, done: int, of_all: int, *, void: str, note: str) -> Figure:
    return Figure(
        name=name, value=100 * done / of_all if of_all else 0.0, unit="%", reference="% are to be",
        reference_value=100, bar=100, bar_on="value", better="more", void=void,
        note=f"{done:,} of {of_all:,}; {note}".rstrip("; "),
    )  # fmt: skip


def _seconds(
    name: str, value: float, usual: float, bar: float, *, note: str, void: str = "", reference: str = _USUAL
) -> Figure:  # fmt: skip
    return Figure(
        name=name, value=value, unit="s", reference=reference, reference_value=usual, bar=bar,
        bar_on="value", better="less", void=void, note=note,
    )  # fmt: skip


def _codes(came: Came, mail: Sequence[Taken]) -> tuple[list[float], int]:
    """Seconds from asking for a code to its mail, and how many have none. Asked for again soon, it is the
    same code in a mail of its own."""
    by_person: dict[str, list[float]] = {}
    for taken in mail:
        by_person.setdefault(taken.to, []).append(taken.at)
    found, lost = [], 0
    for said in came.said:
        if "asks" not in said:
            continue
        asked = said["at"] / 1000
        after = [at for at in by_person.get(said["asks"], ()) if at >= asked - 0.05]
        if after:
            found.append(max(0.0, min(after) - asked))
            by_person[said["asks"]].remove(min(after))
        else:
            lost += 1
    return found, lost


def _spread(came: Came, what: str) -> str:
    p50, p95, p99, slowest = (came.seconds(what, each) for each in ("med", "p(95)", "p(99)", "max"))
    return f"p50 {p50:.3f}, p95 {p95:.3f}, p99 {p99:.3f}, at most {slowest:.2f} s"


def _not_reached(came: Came) -> str:
    wanted = sum(came.day.per_minute.values()) * came.day.seconds / 60
    if came.missing <= wanted * _MAY_MISS:
        return ""
    return f"{came.missing:,} of {wanted:,.0f} did not come: k6 had too much to do"


def _states(flood: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in sorted(flood.items())) or "none"


def _busy(told: Told) -> str:
    seconds = sorted(told.busy.items(), key=lambda each: -each[1])
    return ", ".join(f"{part} {took:.0f} s" for part, took in seconds if took >= 0.5)
