"""An operator's journey on fresh databases: a domain of their own under https, TLS to Redis, a relay for
mail, secrets in files; then the website, the first administrator, what `doctor` says, a plan that is
sold, a backup, and an update of two webs one after the other."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from email import message_from_string, policy
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from bs4 import BeautifulSoup

from plg_site.devstack import ports, programs, valkey
from plg_site.devstack.options import ROOT
from plg_site.devstack.program import Program
from plg_site.devstack.programs import without_made_up, without_services
from plg_site.devstack.stack import Stack
from plg_site.walk import growing
from plg_site.walk.browser import Form, origin
from plg_site.walk.walker import Walk
from tests.outbound import smtp_server
from tests.plg_site import proxies
from tests.stack import behind_tls, tls_door
from tests.stack.backup.servers import Servers

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

DOMAIN, FIRST = "signpost.example", "first@operator.example"


@dataclass
class Installation:
    """Services with nothing in them, and the environment that an operator gives."""

    stack: Stack
    env: dict[str, str]
    mails: list[str]
    port: int = field(default_factory=ports.find_free)
    right: int = field(default_factory=ports.find_free)  # of the second web

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            programs.manage(*words), env=self.env, cwd=ROOT, capture_output=True, text=True,
            timeout=240,
        )  # fmt: skip

    def start(self) -> None:
        """Two webs, worker and the process that sends."""
        plain = self.stack.env["REDIS_URL"]
        waits = lambda: "cmd=brpop" in valkey.ask(plain, "CLIENT", "LIST")  # noqa: E731
        started = [
            programs.preloaded(self.env),  # forks the others, which is quicker than starting each
            *(self._web(name, port) for name, port in self.webs.items()),
            replace(programs.worker(self.env), ready=waits),
            programs.outbound(self.env),
        ]
        for program in started:
            self.stack.supervisor.start(program)
        for program in started:
            self.stack.wait_until_ready(program.name)

    def _web(self, name: str, port: int) -> Program:
        addresses = replace(self.stack.addresses, port=port)
        web = programs.web(addresses, self.env | {"WEB_WORKERS": "1"})
        return replace(web, name=name, stop_within=30.0)

    @property
    def webs(self) -> dict[str, int]:
        """Their ports."""
        return {"web": self.port, "web-right": self.right}


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
        "SIGNUP_FORM_SECONDS": "0",  # who fills in the form here types faster than people
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


@dataclass
class Customer(Walk):
    """Reads mails where the relay has them, and waits as long as it takes."""

    mails: list[str] = field(default_factory=list)

    def sign_up(self) -> None:
        form = self.user.open(f"{self.site}/signup/").form(field="workspace_name")
        said = {"name": "Wanda", "email": self.email, "workspace_name": f"Walk {self.run}"}
        page = self.user.submit(form, said | {"password1": "correct horse battery"})
        self.workspace = origin(str(page.url))

    def mail(self, to: str, subject: str) -> str:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            for raw in reversed(self.mails):
                letter = message_from_string(raw, policy=policy.default)
                if to in str(letter["To"]) and subject in str(letter["Subject"]):
                    body = letter.get_body(("plain",))
                    return body.get_content() if body else ""
            time.sleep(0.1)
        raise AssertionError(f"no mail to {to}")


@pytest.fixture(scope="module")
def walk(installation) -> Customer:
    """Somebody who becomes one, from one test to the next."""
    site, nobody = f"https://{DOMAIN}", ("", "")
    return Customer(
        site=site, target=site, editor=nobody, outsider=nobody, mails=installation.mails,
        user=behind_tls.browser(DOMAIN, installation.port),
    )  # fmt: skip


def test_an_operators_first_day(installation):
    first = installation.manage("prepare")
    assert first.returncode == 0, first.stdout + first.stderr
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
    until = time.monotonic() + 120
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


def test_then_a_plan_is_sold(installation, walk):
    walk.sign_up()
    assert walk.workspace == f"https://walk-{walk.run}.{DOMAIN}"
    growing.verify_the_address(walk)
    growing.upgrade(walk)
    walk.user.open(f"{walk.workspace}/billing/")
    walk.met["paid"] = walk.user.page.text


def test_then_a_backup_is_taken_and_the_doctor_knows(installation, walk):
    servers = Servers(installation.stack)
    try:
        with servers.receiving("main"):
            made = servers.script("base.sh", "main", BACKUP_REPORT="echo told of")
            size = re.findall(r"told of base main --bytes (\d+)", made)
            files = installation.stack.state.path / "uploads"
            servers.script("files.sh", "files", str(files))
            installation.manage("backup_report", "base", "main", "--bytes", *size)
            installation.manage("backup_report", "files", "files")
            said = installation.manage("doctor", "--json", "--only", "backups").stdout
            rows = [(row["level"], row["says"]) for row in json.loads(said)]
    finally:
        servers.close()
    worries = [says for level, says in rows if level != "fine"]
    assert len(worries) == 1, rows
    assert "restore" in worries[0], "that one is for a quiet day"


def test_then_it_is_updated_and_nobody_notices(installation, walk, tmp_path):
    """`prepare` of the next version, then one web after the other, while people use it."""
    failed, answered, stop = [], [], threading.Event()
    with proxies.caddy(
        tmp_path, list(installation.webs.values()), site=DOMAIN, believes=["127.0.0.0/8"]
    ) as port:
        somebody = behind_tls.browser(DOMAIN, port)

        def look() -> None:
            while not stop.wait(0.05):
                answer = somebody.http.get(f"https://{DOMAIN}/")
                (answered if answer.status_code == 200 else failed).append(answer.status_code)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            again = installation.manage("prepare")
            for name in installation.webs:
                installation.stack.restart(name)
        finally:
            stop.set()
            thread.join(60)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "0 migrations" in again.stdout
    assert failed == []
    assert len(answered) > 10
    walk.user.open(f"{walk.workspace}/billing/")
    assert walk.user.page.text == walk.met["paid"], "still signed in, with the plan that was paid"


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
