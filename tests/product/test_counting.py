"""Whether a click counts is decided at the click; what does not count is recorded, and costs nothing."""

from __future__ import annotations

import re
import threading
from uuid import uuid4

import pytest

from events.store import get_store
from metering import Limit
from metering.quotas import counters, limits
from metering.quotas.quota import set_limits
from plg_site.web.client_address import Trusted
from plg_site.web.client_address import settle as settle_address
from product import counting

SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/26.0 Mobile/15E148 Safari/604.1"
)
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
    " Safari/537.36"
)
ROBOTS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "WhatsApp/2.23.20.0 A",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0",
    "curl/8.14.1",
    "python-requests/2.32",
]


@pytest.fixture
def counted(used):
    """(clicks, visitors, clicks that do not count) since the test began."""
    meters = ("clicks", "visitors", "clicks_not_counted")
    before = [used(meter) for meter in meters]
    return lambda: tuple(int(used(meter) - was) for meter, was in zip(meters, before, strict=True))


@pytest.fixture
def browser(client_for, acme):
    """`browser(SAFARI, "192.0.2.1")`: somebody without cookies, behind no proxy that is declared."""

    def make(user_agent=SAFARI, address="192.0.2.1", **extra):
        environ = {"REMOTE_ADDR": address, "HTTP_USER_AGENT": user_agent, **extra}
        settle_address(environ, trusted=Trusted([]), scheme="http")
        del environ["wsgi.url_scheme"]
        return client_for(None, acme, **environ)

    return make


@pytest.fixture
def newcomer(browser, settings):
    """The same, with an id of a browser that nobody has seen."""

    def make(**extra):
        found = browser(**extra)
        found.cookies[settings.VISITOR_COOKIE_NAME] = str(uuid4())
        return found

    return make


def test_a_thousand_clicks_of_one_client_in_a_moment_are_one_click_of_one_visitor(
    browser, make_link, counted, settings
):
    settings.CLICK_WINDOW_SECONDS = 600  # a slow machine makes a long moment
    link = make_link()
    for _ in range(1_178):
        browser().get(f"/{link.code}")  # a client that keeps no cookie
    assert counted() == (1, 1, 1_177)


def test_a_browser_that_reloads_is_one_click(browser, make_link, counted):
    link, reader = make_link(), browser()
    for _ in range(5):
        reader.get(f"/{link.code}")
    assert counted() == (1, 1, 4)


def test_other_clients_other_links_and_other_times_count(browser, make_link, counted, later):
    one, two = make_link(), make_link()
    browser().get(f"/{one.code}")
    browser().get(f"/{two.code}")
    browser(CHROME).get(f"/{one.code}")
    browser(address="192.0.2.2").get(f"/{one.code}")
    later()
    browser().get(f"/{one.code}")
    assert counted()[0] == 5


def test_people_behind_one_address_count_when_their_browsers_are_known(browser, make_link, counted):
    links = [make_link(), make_link()]
    readers = [browser() for _ in range(3)]
    for reader, address in zip(readers, ("192.0.2.1", "192.0.2.2", "192.0.2.3"), strict=True):
        reader.get(f"/{links[0].code}", REMOTE_ADDR=address)  # at home
    for reader in readers:
        reader.get(f"/{links[1].code}")  # in the office
    assert counted() == (6, 3, 0)


def test_one_address_with_ever_other_names_and_ids_has_an_end(
    browser, make_link, counted, settings
):
    settings.CLICKS_PER_ADDRESS = 5
    link = make_link()
    for number in range(20):
        browser(f"{CHROME} {number}").get(f"/{link.code}")
    assert counted() == (5, 5, 15)


def test_the_addresses_of_one_line_are_one_client(browser, make_link, counted):
    link = make_link()
    for number in range(1, 6):
        browser(address=f"2001:db8:1:2::{number}").get(f"/{link.code}")
    browser(address="2001:db8:1:3::1").get(f"/{link.code}")
    assert counted()[0] == 2


@pytest.mark.parametrize("robot", ROBOTS)
def test_robots_are_sent_on_and_do_not_count(browser, make_link, counted, robot):
    assert browser(robot).get(f"/{make_link().code}").status_code == 302
    assert counted() == (0, 0, 1)


@pytest.mark.parametrize("said", [SAFARI, CHROME, ""])
def test_browsers_are_no_robots(said):
    assert not counting.is_robot(said)


def test_head_is_nothing_at_all(browser, make_link, counted):
    assert browser().head(f"/{make_link().code}").status_code == 302
    assert counted() == (0, 0, 0)


def test_the_reason_is_a_property_of_the_event(browser, make_link, acme, settle):
    link = make_link()
    browser().get(f"/{link.code}")
    browser().get(f"/{link.code}")
    browser("curl/8").get(f"/{link.code}")
    settle()
    found = get_store().find(tenant=acme.schema_name, names=["Link Clicked"])
    told = [click.properties for click in found if click.properties["code"] == link.code]
    assert [(p.get("counted"), p.get("reason")) for p in told] == [
        (None, None),
        (False, "repeated"),
        (False, "robot"),
    ]


def test_processes_decide_together(browser, make_link, counted):
    """What another process has seen is not in the memory of this one: Redis knows it."""
    link, reader = make_link(), browser()
    for _ in range(4):
        reader.get(f"/{link.code}")
        browser().get(f"/{link.code}")
        counting.forget_all()
    clicks, _, not_counted = counted()
    assert (clicks, not_counted) == (1, 7)


