"""Environment variables fail loudly, all at once, and name themselves."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from plg_site import settings_reference
from plg_site.configuration import env
from plg_site.devstack.options import ROOT

# Of programs and of the tests; nobody sets them for an installation.
# No settings: Django is told which those are, tests where to stop, pydantic to look for no plugins.
NOT_SETTINGS = {"DJANGO_SETTINGS_MODULE", "PLG_STOP_AT", "PYDANTIC_DISABLE_PLUGINS"}


@pytest.fixture(autouse=True)
def nothing_wrong_from_others():
    env._wrong.clear()
    yield
    env._wrong.clear()


def test_all_that_is_missing_or_wrong_is_named_at_once_and_no_secret_is_shown():
    said = check(
        SECRET_KEY="",
        DATABASE_URL="postgres://me:hunter2@db/shop?sslmod=verify-full",
        EVENTS_DATABASE_URL="mysql://me:hunter2@db/other",
        REDIS_URL="http://cache",
        EMAIL_URL="mail.example",
        PUBLIC_SCHEME="gopher",
        API_RATE_PER_KEY="6/x",
        POOL_MIN="many",
        DEBUG="perhaps",
        CELERY_QUEUE="same",
        EVENTS_STREAM="same",
    )
    names = "SECRET_KEY DATABASE_URL EVENTS_DATABASE_URL REDIS_URL EMAIL_URL STRIPE_SECRET_KEY"
    for name in [*names.split(), "PUBLIC_SCHEME", "API_RATE_PER_KEY", "POOL_MIN", "DEBUG"]:
        assert f"- {name} " in said, name
    assert "sslmod" in said
    assert "CELERY_QUEUE and EVENTS_STREAM" in said
    assert "hunter2" not in said
    assert "Traceback" not in said


def check(**given: str) -> str:
    """What `manage.py check` says on stderr with these variables alone; it must fail."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=given, capture_output=True, text=True
    )
    assert done.returncode == 1
    return done.stderr


@pytest.mark.parametrize(("value", "meaning"), [("1", True), ("off", False), ("", True)])
def test_a_flag_is_yes_or_no(monkeypatch, value, meaning):
    monkeypatch.setenv("DEBUG", value)
    assert env.flag("DEBUG", True) is meaning
    env.refuse_wrong()


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.flag("X", False), "perhaps"),
        (lambda: env.number("X", 1), "many"),
        (lambda: env.rate("X", "1/s"), "0/s"),
        (lambda: env.one_of("X", "a", ("a", "b")), "c"),
        (lambda: env.postgres("X"), "mysql://somewhere/else"),
        (lambda: env.postgres("X"), "postgres://me@host"),
        (lambda: env.postgres("X"), "postgres://me:p%zz@host/db"),
        (lambda: env.postgres("X"), "postgres://me@host/db?sslmodus=require"),
        (lambda: env.redis("X"), "memcached://somewhere"),
        (lambda: env.smtp("nowhere"), ""),
    ],
)
def test_nonsense_is_refused(monkeypatch, read, value):
    monkeypatch.setenv("X", value)
    read()
    with pytest.raises(ImproperlyConfigured):
        env.refuse_wrong()


def test_a_database_address_is_taken_apart(monkeypatch):
    monkeypatch.setenv("X", "postgres://me:p%40ss@db.example:6543/shop")
    assert env.postgres("X") == {
        "NAME": "shop", "USER": "me", "PASSWORD": "p@ss", "HOST": "db.example", "PORT": "6543",
        "OPTIONS": {},
    }  # fmt: skip


def test_what_libpq_knows_reaches_it(monkeypatch):
    monkeypatch.setenv(
        "X", "postgres://me@a,b:5433/shop?sslmode=verify-full&target_session_attrs=read-write"
    )
    found = env.postgres("X")
    assert (found["HOST"], found["PORT"]) == ("a,b", ",5433")
    assert found["OPTIONS"] == {"sslmode": "verify-full", "target_session_attrs": "read-write"}
    monkeypatch.setenv("X", "postgresql:///shop?host=/run/postgresql")
    assert env.postgres("X")["HOST"] == "/run/postgresql"
    env.refuse_wrong()


