"""`{% proof form %}`: the sum that a form asks the browser for, where one of its errors says so."""

from __future__ import annotations

import json
from typing import Any

from django import template

from identity.attempts import proof_of_work

register = template.Library()


@register.filter
def asks_for_proof(form: Any) -> bool:
    """Whether an error of this form asks for one."""
    errors = form.errors.as_data() if form is not None and form.is_bound else {}
    return any(error.code == proof_of_work.ASKED for each in errors.values() for error in each)


@register.inclusion_tag("components/proof.html")
def proof(form: Any) -> dict[str, Any]:
    if not asks_for_proof(form):
        return {}
    return {"challenge": json.dumps(proof_of_work.challenge()), "field": proof_of_work.FIELD}
