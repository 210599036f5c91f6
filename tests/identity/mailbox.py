"""A person with a mailbox and a browser: signs up, and opens what is mailed to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core import mail
from django.test import Client

from tests.tenants.signing_up.form import loaded

ADDRESS = "newcomer@example.org"
PASSWORD = "a long and odd horse"


class Mailbox:
    """Of everybody: `mails` while mail is really sent."""

    def __init__(self, capture: Callable[..., object]) -> None:
        self.capture = capture

    @contextmanager
    def open(self) -> Iterator[None]:
        with self.capture(execute=True):  # type: ignore[attr-defined]
            yield

    def link(self, what: str = "confirm-email", *, number: int = -1) -> str:
        """The path of the last link (or another) of this kind that was mailed."""
        found = [
            each[1]
            for message in mail.outbox
            for each in re.finditer(rf"https?://[^/\s]+(/\S*{what}/\S+)", message.body)
        ]
        assert found, [message.body for message in mail.outbox]
        return found[number]

    def code(self) -> str:
        pattern = r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$"
        found = re.search(pattern, mail.outbox[-1].body, re.MULTILINE)
        assert found is not None, mail.outbox[-1].body
        return found[1]

    def sign_up(
        self, client: Client, *, workspace: str, email: str = ADDRESS, password: str = PASSWORD
    ) -> None:
        form = {
            "name": f"Who began {workspace}",
            "email": email,
            "workspace_name": workspace,
            "password1": password,
            **loaded(),
        }
        with self.open():
            answer = client.post("/signup/", form)
        assert answer.status_code == 302, answer.content.decode()[-2000:]

    def ask_for_code(self, client: Client, email: str = ADDRESS) -> str:
        with self.open():
            client.post("/login/code/", {"email": email})
        return self.code()

    def sign_in_by_code(self, client: Client, email: str = ADDRESS):  # type: ignore[no-untyped-def]
        code = self.ask_for_code(client, email)
        with self.open():
            return client.post("/login/code/confirm/", {"code": code})


def is_signed_in(client: Client) -> bool:
    answer = client.get("/email/")
    return bool(answer.status_code == 200)
