"""Visitors are browsers, however often each of them follows a link; conversions come from outside."""

from __future__ import annotations

from metering.asking import usage


def test_a_browser_that_comes_again_is_one_visitor(client_for, acme, make_link, used, later):
    link, clicks, visitors = make_link(), used("clicks"), used("visitors")
    for address, times in (("192.0.2.1", 3), ("192.0.2.2", 1)):
        browser = client_for(None, acme, REMOTE_ADDR=address)
        for _ in range(times):
            browser.get(f"/{link.code}")
            later()
    assert used("clicks") == clicks + 4
    assert used("visitors") == visitors + 2


def test_who_asks_not_to_be_followed_is_a_click_and_no_visitor(client_for, acme, make_link, used):
    link, clicks, visitors = make_link(), used("clicks"), used("visitors")
    client_for(None, acme).get(f"/{link.code}", headers={"Sec-GPC": "1"})
    assert (used("clicks"), used("visitors")) == (clicks + 1, visitors)


def test_a_conversion_sent_twice_counts_once(api, acme, settle):
    settle()
    before = usage.current(acme, "conversions")
    sent = {
        "specversion": "1.0",
        "id": f"order {before}",
        "source": "/shop",
        "type": "Conversion Reported",
        "data": {"amount": 19.99, "currency": "EUR"},
    }
    for _ in range(2):
        assert api.post("/events", sent).status_code == 204
        settle()
    assert usage.current(acme, "conversions") == before + 1
    assert api.post("/events", sent | {"data": {"currency": "euro"}}).status_code == 422


def test_a_client_that_keeps_no_id_is_one_visitor_however_often_it_comes(
    client_for, acme, make_link, used, later
):
    link, clicks, visitors = make_link(), used("clicks"), used("visitors")
    for _ in range(4):
        client_for(None, acme, REMOTE_ADDR="192.0.2.9").get(f"/{link.code}")  # a new jar each time
        later()
    assert (used("clicks"), used("visitors")) == (clicks + 4, visitors + 1)
