"""An editor's redirects make no circle, however long."""

from __future__ import annotations

import pytest
from django.conf import settings
from wagtail.contrib.redirects.models import Redirect

ADD = "/cms/redirects/add/"


@pytest.fixture
def add(client_for, people):  # type: ignore[no-untyped-def]
    user = people.outsider
    user.is_staff = user.is_superuser = True
    user.save()
    client = client_for(user)

    def make(old: str, link: str) -> bool:
        form = {"old_path": old, "site": "", "is_permanent": "on", "redirect_link": link}
        before = Redirect.objects.count()
        client.post(ADD, form)
        return Redirect.objects.count() > before

    return make


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_circle_is_refused(add, length: int) -> None:
    for number in range(length - 1):
        assert add(f"/circle{number}", f"{settings.SITE_URL}/circle{number + 1}")
    assert not add(f"/circle{length - 1}", f"{settings.SITE_URL}/circle0/")


def test_a_path_alone_counts_too(add) -> None:
    Redirect.objects.create(old_path="/one", redirect_link="/two")
    assert not add("/two", "/one")


def test_a_chain_that_arrives_is_taken(add) -> None:
    assert add("/one", f"{settings.SITE_URL}/two")
    assert add("/two", f"{settings.SITE_URL}/three")
    assert add("/zero", f"{settings.SITE_URL}/one")
    assert add("/four", "https://elsewhere.example/four")
