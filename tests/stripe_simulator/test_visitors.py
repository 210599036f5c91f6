"""The simulator takes any card: it answers this machine only, and only by its own name."""

from __future__ import annotations

import pytest

from tests.stripe_simulator.conftest import web


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},  # a stranger's name that leads here
        {"X-Forwarded-For": "192.0.2.7"},  # through a proxy
        {"Forwarded": "for=192.0.2.7"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/v1/customers", "/healthz"])
def test_who_comes_from_elsewhere_is_refused(world, path, headers):
    assert web.get(f"{world.url}{path}").status_code != 403
    answer = web.get(f"{world.url}{path}", headers=headers)
    assert answer.status_code == 403
    assert "this machine only" in answer.text
