"""Two web processes behind the shipped rules of Caddy or nginx, restarted one after the other: nobody
notices. And one that dies, and stays away."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from plg_site.devstack import ports, programs
from plg_site.devstack.stack import Stack
from tests.plg_site import proxies
from tests.stack import light_traffic
from tests.stack.survival import load

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

NAMES = ("web-left", "web-right")
LEAST = 500  # requests


@pytest.fixture
def webs(stack: Stack) -> Iterator[list[int]]:
    """Their ports."""
    found = []
    # Drained, as in production; a development stack restarts at once.
    as_in_production = {"TRUSTED_PROXIES": "127.0.0.1/32", "DRAIN_SECONDS": "3"}
    env = stack.env | {"WEB_WORKERS": "1"} | as_in_production
    for name in NAMES:
        port = ports.find_free()
        program = programs.web(replace(stack.addresses, port=port), env)
        stack.supervisor.start(replace(program, name=name))
        found.append(port)
    for name in NAMES:
        stack.wait_until_ready(name)
    yield found
    for name in NAMES:
        stack.kill(name, stay_down=True)


@pytest.fixture(params=["caddy", "nginx"])
def proxy(request):
    """What stands in front: `proxy(folder, webs, site=…)`."""
    if request.param == "nginx":
        proxies.nginx_program(install=True)
    return getattr(proxies, request.param)


def test_a_rolling_restart_fails_no_request(stack: Stack, webs, proxy, tmp_path, capsys):
    workspace = load.furnish(stack, f"rolling-{proxy.__name__}")
    site = stack.addresses.domain
    with (
        proxy(tmp_path, webs, site=site) as port,
        light_traffic.light(workspace, port) as traffic,
    ):
        light_traffic.until_answered(traffic, LEAST // 10)
        for _ in range(2):
            for name in NAMES:
                before, done = stack.process(name).pid, traffic.answered
                stack.restart(name)
                assert stack.process(name).pid != before
                light_traffic.until_answered(traffic, done + 20)  # all is as it was
        light_traffic.until_answered(traffic, LEAST)
    with capsys.disabled():
        print(f"\n  4 restarts: {traffic.answered} answered, {traffic.sign_ups} sign-ups,", end=" ")
        print(f"{len(traffic.failed)} failed")
    assert traffic.failed == []
    assert traffic.answered >= LEAST
    assert traffic.sign_ups >= 10


def test_a_web_process_that_is_gone_fails_no_request(stack: Stack, webs, proxy, tmp_path):
    """Stopped as an operator stops it, and away for good."""
    workspace = load.furnish(stack, f"gone-{proxy.__name__}")
    with (
        proxy(tmp_path, webs, site=stack.addresses.domain) as port,
        light_traffic.light(workspace, port) as traffic,
    ):
        light_traffic.until_answered(traffic, 30)
        stack.kill(NAMES[0], signal.SIGTERM, stay_down=True)
        light_traffic.until_answered(traffic, traffic.answered + 100)
    assert traffic.failed == []
