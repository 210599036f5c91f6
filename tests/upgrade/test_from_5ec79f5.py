"""An installation of commit 5ec79f5, with data and usage, goes on with this code.

Each later landing keeps it: whatever is built must find every number, limit, statement, session,
file and short link as it was.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from bench import against
from bench.against import Side
from plg_site.walk.browser import Browser
from tests.upgrade.conftest import SCRIPTS

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

BYTES = bytes(range(256)) * 40
TARGET = "https://example.com/spring?from=poster"
CLICKS = 9
# What the catalogue has since said about meters that had no limit. Nobody's limit has changed.
LIMITED_SINCE = {"conversions"}


@dataclass
class Known:
    """What somebody did with the older commit, and kept: a browser, addresses, a key."""

    port: int = 0
    user: Browser = field(default_factory=Browser)
    home: str = ""
    short: str = ""
    shared: str = ""
    key: str = ""
    api: Any = None
    told: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def installation(commit, folder):
    """Used with 5ec79f5, then running with the present code."""
    known = Known()
    # One machine makes more requests in a minute than one address may.
    environ = {"SIGNUP_RATE_LIMIT": "1000/m/ip", "LOGIN_RATE_LIMIT": "1000/m/ip"}
    with commit("5ec79f5").running(folder, environ=environ) as side:
        _use(known, side)
    with against.PRESENT.running(folder, environ=environ, port=known.port) as side:
        yield known, side, side.run(SCRIPTS / "told.py")


def _use(known: Known, side: Side) -> None:
    known.port = side.port
    known.home = f"http://meadow.{side.domain}:{side.port}"
    form = known.user.open(f"{side.site}/signup/").form(field="workspace_name")
    answers = {"name": "Mia Meadow", "email": "mia@meadow.example", "workspace_name": "Meadow"}
    answers |= {"slug": "meadow", "password1": "correct horse battery"}
    known.user.submit(form, answers)
    assert str(known.user.page.url).startswith(known.home), known.user.page.text
    form = known.user.open(f"{known.home}/links/").form(field="target_url")
    known.user.submit(form, {"target_url": TARGET, "title": "Spring"})
    known.short = _short(known, TARGET)
    for _ in range(CLICKS):
        _followed(known.short)
    form = known.user.open(f"{known.home}/files/").form(field="file")
    page = known.user.submit(form, files={"file": ("plan.bin", BYTES)})
    page = known.user.submit(page.form(action="share"))
    known.shared = next(each for each in _codes(known) if _bytes(each) == BYTES)
    known.key = side.run(SCRIPTS / "furnish.py", "meadow")
    _wait_until_stored(known, side)
    known.api = _usage_by_key(known)
    known.told = _settled(side)


def _codes(known: Known) -> list[str]:
    found = re.findall(
        re.escape(known.home) + r"/([A-Za-z0-9_-]{4,})(?![\w/-])", str(known.user.page.soup)
    )
    return [f"{known.home}/{code}" for code in dict.fromkeys(found)]


def _short(known: Known, target: str) -> str:
    for address in _codes(known):
        if Browser().http.head(address, follow_redirects=False).headers.get("location") == target:
            return address
    raise AssertionError(known.user.page.text)


def _followed(address: str) -> str:
    answer = Browser().http.get(address, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def _bytes(address: str) -> bytes:
    return Browser().http.get(address, follow_redirects=True).content


def _usage_by_key(known: Known) -> dict[str, int]:
    answer = Browser().call(
        "GET", f"{known.home}/api/v1/usage", expect=200,
        headers={"Authorization": f"Bearer {known.key}"},
    )  # fmt: skip
    # Asking is itself an API call.
    return {row["meter"]: row["used"] for row in answer.json() if row["meter"] != "api_calls"}


def _wait_until_stored(known: Known, side: Side) -> None:
    give_up_at = time.monotonic() + 60
    while True:
        used = _usage_by_key(known)
        if used["clicks"] >= CLICKS and used["storage"] >= len(BYTES):
            return
        assert time.monotonic() < give_up_at, used
        time.sleep(0.5)


def _settled(side: Side) -> dict[str, Any]:
    """When nothing is on its way any more."""
    before: dict[str, Any] = {}
    for _ in range(10):
        told: dict[str, Any] = side.run(SCRIPTS / "told.py")
        if told["workspaces"] == before.get("workspaces"):
            return told
        before = told
        time.sleep(1)
    raise AssertionError("The older installation's numbers do not come to rest.")


@pytest.mark.parametrize(
    "what", ["statements", "adjustments", "people", "addresses", "accounts", "keys", "hosts",
             "members"],
)  # fmt: skip
def test_no_row_is_lost_or_changed(installation, what):
    known, _, told = installation
    assert known.told[what] or what == "adjustments"
    assert told[what] == known.told[what]


def test_no_quota_is_lost_or_changed(installation):
    known, _, told = installation
    assert known.told["quotas"]
    had = {meter for _, meter, *_ in known.told["quotas"]}
    assert not had & LIMITED_SINCE
    assert [row for row in told["quotas"] if row[1] not in LIMITED_SINCE] == known.told["quotas"]


def test_no_session_ends(installation):
    known, _, told = installation
    assert known.told["sessions"]
    assert set(told["sessions"]) >= set(known.told["sessions"])


@pytest.mark.parametrize("what", ["links", "files"])
def test_every_workspace_has_what_it_had(installation, what):
    known, _, told = installation
    before = {schema: each[what] for schema, each in known.told["workspaces"].items()}
    after = {schema: told["workspaces"][schema][what] for schema in before}
    assert any(before.values())
    assert after == before


@pytest.mark.parametrize("what", ["used", "by_day"])
def test_every_meter_says_what_it_said_and_a_new_one_begins_with_nothing(installation, what):
    known, _, told = installation
    for schema, each in known.told["workspaces"].items():
        before, after = each[what], told["workspaces"][schema][what]
        assert before
        assert {meter: after.get(meter) for meter in before} == before
        new = {meter: after[meter] for meter in after.keys() - before.keys()}
        assert not any(new.values()), new


def test_no_limit_has_changed(installation):
    known, _, told = installation
    for schema, each in known.told["workspaces"].items():
        before, after = each["limits"], told["workspaces"][schema]["limits"]
        had = {meter: limit for meter, limit in before.items() if meter not in LIMITED_SINCE}
        assert had
        assert {meter: after.get(meter) for meter in had} == had
        assert [before[meter][0] for meter in LIMITED_SINCE] == [None] * len(LIMITED_SINCE)
        assert all(after[meter][0] is None for meter in after.keys() - before.keys())


def test_who_was_signed_in_still_is_and_sees_the_same_usage(installation):
    known, _, _ = installation
    page = known.user.open(f"{known.home}/usage/")
    assert str(page.url) == f"{known.home}/usage/", "sent away to sign in"
    page.must_say("Meadow", "clicks", str(known.api["clicks"]))


def test_an_api_key_still_opens_the_api_with_the_same_numbers(installation):
    known, _, _ = installation
    now = _usage_by_key(known)
    assert {meter: now.get(meter) for meter in known.api} == known.api
    assert not any(now[meter] for meter in now.keys() - known.api.keys()), "a new one has counted"


def test_short_links_and_shared_files_still_lead_where_they_led(installation):
    known, _, _ = installation
    assert _followed(known.short) == TARGET
    assert _bytes(known.shared) == BYTES
