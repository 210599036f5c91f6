"""The API reference on the website: for people who have no account yet."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from openapi_spec_validator import validate

from plg_site.workspace_api.api import document


@pytest.fixture
def page(client_for) -> BeautifulSoup:
    answer = client_for().get("/docs/api/")
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser")


def test_it_names_every_operation_with_its_address_and_a_call(page):
    words = page.get_text(" ")
    for path, operations in document()["paths"].items():
        for said in operations.values():
            section = page.find(id=said["operationId"]).parent
            assert said["summary"] in section.get_text()
            assert path in section.get_text()
            assert "Authorization: Bearer" in section.find("pre").get_text()
    assert "CloudEvent" in words


def test_it_says_of_each_parameter_what_it_is(page):
    rows = page.find(id="query_meter").parent.find_all("tr")
    names = {row.find("code").get_text() for row in rows if row.find("code")}
    assert {"meter", "from", "to", "windowSize", "groupBy", "filterGroupBy"} <= names
    assert "from_" not in page.get_text(" ").split()


def test_every_form_that_an_answer_names_is_on_the_page(page):
    forms = {each["id"].removeprefix("form-") for each in page.select("[id^=form-]")}
    assert {"Problem", "QuotaProblem", "ValidationProblem", "RateProblem", "LinkOut"} <= forms


def test_it_needs_no_script(page):
    scripts = {each.get("src", "") for each in page.find_all("script")}
    assert not [each for each in scripts if "swagger" in each]


def test_the_document_is_beside_it(page, client_for):
    [link] = [a["href"] for a in page.find_all("a") if a["href"].endswith("openapi.json")]
    assert link.startswith(settings.SITE_URL)
    answer = client_for().get(link.removeprefix(settings.SITE_URL))
    assert answer["Access-Control-Allow-Origin"] == "*"
    said = answer.json()
    validate(said)
    assert said["servers"][0]["url"] == settings.WORKSPACES_URL_PATTERN.replace("*", "{workspace}")


def test_its_last_slash_may_be_left_out_and_head_works(client_for):
    assert client_for().get("/docs/api")["Location"] == "/docs/api/"
    assert client_for().head("/docs/api/").status_code == 200
    assert client_for().head("/docs/api/openapi.json").status_code == 200
