"""The page of a workspace that has no schema yet: where it stands in line, until it is there.

It asks again by itself, without JavaScript, too, and opens the workspace that it finds ready.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render

from tenants import hosts
from tenants.models import Status, Tenant
from tenants.pool import preparing
from tenants.pool.preparing import Progress
from tenants.requests import WorkspaceRequest
from tenants.signing_up import holding

_SOON, _LATE = 0.4, 5.0  # seconds until a page asks again
_EACH = 0.05  # for each workspace before it: a crowd that asks all the time would hold itself up


@dataclass(frozen=True)
class Step:
    """A line of the checklist (templates/components/checklist.html)."""

    title: str
    text: str = ""
    done: bool = False
    current: bool = False


def page(request: WorkspaceRequest) -> HttpResponse | None:
    """What a member sees meanwhile; None when the workspace has become ready."""
    tenant = request.tenant
    if tenant.held:
        holding.release(Tenant.objects.filter(pk=tenant.pk))
        tenant.held = False
    preparing.help_out(tenant)
    progress = preparing.progress(tenant)
    if progress is None:  # what we were told is older
        hosts.forget(request.get_host().rsplit(":", 1)[0])
        tenant.status = Status.ACTIVE
        return None
    steps = _steps(request, progress)
    again = min(_LATE, _SOON + _EACH * progress.ahead)
    shown = {
        "progress": progress,
        "steps": steps,
        "done": sum(step.done for step in steps),
        "milliseconds": round(again * 1000),
        "seconds": math.ceil(again) + 1,  # a whole page is more work
    }
    part = "workspace/preparing_live.html" if request.htmx else "workspace/preparing.html"
    is_read = request.method in {"GET", "HEAD"}
    response = render(request, part, shown, status=202 if is_read else 503)
    response["Retry-After"] = str(math.ceil(again))
    response["Cache-Control"] = "no-store"
    return response


def ready(request: WorkspaceRequest) -> HttpResponse:
    """Where the page asks: it comes here only once the workspace is there."""
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": "/"})
    return redirect("/")


def _steps(request: WorkspaceRequest, progress: Progress) -> list[Step]:
    return [
        Step("Your account is made", done=True),
        Step(f"{request.get_host()} is your address", done=True),
        Step("Tables and first content", text=_in_words(progress), current=True),
        Step("Ready to work"),
    ]


def _in_words(progress: Progress) -> str:
    since = f"Begun {progress.waited.seconds} s ago."
    if progress.ahead == 0:
        return f"Yours is being made, or the next one. {since}"
    if progress.ahead == 1:
        return f"One workspace is made before yours. {since}"
    return f"{progress.ahead} workspaces are made before yours. {since}"
