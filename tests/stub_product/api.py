"""Its one operation."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

import events
from metering.quotas import quota
from tests.stub_product.event_types import BUTTON_PRESSED

router = Router()


class Pressed(Schema):
    """How often the button has been pressed."""

    presses: int


@router.post("/press", response=Pressed, operation_id="press", summary="Press the button")
def press(request: HttpRequest) -> Pressed:
    """Press once."""
    decision = quota.consume(request.tenant, "presses")
    events.record(BUTTON_PRESSED.name, tenant=request.tenant)
    return Pressed(presses=decision.used)
