"""Values are data: whatever somebody calls themselves, it stands there and does nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound import letters
from outbound.letters import Block, Content, Wrong
from outbound.letters.draft import Draft
from tests.outbound.letters.conftest import MARKETING, OF_EVENT, PLAIN, VALUES

pytestmark = pytest.mark.usefixtures("known")
NASTY = "<script>alert(1)</script>\r\nBcc: x@example.org {{ code }} https://evil.example"


def render(content: Content = PLAIN.content, kind=PLAIN, **values):
    return letters.render(kind, content, {**VALUES, **values})[0]


def test_a_name_is_no_markup_no_header_and_no_placeholder():
    letter = render(name=NASTY, code="ABCD")
    assert "<script>" not in letter.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in letter.html
    assert "<script>alert(1)</script> Bcc: x@example.org {{ code }}" in letter.text
    assert "\n" not in letter.subject
    assert "evil" not in letter.subject
    assert "@" not in letter.subject
    assert "ABCD" not in letter.subject + letter.text


def test_what_is_missing_or_blank_takes_its_fallback():
    assert render(name=" \u200b ").subject == "Hello friend"
    words = Content("Hello {{ name | stranger }}{{ code | none }}", "", PLAIN.content.body)
    assert render(words, name="").subject == "Hello friendnone"


def test_a_block_waits_for_its_variable():
    body = (Block("paragraph", "There are:", only_with="lines"), Block("items", variable="lines"))
    words = Content("s", "", (*body, *PLAIN.content.body))
    assert "There are" not in render(words).text
    assert "There are:\n\n- a <b>" in render(words, lines=["a <b>", " "]).text
    assert "<li>a &lt;b&gt;</li></ul>" in render(words, lines=["a <b>", " "]).html


def test_a_link_leads_to_a_web_page():
    with pytest.raises(Wrong, match="no address"):
        render(look_url="javascript:alert(1)")
    assert 'href="https://e.example/?a=1&amp;b=%22"' in render(
        look_url="https://e.example/?a=1&b=%22"
    ).html.replace("&#x27;", "'")
    assert 'x="' not in render(look_url='https://e.example/" x="').html.replace('" x="&', "")


def test_a_draft_says_at_once_what_is_wrong_with_it():
    with pytest.raises(letters.UnknownKind, match=r"tests\.nothing"):
        Draft("tests.nothing")
    with pytest.raises(Wrong, match="no variable “nmae”"):
        Draft(PLAIN.key, {**VALUES, "nmae": "Ada"})
    with pytest.raises(Wrong, match="needs its variable “look_url”"):
        Draft(PLAIN.key, {"name": "Ada"})


def test_the_ledger_shows_no_code_in_a_subject():
    words = Content("Your code: {{ code }}", "", PLAIN.content.body)
    letter, shown = letters.render(PLAIN, words, {**VALUES, "code": "ABCD-EFGH"})
    assert (letter.subject, shown) == ("Your code: ABCD-EFGH", "Your code: …")


def test_properties_of_the_event_are_variables():
    words = Content("{{ event.weight }} g by {{ event.carrier | foot }}", "", PLAIN.content.body)
    assert render(words, OF_EVENT, **{"event.weight": "5"}).subject == "5 g by foot"


def test_a_letter_of_marketing_can_say_where_to_say_no():
    body = (*PLAIN.content.body, Block("link", "No more of these", url="unsubscribe_url"))
    letter = render(Content("s", "", body), MARKETING, unsubscribe_url="https://e.example/no")
    assert letter.text.count("https://e.example/no") == 1


PIECES = st.text(max_size=60) | st.sampled_from(
    ["{{ name }}", "</mj-text>", "<mj-raw>", "<!--", "-->", "]]>", "<![CDATA[", "&#0;", "{% if %}"]
)


@given(pieces=st.lists(PIECES, max_size=6))
def test_whatever_a_name_is_the_letter_has_the_same_elements(pieces: list[str]):
    name = "".join(pieces)
    plain = letters.render(PLAIN, PLAIN.content, VALUES)[0].html
    other = letters.render(PLAIN, PLAIN.content, {**VALUES, "name": name})[0].html
    elements = re.compile(r"<(/?[a-zA-Z!][\w-]*)")
    assert elements.findall(other) == elements.findall(plain)
