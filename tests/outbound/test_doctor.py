"""`manage.py doctor` says when nothing leaves, and what was given up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from outbound.models import Message
from plg_site.doctor import outbound
from tests.outbound.writing import send

pytestmark = pytest.mark.django_db


def said() -> list[tuple[str, str]]:
    return [(str(each.level), each.says) for each in outbound.look()]


def test_what_waits_for_minutes_is_a_problem():
    assert said() == [("fine", "0 messages wait")]
    send(not_before=timezone.now() - timedelta(minutes=6))
    assert said() == [("problem", "1 messages should have left more than five minutes ago")]


@pytest.mark.parametrize("state", ["dead", "unknown"])
def test_what_was_given_up_or_is_unknown_is_told(state):
    row = send()
    Message.objects.filter(pk=row.pk).update(state=state, sealed="")
    assert [level for level, _ in said()] == ["fine", "warning"]
