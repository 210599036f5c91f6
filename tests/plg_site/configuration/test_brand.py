"""The brand is said in one place: `site.toml`, and for colours the design tokens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core import mail

from outbound import letters
from plg_site.configuration import brand, site_file
from plg_site.configuration.site_file import Brand
from plg_site.devstack import preparation
from plg_site.devstack.options import ROOT
from tenants.pool import templates

OF_THE_SAMPLE = ("product/", "templates/product/")
MARKED = re.compile(r"\bSignpost\b")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
TOKEN = re.compile(r"{% colour \"([\w-]+)\"( dark=True)? %}")


def texts() -> dict[str, str]:
    """Code, templates, styles and scripts of the platform, by path."""
    found = {}
    for path in preparation.sources(ROOT):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith((*OF_THE_SAMPLE, "static/vendor/")) and path.suffix != ".gz":
            found[name] = path.read_text()
    return found


def test_the_sample_products_name_stands_in_the_site_file_alone():
    """And where that file is read: a new product's name takes the place of the sample's, of no other."""
    assert len(texts()) > 500
    found = {name for name, text in texts().items() if MARKED.search(text)}
    assert found == {"site.toml", "plg_site/configuration/site_file.py"}


def test_mails_have_no_colour_of_their_own():
    mails = {name: text for name, text in texts().items() if "outbound/letters/" in name}
    assert "{% colour" in str(mails)
    assert {name: COLOUR.findall(text) for name, text in mails.items() if COLOUR.search(text)} == {}


def test_every_colour_that_a_template_names_is_a_token():
    asked = {found for text in texts().values() for found in TOKEN.findall(text)}
    assert asked
    for token, dark in asked:
        assert re.fullmatch(COLOUR, brand.colours(dark=bool(dark))[token])


@pytest.fixture
def bookshelf(settings):
    settings.BRAND = Brand(name="Bookshelf & Sons", line="books for teams", sender="The shelf")
    return "Bookshelf &amp; Sons"


@pytest.mark.parametrize("path", ["/login/", "/signup/", "/no-such-page/", "/cookies/"])
def test_pages_carry_the_name_of_the_site_file(client_for, bookshelf, path):
    page = client_for().get(path).content.decode()
    assert bookshelf in page
    assert "Signpost" not in page.replace(str(templates.question()), "")  # the product asks it


def test_a_workspaces_pages_carry_it_too(client_for, people, acme, bookshelf):
    page = client_for(people.acme_owner, acme).get("/members/").content.decode()
    assert bookshelf in page
    assert "Signpost" not in page.replace("signpost", "")


def test_a_mail_carries_name_line_and_colours(
    client_for, people, acme, bookshelf, django_capture_on_commit_callbacks
):
    client = client_for(people.acme_owner, acme)
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/members/invite/", {"email": "new@example.com", "role": "member"})
    (letter,) = mail.outbox
    html = str(letter.alternatives[0][0])
    for text in (letter.body, html):
        assert "Signpost" not in text
    assert "on Bookshelf & Sons." in letter.body
    assert f"{bookshelf}: books for teams" in html
    assert brand.colours()["panel"] in html


def test_a_subject_is_no_html(bookshelf):
    kind = letters.get("identity.email_confirmation_signup")
    letter, _ = letters.render(kind, kind.content, kind.examples())
    assert letter.subject.startswith("Welcome to Bookshelf & Sons:")


def test_a_word_that_there_is_not_is_refused(tmp_path: Path):
    (tmp_path / "site.toml").write_text('[brand]\nnmae = "Shelf"\n')
    with pytest.raises(TypeError, match="nmae"):
        site_file.brand(tmp_path)
