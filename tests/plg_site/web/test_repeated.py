"""`{% twice %}`: a part that stands on a page in two places."""

from __future__ import annotations

import pytest
from django import forms
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


def test_fields_that_nobody_has_filled_in_are_rendered_once_and_others_each_time():
    class Ask(forms.Form):
        name = forms.CharField()

    class Other(forms.Form):
        name = forms.CharField(max_length=7)

    page = engines["django"].from_string(
        "{% unfilled form %}{{ form.name }}{{ how }}{% endunfilled %}"
    )

    def of(form: forms.Form, how: str) -> str:
        return str(page.render({"form": form, "how": how}, RequestFactory().get("/")))

    first = of(Ask(), "once")
    assert "once" in first
    assert of(Ask(), "again") == first
    assert 'value="Ada"' in of(Ask({"name": "Ada"}), "again")
    assert 'value="Bob"' in of(Ask(initial={"name": "Bob"}), "again")
    assert 'maxlength="7"' in of(Other(), "other")
    assert 'id="id_a-name"' in of(Ask(prefix="a"), "again")
    assert of(Ask(), "again") == first


@pytest.mark.parametrize("said", ["", "name", '"a.html" "b.html"', '"a.html'])
def test_anything_but_one_name_in_quotes_is_an_error(said):
    with pytest.raises(TemplateSyntaxError):
        rendered(f"{{% twice {said} %}}")
