"""`{% twice %}`: a part that stands on a page in two places."""

from __future__ import annotations

import pytest
from django.template import TemplateSyntaxError, engines
from django.test import RequestFactory

SOURCE = '{% twice "components/brand.html" %}|{% twice "components/brand.html" %}'


def rendered(source: str, **context: object) -> str:
    return str(engines["django"].from_string(source).render(context, RequestFactory().get("/")))


def test_both_places_say_what_an_include_says():
    included = rendered(SOURCE.replace("twice", "include"))
    assert rendered(SOURCE) == included
    assert included.partition("|")[0]


def test_it_is_rendered_once_for_a_page_and_anew_for_the_next():
    asked: list[int] = []

    class Item:
        url, icon, current = "/x/", "mail", False

        @property
        def label(self) -> str:
            asked.append(1)
            return "Reports"

    source = SOURCE.replace("brand", "side_nav")
    for page in (1, 2):
        assert rendered(source, workspace_nav=[Item()]).count("Reports") == 2
        assert len(asked) == page


@pytest.mark.parametrize("said", ["", "name", '"a.html" "b.html"', '"a.html'])
def test_anything_but_one_name_in_quotes_is_an_error(said):
    with pytest.raises(TemplateSyntaxError):
        rendered(f"{{% twice {said} %}}")
