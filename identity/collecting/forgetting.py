"""Examples on the pages of staff say nothing of somebody who was forgotten."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from identity.models import EventName, Trouble


def forget(words: Collection[str]) -> int:
    """Empty the examples in which one of these words stands; returns how many."""
    fits = Q()
    for word in words:
        fits |= Q(text__icontains=word)
    if not fits:
        return 0
    return sum(
        model._default_manager.annotate(text=Cast("example", TextField()))
        .filter(fits)
        .update(example={})
        for model in (EventName, Trouble)
    )
