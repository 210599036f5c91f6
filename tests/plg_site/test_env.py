"""Environment variables fail loudly and name themselves."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from plg_site import env


def test_a_missing_variable_is_named(monkeypatch):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        env.text("SECRET_KEY")


@pytest.mark.parametrize(("value", "meaning"), [("1", True), ("off", False), ("", True)])
def test_a_flag_is_yes_or_no(monkeypatch, value, meaning):
    monkeypatch.setenv("DEBUG", value)
    assert env.flag("DEBUG", True) is meaning


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.flag("X", False), "perhaps"),
        (lambda: env.number("X", 1), "many"),
        (lambda: env.postgres("X"), "mysql://somewhere/else"),
        (lambda: env.smtp("nowhere"), ""),
    ],
)
def test_nonsense_is_refused(monkeypatch, read, value):
    monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured):
        read()


def test_a_database_address_is_taken_apart(monkeypatch):
    monkeypatch.setenv("X", "postgres://me:p%40ss@db.example:6543/shop")
    found = env.postgres("X")
    assert found == {
        "NAME": "shop", "USER": "me", "PASSWORD": "p@ss", "HOST": "db.example", "PORT": "6543"
    }  # fmt: skip


def test_a_mail_address_becomes_djangos_settings():
    found = env.smtp("smtp://me:secret@mail.example")
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == (
        "mail.example",
        587,
        True,
    )
