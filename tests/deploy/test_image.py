"""The image: nothing secret goes into it, every role runs in it, and it writes to its two volumes alone."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from plg_site import queues, roles
from plg_site.devstack import ports
from plg_site.devstack.programs import without_made_up, without_services
from plg_site.devstack.stack import Stack
from tests.deploy import image

# A base of packages and all wheels: minutes.
pytestmark = [pytest.mark.stack, pytest.mark.endurance]
MOST = 400_000_000  # bytes, as it is stored and fetched
SITE = "image.localhost"
GOES_ON = 20  # seconds: longer than it takes to load the project


@pytest.fixture(scope="module")
def made() -> Iterator[image.Image]:
    folder = Path(tempfile.mkdtemp(prefix="plg-image-"))
    try:
        yield image.built(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def services(tmp_path_factory) -> Iterator[dict[str, str]]:
    """Databases that were prepared by the image itself, with a Stripe that is only simulated."""
    environ = without_services(without_made_up(os.environ))
    place = tmp_path_factory.mktemp("services")
    with Stack(place, throw_away=True, apart=True, environ=environ).start() as stack:
        yield image.environment(
            stack.env, SITE_DOMAIN=SITE, FILES_DOMAIN="image-files.localhost",
            CELERY_QUEUE="image", EVENTS_STREAM="image-events",
            WEB_BIND="127.0.0.1:8000",  # open to others it refuses to run with a simulated Stripe
        )  # fmt: skip


def answers(port: int, path: str = "/healthz") -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": SITE})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_it_is_small_and_says_what_it_is(made: image.Image, capsys):
    with capsys.disabled():
        print(f"\n  {made.bytes / 1e6:,.0f} MB as it is fetched")
    assert made.bytes <= MOST
    assert made.config["User"] == "10001:10001"
    assert made.config["Volumes"].keys() == {"/tmp", "/var/lib/plg"}  # noqa: S108
    assert made.config["Labels"]["org.opencontainers.image.version"] == "unknown"
    sbom = json.loads((made.root / "app" / "sbom.cdx.json").read_text())
    assert sbom["bomFormat"] == "CycloneDX"
    assert {"django", "celery"} <= {each["name"].lower() for each in sbom["components"]}


def test_what_is_not_for_it_is_not_in_it(made: image.Image):
    there = {path.name for path in (made.root / "app").iterdir()}
    assert not there & {".git", ".local", ".venv", "tests", "bench", "docs", "requirements-dev.txt"}
    assert not list((made.root / "opt" / "venv").rglob("site-packages/pip"))
    assert (made.root / "app" / ".static" / "staticfiles.json").is_file()


@pytest.mark.parametrize("role", sorted(roles.ROLES))
def test_every_role_starts_and_says_what_it_lacks(made: image.Image, role: str):
    ended = made.run(role)
    assert ended.returncode == roles.NOT_SET_UP, ended.stderr
    assert "- SECRET_KEY is not set" in ended.stderr


def test_every_role_runs_and_writes_nothing_but_its_volumes(made, services, tmp_path):
    began = time.time()
    prepared = made.run("prepare", **services)
    assert prepared.returncode == 0, f"{prepared.stdout[-2000:]}{prepared.stderr[-3000:]}"
    assert "Static files" not in prepared.stdout
    assert "prepared" in made.run("wait", "--timeout", "60", **services).stdout
    with psycopg.connect(services["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM tenants_poolschema").fetchone()
    _serves(made, ["web"], services, tmp_path, bind="WEB_BIND")
    _serves(made, ["live"], services, tmp_path, bind="LIVE_BIND")
    for queue in queues.ORDER:
        _lives(made, ["worker", queue], services, tmp_path)
    for role in ("events", "readers", "outbound", "beat", "background"):
        _lives(made, [role], services, tmp_path)
    assert image.written_since(made.root, began) == []


def _serves(made, words, env, folder, *, bind):
    port = ports.find_free()
    said = folder / words[0]
    with made.running(*words, said=said, **{**env, bind: f"127.0.0.1:{port}"}) as process:
        assert image.until(lambda: answers(port) or process.poll() is not None), said.read_text()
        assert process.poll() is None, said.read_text()[-3000:]


def _lives(made, words, env, folder):
    """Settings are read and it goes on, and ends when it is told to."""
    said = folder / "-".join(words)
    with made.running(*words, said=said, **env) as process:
        assert not image.until(lambda: process.poll() is not None, seconds=GOES_ON), (
            said.read_text()
        )
    assert process.returncode in {0, -15}, said.read_text()[-3000:]
