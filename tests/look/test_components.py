"""What the components promise to readers of screens, and at their edges."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.template.loader import render_to_string


class Sample(forms.Form):
    name = forms.CharField(label="Link name", help_text="Visitors never see it.")
    note = forms.CharField(required=False)


def component(name: str, **context: Any) -> str:
    return render_to_string(f"components/{name}.html", context)


@pytest.mark.parametrize(
    ("used", "limit", "state"),
    [(7, 10, ""), (8, 10, "meter--warn"), (10, 10, "meter--full"), (12, 10, "meter--full")],
)
def test_a_meter_warns_from_eighty_percent_and_says_when_it_is_full(
    used: int, limit: int, state: str
) -> None:
    html = component("meter", label="Links", used=used, limit=limit)
    assert ("meter--" in html) is bool(state)
    assert state in html
    assert f'aria-valuetext="{used} of {limit}"' in html


def test_a_meter_never_draws_past_its_end() -> None:
    html = component("meter", label="Links", used=1200, limit=10)
    assert 'width="100%" height="100%"' in html
    assert 'aria-valuenow="10"' in html


def test_a_meter_without_a_limit_has_no_track() -> None:
    html = component("meter", label="Links", used=3, limit=None)
    assert "<svg" not in html
    assert "no limit" in html


def test_a_meter_with_a_limit_of_nothing_is_full() -> None:
    assert "meter--full" in component("meter", label="Links", used=0, limit=0)


def test_a_meter_writes_bytes_in_words() -> None:
    html = component("meter", label="Storage", used=1048576, limit=52428800, unit="bytes")
    assert "1.0\N{NO-BREAK SPACE}MB" in html
    assert "50.0\N{NO-BREAK SPACE}MB" in html


def test_a_field_names_its_help_and_its_error_to_a_screen_reader() -> None:
    html = component("field", field=Sample({})["name"])
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html
    assert 'aria-invalid="true"' in html


def test_a_field_says_when_it_may_be_left_empty() -> None:
    form = Sample()
    assert "optional" in component("field", field=form["note"])
    assert "optional" not in component("field", field=form["name"])


def test_a_chart_of_nothing_draws_no_bar() -> None:
    bars = [{"label": "1 May", "value": 0}, {"label": "2 May", "value": 0}]
    html = component("bars", caption="Clicks", bars=bars, max=0)
    assert html.count('height="0%"') == 2


def test_a_copied_value_is_an_input_that_works_without_script() -> None:
    html = component("copy", value="https://acme.example/x", label="Short link")
    assert "readonly" in html
    assert "hidden" in html.split("<button")[1].split(">")[0]


@pytest.mark.parametrize("page", ["400", "403", "403_csrf", "404", "429", "500", "503"])
def test_an_error_page_needs_no_request_and_no_database(page: str) -> None:
    html = render_to_string(f"{page}.html")
    assert "<h1" in html
    assert "Traceback" not in html
