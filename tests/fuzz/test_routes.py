"""Every address of the site, a workspace and the files host, by everybody, with whatever comes to mind.

Nothing ends in a 500. What a request writes is taken back, so each meets the same world; examples
are bounded and the same in every run.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds
from hypothesis import strategies as st

from tenants import schema
from tenants.models import Membership
from tests.fuzz.routes import FILES, SITE, WORKSPACE, Route, pairs, values

EXAMPLES = 2  # of each address, method and person
ADMIN = "cms/"  # Wagtail's own addresses: three hundred, so fewer examples and for editors only
AS_SAID = {503}  # what we need is not there (Stripe, in these tests): said in words


@dataclass
class Visit:
    """Somebody with a browser, on a host."""

    client: Client
    ids: dict[str, object]
    failed: list[str] = field(default_factory=list)
    asked: int = 0
    seen: set[int] = field(default_factory=set)

    def ask(self, method: str, path: str, query: str, form: Any = None, **headers: str) -> Any:
        """One request; what it did is undone. None where the request cannot be made at all."""
        cookies = copy.deepcopy(self.client.cookies)
        address = f"{path}?{query}" if query else path
        self.asked += 1
        answer = None
        try:
            with transaction.atomic():
                options = {"data": form} if form is not None else {}
                answer = getattr(self.client, method)(address, headers=headers, **options)
                transaction.set_rollback(True)
        except Exception as error:
            said = f"{type(error).__name__}: {str(error)[:160]}"
            self.failed.append(f"{method} {address[:200]} {str(form)[:300]}: {said}")
        self.client.cookies = cookies
        if answer is not None:
            self.seen.add(answer.status_code)
            if answer.status_code >= 500 and answer.status_code not in AS_SAID:
                self.failed.append(f"{method} {address[:200]} {form}: {answer.status_code}")
        return answer


def try_all(visit: Visit, routes: list[Route], *, examples: int = EXAMPLES) -> None:
    for route in routes:
        _try_queries(visit, route, examples)
        _try_forms(visit, route, examples)


def _bounded(examples: int) -> Callable[[Any], Any]:
    return bounds(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def _try_queries(visit: Visit, route: Route, examples: int) -> None:
    @_bounded(examples)
    @given(pairs, values, st.booleans())
    def run(query: list[tuple[str, str]], text: str, by_htmx: bool) -> None:
        headers = {"HX-Request": "true"} if by_htmx else {}
        path = route.path(visit.ids, text or "x")
        visit.ask("get", path, urlencode(query, errors="surrogatepass"), **headers)

    run()


def _try_forms(visit: Visit, route: Route, examples: int) -> None:
    """Its own form, where the page shows one, and names that it does not have."""
    path = route.path(visit.ids, "x")
    shown = visit.ask("get", path, "")
    fields = _fields(shown)

    @_bounded(examples)
    @given(pairs, st.lists(values, min_size=len(fields), max_size=len(fields)), st.data())
    def run(more: list[tuple[str, str]], said: list[str], data: Any) -> None:
        form: dict[str, Any] = dict(more) if not fields else {}
        for (name, given_value), value in zip(fields.items(), said, strict=True):
            form[name] = value if data.draw(st.booleans()) else given_value
        visit.ask("post", path, "", form)

    run()


def _fields(answer: Any) -> dict[str, str]:
    if answer is None or "text/html" not in answer.headers.get("Content-Type", ""):
        return {}
    if getattr(answer, "streaming", False):
        return {}
    main = BeautifulSoup(answer.content, "html.parser").find("main")
    found = main.find_all(["input", "select", "textarea", "button"]) if main else []
    named = {tag["name"]: tag.get("value", "") for tag in found if tag.get("name")}
    return {name: value for name, value in named.items() if name != "csrfmiddlewaretoken"}


def _no_failures(visit: Visit, routes: list[Route]) -> None:
    assert not visit.failed, "\n".join([f"{len(visit.failed)} of {visit.asked}", *visit.failed])
    assert visit.asked >= len(routes) * 3
    assert visit.seen & {200, 302}, "nobody was let in anywhere"


@pytest.fixture
def ids(acme, people) -> dict[str, object]:
    from product.models import Link

    with schema.inside(acme):
        link = Link.objects.first()
    return {
        "link_id": link.id if link else "",
        "membership_id": Membership.objects.for_tenant(acme).get(user=people.acme_member).id,
        "meter": "clicks",
        "tenant_id": acme.id,
    }


@pytest.fixture
def staff(people):
    user = people.outsider
    user.is_staff = user.is_superuser = True
    user.save()
    return user


THOROUGH = pytest.mark.thorough
MOST = [pytest.param(who, marks=THOROUGH) for who in ("visitor", "owner", "staff")]
WHO = ["member", *MOST]


def somebody(who: str, people, staff):
    known = {"member": people.acme_member, "owner": people.acme_owner, "staff": staff}
    return known.get(who)


@pytest.mark.parametrize("who", WHO)
def test_a_workspace_answers_everybody_without_a_500(client_for, people, staff, acme, ids, who):
    visit = Visit(client_for(somebody(who, people, staff), acme), ids)
    try_all(visit, WORKSPACE)
    assert not visit.failed, "\n".join([f"{len(visit.failed)} of {visit.asked}", *visit.failed])
    assert visit.asked >= len(WORKSPACE) * 3


@pytest.mark.parametrize("who", WHO)
def test_the_site_answers_everybody_without_a_500(client_for, people, staff, ids, who):
    own = [route for route in SITE if not route.pattern.startswith(ADMIN)]
    visit = Visit(client_for(somebody(who, people, staff)), ids)
    try_all(visit, own)
    _no_failures(visit, own)


@THOROUGH
def test_the_editors_pages_answer_without_a_500(client_for, staff, ids):
    theirs = [
        route
        for route in SITE
        if route.pattern.startswith(ADMIN) and not route.pattern.endswith("failwhale/")  # is one
    ]
    assert len(theirs) > 100
    visit = Visit(client_for(staff), {})
    try_all(visit, theirs, examples=1)
    _no_failures(visit, theirs)


def test_the_files_host_answers_without_a_500(db):
    host = f"{settings.FILES_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"
    visit = Visit(Client(headers={"host": host}), {})
    try_all(visit, FILES, examples=20)
    assert not visit.failed, "\n".join(visit.failed)


@pytest.mark.parametrize("path", ["/login/", "/signup/", "/login/code/", "/go/", "/logout/"])
def test_no_way_out_is_an_error(client_for, people, path):
    for user in (None, people.acme_member):
        visit = Visit(client_for(user), {})
        _ask_for_many(visit, path)
        assert not visit.failed, "\n".join(visit.failed)


def _ask_for_many(visit: Visit, path: str) -> None:
    @_bounded(25)
    @given(values)
    def run(value: str) -> None:
        visit.ask("get", path, urlencode({"next": value}, errors="surrogatepass"))

    run()
