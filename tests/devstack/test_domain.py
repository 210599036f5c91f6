"""`bin/dev --domain NAME`: names that every program finds, and that lead nowhere but here."""

from __future__ import annotations

import socket

import pytest

from plg_site.devstack import domain
from plg_site.devstack.domain import NotOurs
from plg_site.devstack.options import ROOT
from plg_site.devstack.stack import Stack
from tests.devstack.adopters import in_tree


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A name server: what ends so, leads there."""
    known: dict[str, str] = {}

    def ask(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        for end, address in known.items():
            if host.endswith(end):
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", ask)
    return known


def test_site_workspaces_and_files_get_names_below_it(names: dict[str, str]) -> None:
    names[".dev.example.com"] = "127.0.0.1"
    assert domain.variables("Dev.Example.com.") == {
        "SITE_DOMAIN": "plg.dev.example.com",
        "APP_DOMAIN": "plg.dev.example.com",
        "FILES_DOMAIN": "plg-files.dev.example.com",
    }


@pytest.mark.parametrize(
    "name", ["http://example.com", "example", "a b.com", "-x.com", "x..com", ""]
)
def test_what_is_no_domain_is_said_to_be_none(names: dict[str, str], name: str) -> None:
    with pytest.raises(NotOurs, match="is no domain"):
        domain.variables(name)


def test_a_name_that_leads_elsewhere_is_refused(names: dict[str, str]) -> None:
    names[".dev.example.com"] = "192.0.2.7"
    with pytest.raises(NotOurs, match=r"leads to 192\.0\.2\.7"):
        domain.variables("dev.example.com")


def test_a_wildcard_for_one_level_only_is_noticed(names: dict[str, str]) -> None:
    """Each workspace has a name below that of the site."""
    names["any-workspace.plg.dev.example.com"] = "192.0.2.7"
    names[".dev.example.com"] = "127.0.0.1"
    with pytest.raises(NotOurs, match=r"any-workspace\.plg"):
        domain.variables("dev.example.com")


def test_the_command_says_what_is_missing(bare_environ: dict[str, str]) -> None:
    ended = in_tree(ROOT, "bin/dev", "--domain", "nowhere.invalid", environ=bare_environ)
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    assert "*.nowhere.invalid" in ended.stderr


def test_a_stack_has_its_addresses_there(
    names: dict[str, str], bare_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names[".dev.example.com"] = "127.0.0.1"
    environ = domain.given("dev.example.com", bare_environ)
    monkeypatch.undo()
    with Stack(environ=environ).start(services_only=True) as stack:
        assert stack.site_url.startswith("http://plg.dev.example.com:")
        assert stack.workspace_url("acme").startswith("http://acme.plg.dev.example.com:")
        said = stack.manage("check", "--tag", "security")
        assert said.returncode == 0, said.stderr
        assert ".plg.dev.example.com" in stack.env["NO_PROXY"]
