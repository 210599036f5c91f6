"""What is left to do when a workspace is gone: its receipt is mailed, and late events are removed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from events import readers
from events.store import get_store
from tenants import letters
from tenants.jobs import rows
from tenants.models.archives import PurgeReceipt

_LATE = timedelta(hours=1)  # what was on its way to the store has come by then, or has no store


def mail(receipt: PurgeReceipt) -> None:
    """At least once: the addresses are forgotten in the transaction that hands the mails over."""
    with transaction.atomic():
        receipt = PurgeReceipt.objects.select_for_update().get(pk=receipt.pk)
        for number, each in enumerate(receipt.mail_to):
            letters.send(
                "tenants.purged",
                {
                    "workspace": each["name"],
                    "kept": [
                        f"{x['what']}: {x['rows']} ({x['why']})"
                        for x in receipt.body.get("kept", ())
                    ],
                    "sha256": receipt.hash,
                    "receipt": json.dumps(receipt.body, indent=2, sort_keys=True),
                },
                to=each["to"],
                once=f"purge-receipt:{receipt.pk}:{number}",
            )
        receipt.mail_to = []
        receipt.save(update_fields=["mail_to"])


def tend(*, now: datetime | None = None) -> None:
    """Mails that a crash held up, and events that came after the purge."""
    now = now or timezone.now()
    done = PurgeReceipt.objects.exclude(hash="")
    rows.each("purge.after", done.exclude(mail_to=[]), mail)
    waiting = done.filter(finished_at__lte=now - _LATE).exclude(counted__has_key="late")
    rows.each("purge.after", waiting, _remove_late)


def _remove_late(receipt: PurgeReceipt) -> None:
    readers.erase(receipt.tenant.schema_name)
    late = get_store().erasing.workspace(receipt.tenant.schema_name)
    receipt.counted = {"late": late.events}
    receipt.save(update_fields=["counted"])
