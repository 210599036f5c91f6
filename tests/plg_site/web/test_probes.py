"""/livez and /readyz: what they say, to whom they say more, and under which names they are asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from plg_site.web import probes
from plg_site.web.probes import Probes, on_the_wire
from tests.away import database_away


@pytest.fixture(autouse=True)
def standing(monkeypatch) -> Iterator[Any]:
    """A process of its own, that has just begun."""
    made = probes._Standing()
    monkeypatch.setattr(probes, "_standing", made)
    probes._is_internal.cache_clear()
    yield made
    probes._is_internal.cache_clear()


def wire(line: str, *, peer: Any = ("192.0.2.1", 5), stopping: bool = False, more: str = "") -> str:
    head = f"{line} HTTP/1.1\r\nHost: 10.1.2.3:8000\r\n{more}".lower().encode()
    answer = on_the_wire(head, peer=peer, is_stopping=stopping)
    return answer.decode() if answer else ""


def test_it_lives_from_the_first_moment_and_is_ready_once_it_is_warm():
    assert wire("GET /livez").startswith("HTTP/1.1 200 ")
    assert wire("GET /readyz").startswith("HTTP/1.1 503 ")
    assert "Retry-After: " in wire("GET /readyz")
    probes.begin()
    assert wire("GET /readyz").startswith("HTTP/1.1 200 ")
    assert wire("GET /readyz").endswith("\r\n\r\nok")
    assert wire("HEAD /readyz").endswith("\r\n\r\n")


def test_what_is_about_to_stop_lives_and_is_not_ready():
    probes.begin()
    probes.share()
    probes.leave()
    assert wire("GET /livez").startswith("HTTP/1.1 200 ")
    assert wire("GET /readyz").startswith("HTTP/1.1 503 ")
    probes.share()
    assert wire("GET /readyz", stopping=True).startswith("HTTP/1.1 503 ")


@pytest.mark.parametrize(
    "line", ["GET /", "GET /readyzz", "GET /readyz/", "POST /readyz", "GET /a/livez", "GET /live"]
)
def test_other_requests_are_others(line):
    assert wire(line) == ""


@pytest.mark.parametrize(
    ("peer", "more", "gets_all"),
    [
        (("127.0.0.1", 5), "", True),
        (("::1", 5, 0, 0), "", True),
        ("", "", True),  # a unix socket
        (("10.1.2.3", 5), "", True),
        (("::ffff:10.1.2.3", 5, 0, 0), "", True),
        (("192.0.2.1", 5), "", False),
        (("127.0.0.1", 5), "X-Forwarded-For: 127.0.0.1\r\n", False),
        (("127.0.0.1", 5), "Forwarded: for=127.0.0.1\r\n", False),
    ],
)
def test_only_the_inside_is_told_more(peer, more, gets_all):
    probes.begin(internal=["10.0.0.0/8"], report=lambda: {"databases": {"main": "away"}})
    said = wire("GET /readyz?verbose", peer=peer, more=more)
    assert said.startswith("HTTP/1.1 200 "), "a database that is away makes nobody unready"
    body = said.partition("\r\n\r\n")[2]
    if gets_all:
        assert json.loads(body) == {"state": "ready", "databases": {"main": "away"}}
    else:
        assert body == "ok"


@pytest.mark.parametrize("host", ["10.1.2.3:8000", "[::1]", "nobody.example", ""])
@pytest.mark.parametrize("path", probes.PATHS)
def test_another_server_answers_them_in_front_of_django_whatever_the_host(host, path):
    def elsewhere(environ: Any, start: Any) -> Any:
        raise AssertionError("Django was asked")

    probes.begin()
    said: list[Any] = []
    environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "HTTP_HOST": host, "REMOTE_ADDR": "x"}
    assert list(Probes(elsewhere)(environ, lambda *head: said.append(head))) == [b"ok"]
    assert said[0][0] == "200 OK"


def test_the_whole_application_asks_nobody(django_db_setup, django_assert_num_queries, db):
    from plg_site.wsgi import application

    probes.begin()
    environ = {"PATH_INFO": "/readyz", "REQUEST_METHOD": "GET", "HTTP_HOST": "10.1.2.3"}
    said: list[Any] = []
    with database_away(), django_assert_num_queries(0):
        assert list(application(environ, lambda *head: said.append(head))) == [b"ok"]


def test_no_link_and_no_page_stands_on_them():
    from cms.pages import reserved
    from product import codes

    for name in ("livez", "readyz"):
        assert codes.is_reserved(name)
        assert name in reserved.first_segments(settings.PUBLIC_SCHEMA_URLCONF)
