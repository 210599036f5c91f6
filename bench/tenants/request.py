"""A page of a workspace against the same view, with the same queries, in plain Django.

Ours looks up the host, enters the schema and takes a connection that another workspace had before;
the reference has one customer and Django's own backend. Both are asked in turns, request by request,
so that a slow moment of the machine meets both.
"""

from __future__ import annotations

import http.client
import itertools
import statistics
import sys
import time
from dataclasses import dataclass

from bench import project
from bench.figures import Figure
from bench.sizes import Size
from bench.tenants import deployed
from plg_site.devstack import ports, programs
from plg_site.devstack.options import ROOT
from plg_site.devstack.program import Program
from plg_site.devstack.stack import Stack

REQUESTS = 1_000
WORKSPACES = 5
PAGE = "/links/"


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    log = project.set_up("request", stack=stack, tables=True)
    members = [a_member(f"page-{number}") for number in range(WORKSPACES)]
    plain_port = ports.find_free()
    env = log.env | {"DEBUG": "0", "WATCH_FILES": "0", "WEB_WORKERS": "1"}
    deployed.collect_static(stack, env)
    web = programs.web(stack.addresses, env)
    with log.running(web, _plain(env, plain_port, members[0])):
        ours = [Caller(stack.addresses.port, member) for member in members]
        plain = [Caller(plain_port, members[0]) for _ in members]
        _turns(ours, plain, requests=10 * WORKSPACES)  # warm
        runs = [_turns(ours, plain, requests=size.of(REQUESTS)) for _ in range(size.runs)]
    ratios = sorted(one / other for one, other in runs)
    median = next(run for run in runs if run[0] / run[1] == ratios[len(ratios) // 2])
    return [
        Figure(
            name="a page of a workspace",
            value=median[0] * 1000,
            unit="ms",
            reference="ms, the same view and queries in plain Django",
            reference_value=median[1] * 1000,
            bar=1.1,
            better="less",
            note=f"{PAGE} of {WORKSPACES} workspaces in turn; runs: "
            + ", ".join(f"{ratio:.3f}" for ratio in ratios),
        )
    ]


@dataclass(frozen=True)
class Member:
    """An owner of a workspace with some links, signed in."""

    host: str
    schema: str
    cookie: str


def a_member(slug: str) -> Member:
    from django.conf import settings
    from django.test import Client

    from product.models import Link
    from tenants import schema
    from tenants.models import Membership

    tenant = project.make_workspace(slug)
    with schema.inside(tenant):
        for number in range(10):
            Link.objects.create(code=f"link-{number}", target_url="https://example.com/sale")
    host = f"{slug}.{settings.APP_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"
    client = Client(headers={"host": host})
    client.force_login(Membership.objects.for_tenant(tenant).get().user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    return Member(host, tenant.schema_name, f"{settings.SESSION_COOKIE_NAME}={cookie}")


class Caller:
    """A browser of one member, with a connection that it keeps, who looks at a page that `says` so."""

    def __init__(
        self, port: int, member: Member, *, page: str = PAGE, says: bytes = b"link-9"
    ) -> None:
        self._page, self._says = page, says
        self._connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=30)
        self._headers = {"Host": member.host, "Cookie": member.cookie}

    def seconds(self) -> float:
        """How long the page took. Raises RuntimeError when it is not the page."""
        began = time.perf_counter()
        self._connection.request("GET", self._page, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        taken = time.perf_counter() - began
        if answer.status != 200 or self._says not in body:
            raise RuntimeError(f"{answer.status}: {body[:300]!r}")
        return taken


def _turns(ours: list[Caller], plain: list[Caller], *, requests: int) -> tuple[float, float]:
    """The median of each, asked one after the other."""
    pairs = [
        (mine.seconds(), other.seconds())
        for mine, other in itertools.islice(
            itertools.cycle(zip(ours, plain, strict=True)), requests
        )
    ]
    mine, others = zip(*pairs, strict=True)
    return statistics.median(mine), statistics.median(others)


def _plain(env: dict[str, str], port: int, member: Member) -> Program:
    """The project with Django's own backend, on a port of its own."""
    return Program(
        name="plain",
        command=[
            *(sys.executable, "-m", "gunicorn", "bench.tenants.plain"),
            *("-c", str(ROOT / "deploy" / "gunicorn.conf.py")),
        ],
        env={
            **env,
            "DJANGO_SETTINGS_MODULE": "bench.tenants.plain_settings",
            "PLAIN_SCHEMA": member.schema,
            "WEB_BIND": f"{ports.LOOPBACK}:{port}",
        },
        ready=lambda: ports.answers(port),
        layer=programs.APPLICATION,
    )
