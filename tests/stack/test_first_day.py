"""An operator's first day on fresh databases: a domain of their own under https, TLS to Redis, a relay
for mail, secrets in files; then the website, the first administrator, and what `doctor` says."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from bs4 import BeautifulSoup

from plg_site.devstack import ports, programs, valkey
from plg_site.devstack.options import ROOT
from plg_site.devstack.programs import without_made_up, without_services
from plg_site.devstack.stack import Stack
from plg_site.walk.browser import Form
from tests.outbound import smtp_server
from tests.stack import tls_door

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

DOMAIN, FIRST = "signpost.example", "first@operator.example"


@dataclass
class Installation:
    """Services with nothing in them, and the environment that an operator gives."""

    stack: Stack
    env: dict[str, str]
    mails: list[str]
    port: int = field(default_factory=ports.find_free)

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            programs.manage(*words), env=self.env, cwd=ROOT, capture_output=True, text=True,
            timeout=240,
        )  # fmt: skip

    def start(self) -> None:
        """Web, worker and the process that sends."""
        addresses = replace(self.stack.addresses, port=self.port)
        plain = self.stack.env["REDIS_URL"]
        waits = lambda: "cmd=brpop" in valkey.ask(plain, "CLIENT", "LIST")  # noqa: E731
        for program in (
            programs.web(addresses, self.env),
            replace(programs.worker(self.env), ready=waits),
            programs.outbound(self.env),
        ):
            self.stack.supervisor.start(program)
        for name in ("web", "worker", "outbound"):
            self.stack.wait_until_ready(name)


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("operator")
    environ = without_services(without_made_up(os.environ))
    with ExitStack() as held:
        stack = Stack(throw_away=True, environ=environ).start(services_only=True)
        held.enter_context(stack)
        stack.supervisor.start(programs.stripe(stack.state, stack.addresses, stack.env))
        stack.wait_until_ready("stripe")
        mail = held.enter_context(smtp_server.running())
        redis = urlsplit(stack.env["REDIS_URL"])
        door = held.enter_context(tls_door.running(redis.port or 6379, folder))
        yield Installation(stack, _given(stack, folder, door, mail.port), mail.mails)


def _given(stack: Stack, folder: Path, door: int, mail: int) -> dict[str, str]:
    (folder / "secret").write_text(stack.env["SECRET_KEY"] + "\n")
    redis = urlsplit(stack.env["REDIS_URL"])
    who = f"{redis.netloc.rpartition('@')[0]}@" if "@" in redis.netloc else ""
    given = {
        "SECRET_KEY_FILE": str(folder / "secret"),
        "DATABASE_URL": f"{stack.env['DATABASE_URL']}?application_name=plg&sslmode=prefer",
        "REDIS_URL": f"rediss://{who}127.0.0.1:{door}/0?ssl_ca_certs={folder / 'ca.pem'}",
        "EMAIL_URL": f"smtp+plain://127.0.0.1:{mail}",
        "PUBLIC_SCHEME": "https",
        "PUBLIC_PORT": "443",
        "SITE_DOMAIN": DOMAIN,
        "FILES_DOMAIN": "files.example",
        "SUPPORT_EMAIL": f"help@{DOMAIN}",
        "TRUSTED_PROXIES": "127.0.0.0/8",
    }
    made_up = {"SECRET_KEY", "MAIL_OUTBOX", "WATCH_FILES", "LIVE_URL", "SHOW_ERRORS", "PLG_MADE_UP"}
    kept = {name: value for name, value in stack.env.items() if name not in made_up}
    return {**kept, **given}


@dataclass
class Visitor:
    """A browser behind the proxy that ends TLS: cookies are kept to https, so they are carried by hand."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, body, and where it leads."""
        headers = {
            "Host": DOMAIN, "Origin": f"https://{DOMAIN}", "Referer": f"https://{DOMAIN}{path}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https",
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST" if form else "GET", path, form and urlencode(form), headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        connection.close()
        return answer.status, body, answer.headers.get("Location", "")

    def fill_in(self, path: str, name: str, value: str) -> str:
        """Send the form with this field; where it leads."""
        _, body, _ = self.ask(path)
        found = BeautifulSoup(body, "html.parser").find("input", attrs={"name": name})
        assert found is not None, body[:2000]
        defaults = Form(found.find_parent("form"), path).defaults
        status, said, leads = self.ask(path, {**defaults, name: value})
        assert status == 302, said[:2000]
        return urlsplit(leads).path


def test_an_operators_first_day(installation):
    first = installation.manage("prepare")
    assert first.returncode == 0, first.stdout + first.stderr
    again = installation.manage("prepare")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "0 migrations" in again.stdout
    refused = installation.manage("prepare", "--demo")
    assert refused.returncode != 0
    assert "everybody can read" in refused.stderr

    installation.start()
    visitor = Visitor(installation.port)
    status, page, _ = visitor.ask("/")
    assert status == 200
    assert f"<title>{_brand()}" in page
    assert "Wagtail" not in page

    said = installation.manage("start_here", "--email", FIRST)
    assert said.returncode == 0, said.stderr
    until = time.monotonic() + 30
    while not any(FIRST in mail for mail in installation.mails):
        assert time.monotonic() < until, "the mail with the code has not come"
        time.sleep(0.1)
    [code] = re.findall(r"^([A-Z0-9]{4}-[A-Z0-9]{4})\r?$", installation.mails[-1], re.MULTILINE)
    assert visitor.fill_in("/login/code/", "email", FIRST) == "/login/code/confirm/"
    visitor.fill_in("/login/code/confirm/", "code", code)
    status, account, _ = visitor.ask("/account/")
    assert status == 200
    assert FIRST in account

    found = installation.manage("doctor", "--json", "--only", "security", "--only", "website")
    problems = [row["says"] for row in json.loads(found.stdout) if row["level"] == "problem"]
    assert problems == [], "the installation is usable as it is"


def test_a_certificate_of_nobody_known_is_refused(installation):
    unknown = dict(installation.env)
    unknown["REDIS_URL"] = unknown["REDIS_URL"].partition("?")[0]
    script = (
        "import django; django.setup()\n"
        "from plg_site.celery import app\n"
        "with app.connection_for_write() as broker: broker.ensure_connection(max_retries=1)\n"
    )
    done = [
        subprocess.run(
            [sys.executable, "-c", script], env=env, cwd=ROOT, capture_output=True, text=True
        )
        for env in (installation.env, unknown)
    ]
    assert done[0].returncode == 0, done[0].stderr
    assert done[1].returncode != 0
    assert "CERTIFICATE_VERIFY_FAILED" in done[1].stderr


def test_the_database_must_speak_tls_where_the_address_says_so(installation):
    strict = dict(installation.env)
    strict["DATABASE_URL"] = strict["DATABASE_URL"].replace("sslmode=prefer", "sslmode=verify-full")
    done = subprocess.run(
        programs.manage("prepare"), env=strict, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "SSL" in done.stderr


def _brand() -> str:
    from plg_site.configuration import site_file

    return site_file.brand().name
