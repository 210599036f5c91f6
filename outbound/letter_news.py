"""Who looks after letters hears of one that cannot be sent as it was edited: once for each revision."""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.dispatch import receiver

from outbound import letter_editors, letters
from outbound.delivery import ledger
from outbound.edited_letters import EditedLetter
from outbound.letters import Draft
from outbound.signals import letter_fell_back

log = structlog.get_logger()
UNUSABLE = "outbound.letter_unusable"


@receiver(letter_fell_back)
def tell_editors(edited: EditedLetter, error: Exception, **_: Any) -> None:
    """Whatever goes wrong here, the letter itself leaves."""
    said = {
        "letter": str(edited),
        "why": str(error) if isinstance(error, letters.Wrong) else type(error).__name__,
        "letters_url": f"{settings.SITE_URL}/cms/letters/",
    }
    try:
        with transaction.atomic():
            for address in letter_editors.addresses():
                once = f"letter-unusable:{edited.pk}:{edited.live_revision_id}:{address}"[:200]
                ledger.send(Draft(UNUSABLE, said), to=address, once=once)
    except Exception:
        log.exception("letter_unusable_not_told", letter=edited.kind)
