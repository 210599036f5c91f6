"""Previews wait when there is too much to do; editing goes on."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("last", ["edit/preview/", "view_draft/"])
def test_a_preview_comes_later_with_words(client_for, editor, site, pressure_of, last):
    client, page = client_for(editor), f"/cms/pages/{site.privacy.pk}/"
    pressure_of(1)
    assert client.get(f"{page}{last}").status_code == 200
    pressure_of(2)
    answer = client.get(f"{page}{last}")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "60"
    assert "not lost" in answer.content.decode()
    assert client.get(f"{page}edit/").status_code == 200


def test_who_may_not_see_a_preview_is_told_nothing_of_it(client_for, people, site):
    address = f"/cms/pages/{site.privacy.pk}/edit/preview/"
    assert client_for().get(address).status_code == 302
    assert client_for(people.acme_owner).get(address).status_code in {302, 403}
