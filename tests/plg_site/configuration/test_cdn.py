"""Who is told of changed pages comes from the environment, and what lacks is said by name."""

from __future__ import annotations

import pytest
from django.utils.module_loading import import_string

from plg_site.configuration import cdn, env


@pytest.fixture
def made(monkeypatch):
    """`made(CDN=…)`: the backends, and what was found wrong."""
    monkeypatch.setattr(env, "_wrong", [])

    def make(**given: str):
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        return cdn.backends(), env._wrong

    return make


def test_by_default_nobody_is_told(made):
    assert made() == ({}, [])


def test_varnish_takes_it_at_several_addresses(made):
    found, wrong = made(CDN="http", CDN_PURGE_URLS="http://10.0.0.5:6081, http://10.0.0.6:6081")
    assert found["http"]["LOCATIONS"] == ["http://10.0.0.5:6081", "http://10.0.0.6:6081"]
    assert wrong == []


@pytest.mark.parametrize(
    "given",
    [
        {"CDN": "cloudfront", "CDN_DISTRIBUTION": "E1"},
        {"CDN": "cloudflare", "CDN_ZONE": "z", "CDN_TOKEN": "t"},
        {"CDN": "http", "CDN_PURGE_URLS": "http://10.0.0.5:6081"},
    ],
)
def test_each_backend_is_there_and_takes_what_it_is_given(made, given):
    [(_, options)], wrong = made(**given)[0].items(), []
    backend = import_string(options.pop("BACKEND"))
    assert backend(options)
    assert wrong == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"CDN": "cloudfront"}, "CDN_DISTRIBUTION"),
        ({"CDN": "cloudflare", "CDN_ZONE": "z"}, "CDN_TOKEN"),
        ({"CDN": "http"}, "CDN_PURGE_URLS"),
        ({"CDN": "http", "CDN_PURGE_URLS": "10.0.0.5:6081"}, "CDN_PURGE_URLS"),
        ({"CDN": "squid"}, "CDN must be"),
    ],
)
def test_what_lacks_is_said_by_name(made, given, named):
    found, wrong = made(**given)
    assert found == {}
    assert named in " ".join(wrong)
