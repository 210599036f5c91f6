"""The launch day: what is made of what k6 and the mail server have said, and what is said without k6."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Mapping
from typing import Any

import pytest

from bench.launch import day, mail_server, rows, tools
from bench.launch.load import Came, Day
from bench.launch.mail_server import Taken
from bench.launch.pressure import Seen
from bench.measuring import Run
from bench.sizes import FULL, TINY

ALL_WELL = {
    "sign_up": 100, "first_page": 100, "click": 1000, "page": 2000, "visit": 500, "code": 50,
}  # fmt: skip


def came(metrics: Mapping[str, Mapping[str, float]], said: list[dict[str, Any]]) -> Came:
    told = Day("x", 60, {"pages": 2000}, "http://x", {}, ["/"], "/visits/", [], [])
    return Came(told, metrics, said)


def well(**more: Mapping[str, float]) -> Came:
    times = {"med": 100, "p(95)": 200, "p(99)": 300, "max": 400}
    metrics = {f"{what}_ms": {"count": count, **times} for what, count in ALL_WELL.items()}
    return came(metrics | more, [{"at": 1_000_000, "asks": "ada@x.example"}])


def told(launch: Came, *, mail_at: float = 1004.0, calm: float | None = 240.0) -> dict[str, Any]:
    seen = Seen()
    seen.levels = [(0.0, 0), (20.0, 2), (200.0, 0)]
    mail = [Taken(mail_at, "ada@x.example", "Your code")]
    said = rows.Told(
        usual=well(), launch=launch, mail=mail,
        seen_after=[3.0, 4.0], never_seen=0, pressure=seen, calm_after=calm, kept=1900,
        flood={"sent": 5}, busy={"web": 30.0}, machine="load 2",
    )  # fmt: skip
    return {row.name: row for row in rows.of(said)}


def test_a_day_on_which_all_goes_well_holds():
    assert {name: row.why_void for name, row in told(well()).items() if not row.holds} == {}


@pytest.mark.parametrize(
    ("metric", "row"),
    [
        ("first_page_failed", "sign-ups that end"),
        ("sign_up_failed", "sign-ups that end"),
        ("form_failed", "sign-ups that end"),
        ("click_failed", "clicks"),
        ("page_failed", "pages"),
        ("visit_failed", "visits"),
    ],
)
def test_one_that_fails_of_thousands_is_one_too_many(metric, row):
    failed = [name for name, each in told(well(**{metric: {"count": 1}})).items() if not each.holds]
    assert [name for name in failed if name.startswith(row)] == failed != []


def test_a_code_that_comes_late_or_not_at_all_does_not_hold():
    late = told(well(), mail_at=1015.0)["a sign-in code is with the mail server, p95"]
    assert (late.holds, late.value) == (False, 15.0)
    never = told(well(), mail_at=990.0)["a sign-in code is with the mail server, p95"]
    assert never.why_void == "1 codes did not come"


def test_a_load_that_k6_did_not_reach_is_void():
    for name, row in told(well(dropped_iterations={"count": 30})).items():
        if "publish" not in name and "gives way" not in name:
            assert row.why_void == "30 of 2,000 did not come: k6 had too much to do", name


def test_pressure_that_was_not_seen_to_leave_is_void():
    row = told(well(), calm=None)["after the load until nothing gives way"]
    assert (row.holds, row.why_void) == (False, "something still gave way when the bench left")


def test_the_mail_server_takes_its_time_and_says_when_a_mail_was_there():
    with mail_server.running(takes=0.2) as server:
        began = time.time()
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            for to in ("ada@x.example", "ben@x.example"):
                client.sendmail("us@x.example", [to], f"Subject: For =?utf-8?q?{to}?=\r\n\r\nHi")
        took = time.time() - began
    assert [(each.to, each.subject) for each in server.taken] == [
        ("ada@x.example", "For ada@x.example"), ("ben@x.example", "For ben@x.example"),
    ]  # fmt: skip
    assert server.taken[0].at < began + 0.2 <= server.taken[1].at
    assert took >= 0.4


def test_without_k6_a_tiny_run_skips_and_says_why(monkeypatch):
    def none() -> None:
        raise tools.CannotBeHad("k6 cannot be had: no index")

    monkeypatch.setattr(tools, "k6", none)
    found = day.figures(size=TINY, stack=None)  # type: ignore[arg-type]
    assert [row.why_void for row in found] == ["skipped: k6 cannot be had: no index"]
    assert Run("launch", TINY, figures=found).exit_code == 0
    with pytest.raises(tools.CannotBeHad):
        day.figures(size=FULL, stack=None)  # type: ignore[arg-type]