def test_tls_to_redis_is_verified_unless_it_is_said_otherwise():
    assert env.redis_tls("redis://h:1/0") == ("redis://h:1/0", None)
    plain, options = env.redis_tls("rediss://h:1/0?ssl_ca_certs=/ca.pem&health_check_interval=5")
    assert plain == "rediss://h:1/0?health_check_interval=5"
    assert options == {
        "ssl_cert_reqs": "required", "ssl_check_hostname": True, "ssl_ca_certs": "/ca.pem"
    }  # fmt: skip
    assert env.redis_tls("rediss://h?ssl_check_hostname=false")[1]["ssl_check_hostname"] is False


@pytest.mark.parametrize(
    ("url", "port", "starttls", "tls"),
    [
        ("smtp://me:secret@mail.example", 587, True, False),
        ("smtps://mail.example", 465, False, True),
        ("smtp+plain://localhost:2525", 2525, False, False),
    ],
)
def test_a_mail_address_becomes_djangos_settings(url, port, starttls, tls):
    found = env.smtp(url)
    assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (
        port, starttls, tls,
    )  # fmt: skip


def test_a_secret_may_lie_in_a_file(monkeypatch, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("a secret of two words\n")
    monkeypatch.setenv("X_FILE", str(secret))
    assert env.text("X") == "a secret of two words"
    monkeypatch.setenv("ANYMAIL_TOKEN_FILE", str(secret))
    assert env.with_prefix("ANYMAIL_")["TOKEN"] == "a secret of two words"
    env.refuse_wrong()
    monkeypatch.setenv("X", "another")
    env.text("X")
    with pytest.raises(ImproperlyConfigured, match="X and X_FILE are both set"):
        env.refuse_wrong()
    monkeypatch.delenv("X")
    monkeypatch.setenv("X_FILE", str(tmp_path / "nowhere"))
    env.text("X")
    with pytest.raises(ImproperlyConfigured, match="X_FILE cannot be read: FileNotFoundError"):
        env.refuse_wrong()


def test_each_variable_is_documented_and_the_page_is_what_the_settings_say():
    read = settings_reference.read_by_settings()
    assert settings_reference.PAGE.read_text() == settings_reference.page(read), (
        "bin/manage settings_reference"
    )
    with pytest.raises(settings_reference.Undocumented, match="NEW_ONE"):
        settings_reference.page(read | {"NEW_ONE": env.Read("text", "")})


def test_nothing_but_the_settings_reads_the_environment_of_an_installation():
    """Else a variable could matter that no page names."""
    pattern = re.compile(r"""\bos\.environ(?:\.get\(|\[|\.setdefault\()\s*["'](\w+)["']""")
    page = settings_reference.PAGE.read_text()
    found = {
        (name, str(path.relative_to(ROOT)))
        for path in installed_sources()
        for name in pattern.findall(path.read_text())
    }
    assert found, "the pattern finds those that there are"
    unknown = {pair for pair in found if pair[0] not in NOT_SETTINGS and f"`{pair[0]}`" not in page}
    assert unknown == set()


def installed_sources() -> list[Path]:
    """Python that runs in production: neither tests and benches nor what starts a development stack."""
    apps = [app for app in settings.SHARED_APPS if (ROOT / app).is_dir()]
    folders = [ROOT / name for name in (*apps, "plg_site", "deploy")]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    kept_out = {ROOT / "plg_site" / name for name in ("devstack", "product_template", "walk")}
    kept_out |= {ROOT / "cms" / "seed"}  # an example in an article
    assert all(path.is_dir() for path in kept_out)
    return [path for path in files if not kept_out & set(path.parents)]
