"""`{% proof form %}`: the sum that a form asks the browser for, where one of its errors says so."""

from __future__ import annotations

import json
from typing import Any

from django import template

from identity import proof_of_work

register = template.Library()


@register.inclusion_tag("components/proof.html")
def proof(form: Any) -> dict[str, Any]:
    errors = form.errors.as_data() if form is not None and form.is_bound else {}
    if not any(error.code == proof_of_work.ASKED for each in errors.values() for error in each):
        return {}
    return {"challenge": json.dumps(proof_of_work.challenge()), "field": proof_of_work.FIELD}
