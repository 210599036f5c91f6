"""What may be read of a span, whoever has drawn it."""

from __future__ import annotations

import json

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from plg_site.tracing import cleaning, queries

TOKEN = "Zx81kQpLr0uVb3Tn6YwEa9Sd"


def drawn(name="a page", attributes=None, error=None):
    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": "plg-web"}))
    provider.add_span_processor(SimpleSpanProcessor(kept))
    with provider.get_tracer("theirs").start_as_current_span(name, attributes=attributes) as span:
        if error:
            span.record_exception(error)
            span.set_status(StatusCode.ERROR, str(error))
    [found] = kept.get_finished_spans()
    said = json.loads(cleaning.clean(found).to_json())
    del said["context"], said["resource"]  # ids at random, which may hold any three letters
    return json.dumps(said)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url.full", f"https://plg.test/join/{TOKEN}/"), ("http.target", "/join/ab-12/"),
        ("http.request.header.cookie", "plg_session=abc"), ("db.statement", "SELECT 'ann@plg.test'"),
        ("login_code", "123-456"), ("their.note", f"asked for /join/{TOKEN}/?next=secret"),
        ("enduser", "ann@plg.test"), ("user_agent.original", f"curl {TOKEN}"),
    ],
)  # fmt: skip
def test_nothing_that_was_a_clients_word_or_a_secret_is_sent(name, value):
    said = drawn(attributes={name: value})
    for secret in (TOKEN, "ann@", "123-456", "ab-12", "abc", "secret"):
        assert secret not in said


def test_words_of_an_error_are_cleaned_too():
    said = drawn(name=f"open {TOKEN}", error=ValueError(f"no ann@plg.test at /x/?token={TOKEN}"))
    assert TOKEN not in said
    assert "ann@plg.test" not in said
    assert "ValueError" in said


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ('SELECT "identity_user"."id" FROM "identity_user" WHERE x = %s', "SELECT identity_user"),
        ('INSERT INTO "acme"."links_link" ("a") VALUES (%s)', "INSERT links_link"),
        ("update tenants_tenant set x = 1", "UPDATE tenants_tenant"),
        ("SET search_path = 'acme','public'", "SET"),
        ("(SELECT 1)", "SELECT"), ("", "SQL"), ("-- a@b.c", "SQL"),
    ],
)  # fmt: skip
def test_a_question_is_named_by_what_it_does_to_which_table(sql, said):
    assert queries.summary(sql) == said