def test_one_address_with_ever_other_ids_has_one_end_in_all_processes(
    newcomer, make_link, counted, settings
):
    settings.CLICKS_PER_ADDRESS = 5
    link = make_link()
    for _ in range(20):
        newcomer().get(f"/{link.code}")
        counting.forget_all()  # the next one meets another process
    clicks, _, not_counted = counted()
    assert (clicks, not_counted) == (5, 15)


def test_the_end_is_of_a_link_and_an_address(newcomer, make_link, counted, settings):
    settings.CLICKS_PER_ADDRESS = 1
    for link in (make_link(), make_link()):
        for address in ("192.0.2.1", "192.0.2.2"):
            newcomer(address=address).get(f"/{link.code}")
            counting.forget_all()
    assert counted()[0] == 4


def test_without_redis_each_process_holds_the_rule(browser, make_link, counted, settings):
    link, working = make_link(), settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for _ in range(5):
        browser().get(f"/{link.code}")
    settings.REDIS_URL = working
    assert counted() == (1, 1, 4)


def test_threads_of_a_process_count_one(monkeypatch):
    times, firsts = counting.Times(most=10), []
    start = threading.Barrier(8)

    def click():
        start.wait()
        firsts.append(times.add(b"key", seconds=5))

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(firsts) == list(range(1, 9))


def test_where_nobody_knows_the_address_it_is_no_key(browser, make_link, counted):
    """Behind a proxy that is not declared everybody has its address."""
    link = make_link()
    for _ in range(3):
        browser(**{"plg.address_unknown": True}).get(f"/{link.code}")
    assert counted() == (3, 3, 0)


OUR_NETWORK, PUBLIC = "10.0.0.3", "8.8.8.8"


def test_a_stranger_who_says_to_be_a_proxy_is_one_client_all_the_same(browser, make_link, counted):
    link = make_link()
    for number in range(20):
        said = {"HTTP_X_FORWARDED_FOR": f"1.2.3.{number}"}
        browser(address=PUBLIC, **said).get(f"/{link.code}")
    assert counted() == (1, 1, 19)


@pytest.mark.parametrize("header", ["X_FORWARDED_FOR", "FORWARDED", "X_REAL_IP"])
def test_who_says_the_same_in_our_own_network_is_one_client(browser, make_link, counted, header):
    link = make_link()
    for _ in range(20):
        browser(address=OUR_NETWORK, **{f"HTTP_{header}": "1.2.3.4"}).get(f"/{link.code}")
    assert counted() == (1, 1, 19)


def test_people_behind_a_proxy_that_nobody_declared_count(browser, make_link, counted):
    link = make_link()
    for number in range(20):
        said = {"HTTP_X_FORWARDED_FOR": f"198.51.100.{number}"}
        browser(address=OUR_NETWORK, **said).get(f"/{link.code}")
    assert counted() == (20, 20, 0)


@pytest.mark.parametrize("with_cookie", [False, True])
def test_whatever_is_said_what_came_through_one_undeclared_proxy_has_an_end(
    browser, newcomer, make_link, counted, settings, acme, with_cookie
):
    settings.CLICKS_FROM_UNKNOWN = 5
    link, somebody = make_link(), newcomer if with_cookie else browser
    for number in range(20):
        said = {"HTTP_X_FORWARDED_FOR": f"1.2.3.{number}"}
        somebody(address=OUR_NETWORK, **said).get(f"/{link.code}")
        counting.forget_all()  # the next one meets another process
    clicks, _, not_counted = counted()
    assert (clicks, not_counted) == (5, 15)
    found = get_store().find(tenant=acme.schema_name, names=["Link Clicked"])
    reasons = [c.properties.get("reason") for c in found if c.properties["code"] == link.code]
    assert sorted(filter(None, reasons)) == ["unknown"] * 15


def test_at_a_limit_of_their_own_the_click_is_recorded_and_does_not_count(
    browser, acme, make_link, counted, used
):
    link = make_link()
    set_limits(acme, {"clicks": Limit(int(used("clicks")))})
    counters.remember_limits(acme.schema_name, limits.of(acme))  # a test never commits
    browser().get(f"/{link.code}")
    assert counted() == (0, 0, 1)


def test_a_click_without_the_property_counts_as_ever(acme, make_link, counted):
    import events

    link = make_link()
    events.record("Link Clicked", tenant=acme, properties={"link_id": link.id, "code": link.code})
    assert counted() == (1, 0, 0)


def test_pages_show_what_counts_with_what_there_was_in_all_beside_it(
    browser, member, make_link, settle
):
    link = make_link()
    for _ in range(3):
        browser().get(f"/{link.code}")
    page = re.sub(r"<[^>]+>", "", member.get(f"/links/{link.id}/").content.decode())
    assert re.search(r"Clicks so far\s*1 of 3 in all; 2 do not count", page)
    for address in ("/usage/", "/usage/clicks/"):
        assert re.search(
            r"in all; [\d,]+ do not count: by robots", member.get(address).content.decode()
        )


def test_a_preview_in_a_chat_is_not_the_first_click_of_somebody_else(
    fresh, people, client_for, make_link, settle
):
    from product import clicks

    link = make_link(fresh, by=people.outsider)
    client_for(None, fresh, HTTP_USER_AGENT=ROBOTS[1]).get(f"/{link.code}")
    assert clicks.someone_else_clicked(fresh, own_ids=[]) is False
    settle()
    assert clicks.someone_else_clicked(fresh, own_ids=[]) is False
    client_for(None, fresh, HTTP_USER_AGENT=SAFARI).get(f"/{link.code}")
    assert clicks.someone_else_clicked(fresh, own_ids=[]) is True
