"""Settings that are unsafe are errors: of `check`, of the web process, and lines of `doctor`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from identity.models import User
from plg_site.configuration import safety
from plg_site.development import demo
from plg_site.devstack import ports
from plg_site.devstack.options import ROOT
from plg_site.doctor import security

LONG = "k3y-of-0ne-1nstallation-th4t-nobody-guesses"
PUBLIC = {
    "SITE_DOMAIN": "shop.dev", "APP_DOMAIN": "shop.dev", "PUBLIC_SCHEME": "https",
    "SECURE_HSTS_SECONDS": 86_400, "MAIL_OUTBOX_DIR": None, "STRIPE_SIMULATED": False,
}  # fmt: skip
UNSAFE = {
    "plg_site.E001": {"SECRET_KEY": "short"},
    "plg_site.E002": {"PUBLIC_SCHEME": "https", "SECURE_HSTS_SECONDS": 0},
    "plg_site.E003": {"SITE_DOMAIN": "shop.example", "FILES_DOMAIN": "files.shop.example"},
    "plg_site.E004": {"SITE_DOMAIN": "www.shop.example", "APP_DOMAIN": "shop.example"},
    "plg_site.E005": {"BIND_HOSTS": ["0.0.0.0"], "STRIPE_SIMULATED": True},  # noqa: S104
    "plg_site.E007": {"BIND_HOSTS": ["0.0.0.0"], "DEBUG": True, **PUBLIC},  # noqa: S104
    "plg_site.E008": {"BIND_HOSTS": ["::"], **PUBLIC, "PUBLIC_SCHEME": "http"},
    "plg_site.E009": {
        "STRIPE_LIVE_SECRET_KEY": "sk_live_x",
        "STRIPE_API_HOST": "http://127.0.0.1:12111",
    },
    "plg_site.E006": {"TRUSTED_PROXIES": ["10.0.0.0/8", "0.0.0.0/0"]},
}


@pytest.fixture
def sound(settings):
    settings.SECRET_KEY = LONG
    settings.SITE_DOMAIN = settings.APP_DOMAIN = "shop.example"
    settings.FILES_DOMAIN = "shop-files.example"
    settings.BIND_HOSTS = settings.TRUSTED_PROXIES = []
    settings.WEBHOOKS_TO_LOOPBACK = False
    return settings


def _errors() -> set[str]:
    found = checks.run_checks(tags=[checks.Tags.security])
    return {error.id for error in found if error.level >= checks.ERROR}


def test_sound_settings_pass(sound):
    assert not {error for error in _errors() if error.startswith("plg_site.")}


@pytest.mark.parametrize("error", sorted(UNSAFE))
def test_each_unsafe_setting_is_an_error_of_check_of_the_web_process_and_of_doctor(
    sound, db, error
):
    for name, value in UNSAFE[error].items():
        setattr(sound, name, value)
    if error == "plg_site.E004":
        sound.FILES_DOMAIN = "files.elsewhere.example"
    assert error in _errors()
    with pytest.raises(ImproperlyConfigured, match=error):
        safety.refuse_unsafe()
    assert error in {finding.facts.get("id") for finding in security.look()}


@pytest.mark.parametrize(
    ("environ", "hosts"),
    [
        ({}, []),
        ({"WEB_BIND": "127.0.0.1:8000,[::1]:8000"}, ["127.0.0.1", "::1"]),
        ({"WEB_BIND": "0.0.0.0:8000"}, ["0.0.0.0"]),  # noqa: S104
        ({"WEB_BIND": ":8000"}, [""]),
        ({"WEB_BIND": "unix:/run/web.sock"}, []),
        ({"WEB_BIND": "tcp://127.0.0.1:8000"}, ["127.0.0.1"]),
        ({"BIND_HOST": "192.0.2.7"}, ["192.0.2.7"]),
        ({"WEB_BIND": "127.0.0.1:1", "GUNICORN_CMD_ARGS": "--bind=0.0.0.0:80"}, ["0.0.0.0"]),  # noqa: S104
        ({"GUNICORN_CMD_ARGS": "--threads 2 -b :80 --bind [::1]:80"}, ["", "::1"]),
        ({"WEB_BIND": "127.0.0.1:1", "GUNICORN_CMD_ARGS": "--threads 2"}, ["127.0.0.1"]),
    ],
)
def test_where_the_web_process_listens_is_read_from_the_environment(environ, hosts):
    assert safety.bind_hosts(environ) == hosts


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "192.0.2.7", "shop.example"])  # noqa: S104
def test_a_host_that_others_reach_is_not_loopback(sound, host):
    sound.BIND_HOSTS, sound.STRIPE_SIMULATED = [host], True
    assert [unsafe.id for unsafe in safety.find()] == ["plg_site.E005"]


def test_nor_may_customers_have_this_machine_called_where_others_reach_it(sound):
    sound.MAIL_OUTBOX_DIR, sound.STRIPE_SIMULATED = None, False
    sound.BIND_HOSTS, sound.WEBHOOKS_TO_LOOPBACK = ["192.0.2.7"], True
    [unsafe] = safety.find()
    assert unsafe.id == "plg_site.E005"
    assert "webhooks" in unsafe.says


@pytest.mark.parametrize(
    "arguments", [{"WEB_BIND": ":{port}"}, {"GUNICORN_CMD_ARGS": "--bind 0.0.0.0:{port}"}, None]
)
def test_the_web_process_does_not_open_development_tools_to_others(arguments):
    """However it was told: by what it listens on."""
    port, command = ports.find_free(), [sys.executable, "-m", "gunicorn", "plg_site.wsgi"]
    env = {**os.environ, "WEB_WORKERS": "1"}
    if arguments is None:  # the command line wins, and no variable tells
        command += ["--bind", f"0.0.0.0:{port}"]
    else:
        env |= {name: value.format(port=port) for name, value in arguments.items()}
    ended = subprocess.run(
        [*command, "-c", "deploy/gunicorn.conf.py"],
        env=env, cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "plg_site.E005" in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("proxies", "passes"),
    [
        (["10.0.0.0/8", "172.16.0.0/12", "fc00::/7", "unix", "104.16.0.0/13", "2400:cb00::/32"], 1),
        (["::/0"], 0),
        (["0.0.0.0/1", "128.0.0.0/1"], 0),
        (["128.0.0.0/1"], 0),
        (["2000::/3"], 0),
        (["10.0.0.1/8"], 0),
    ],
)
def test_a_network_of_proxies_does_not_hold_their_clients(sound, proxies, passes):
    sound.TRUSTED_PROXIES = proxies
    assert [unsafe.id for unsafe in safety.find()] == ([] if passes else ["plg_site.E006"])


@pytest.mark.parametrize("key", [f"django-insecure-{LONG}", "ab" * 40, LONG[:31]])
@pytest.mark.parametrize("setting", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_every_key_that_is_believed_is_hard_to_guess(sound, key, setting):
    setattr(sound, setting, [key] if setting.endswith("S") else key)
    assert [unsafe.id for unsafe in safety.find()] == ["plg_site.E001"]


def test_the_web_process_does_not_start_with_a_secret_that_can_be_guessed():
    code = "import plg_site.wsgi"
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "plg_site.settings", "SECRET_KEY": "secret"}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True
    )
    assert ended.returncode != 0
    assert "SECRET_KEY is short" in ended.stderr


def test_doctor_names_demo_logins_that_work_where_strangers_come(sound, db):
    sound.PUBLIC_SCHEME, sound.SECURE_HSTS_SECONDS = "https", 31_536_000
    User.objects.create_user(demo.PEOPLE["admin"][0], demo.PASSWORD, is_staff=True)
    said = [finding.says for finding in security.look()]
    assert any(demo.PEOPLE["admin"][0] in words and "password" in words for words in said)


def test_doctor_names_staff_whose_address_is_not_proved(sound, people):
    User.objects.create_user("new@shop.example", "correct horse", is_staff=True)
    said = [finding.says for finding in security.look() if "not proved" in finding.says]
    assert len(said) == 1
    assert "new@shop.example" in said[0]
    assert "owner@acme.example" not in said[0]


@pytest.mark.parametrize("file", [f"requirements{name}.txt" for name in ("", "-dev", "-tracing")])
def test_every_package_is_installed_by_its_hash(file):
    text = (ROOT / file).read_text()
    named = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]
    assert named
    assert all(line.rstrip().endswith("\\") for line in named), "a pin without a hash"
    assert text.count("--hash=sha256:") >= len(named)


@pytest.mark.parametrize("domain", ["plg.localhost", "shop.test", "192.0.2.7", "shop.home.arpa"])
def test_at_home_neither_debug_nor_http_is_an_error(sound, domain):
    sound.SITE_DOMAIN = sound.APP_DOMAIN = domain
    sound.DEBUG, sound.BIND_HOSTS = True, ["0.0.0.0"]  # noqa: S104
    sound.MAIL_OUTBOX_DIR, sound.STRIPE_SIMULATED = None, False
    assert safety.find() == []


def test_domains_are_compared_in_small_letters():
    env = {**os.environ, "SITE_DOMAIN": "Shop.Example", "FILES_DOMAIN": "Files.Shop.example"}
    said = "from django.conf import settings as s; print(s.SITE_DOMAIN, s.FILES_DOMAIN)"
    command = [sys.executable, "-c", f"import django; {said}"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["shop.example", "files.shop.example"]
