"""Development's mailbox: every mail is there to read, and only while no mail server is set."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.message import EmailMessage


@pytest.fixture
def mailed(settings) -> None:
    backend = get_connection("plg_site.development.outbox.OutboxBackend")
    letter = EmailMultiAlternatives(
        "Your code", "Here it is:\n\nABCD-1234\n", "us@example.org", ["you@example.org"]
    )
    letter.attach_alternative("<p>Here it is <script>alert(1)</script></p>", "text/html")
    other = EmailMessage("Something else", "…", "us@example.org", ["them@example.org"])
    assert backend.send_messages([letter, other]) == 2


def test_a_mail_is_listed_for_its_recipient(client_for, mailed):
    answer = client_for().get("/outbox/?format=json&to=you@example.org").json()
    assert [m["subject"] for m in answer["messages"]] == ["Your code"]
    assert "ABCD-1234" in answer["messages"][0]["text"]


def test_the_html_of_a_letter_is_shown_without_its_scripts(client_for, mailed):
    client = client_for()
    page = client.get("/outbox/").content.decode()
    address = page.split('href="/outbox/')[1].split('"')[0]
    policy = client.get(f"/outbox/{address}?part=html").get("Content-Security-Policy", "")
    assert "sandbox" in policy
    assert "script-src" not in policy or "unsafe-inline" not in policy.split("script-src")[1]


def test_it_is_gone_where_mail_is_really_sent(client_for, mailed, settings):
    settings.MAIL_OUTBOX_DIR = None
    assert client_for().get("/outbox/").status_code == 404


@pytest.mark.parametrize("name", ["../../secrets", "x", "00000000-0000-0000-0000-000000000000"])
def test_nothing_but_letters_can_be_opened(client_for, mailed, name):
    assert client_for().get(f"/outbox/{name}/").status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        {"REMOTE_ADDR": "192.0.2.7"},  # somebody else in the network
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},  # through a proxy on this machine
        {"HTTP_FORWARDED": "for=192.0.2.7"},
        {"HTTP_HOST": "rebound.example"},  # a stranger's name that leads here
    ],
)
def test_only_browsers_of_this_machine_read_the_mail(client_for, mailed, asked):
    assert client_for().get("/outbox/").status_code == 200
    answer = client_for().get("/outbox/", **asked)
    assert answer.status_code in {403, 404}
    assert "ABCD-1234" not in answer.content.decode()
