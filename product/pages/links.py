"""Pages of short links: list, new, one link with its clicks, edit, delete."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from metering.quotas import QuotaExceeded
from product import clicks
from product import links as flows
from product.forms import EditLinkForm, LinkForm, QuickLinkForm, code_taken
from product.limits import LimitReached, limit_reached
from product.listing import rows, short_url
from product.models import Link
from product.pages import live_part
from product.pages.home import home_context
from product.pages.member import person_id
from tenants.requests import WorkspaceRequest

PAGE_SIZE = 20
_CHARTS: dict[str, tuple[clicks.Step, int, str]] = {
    "days": ("day", 30, "%-d %b"),
    "hours": ("hour", 24, "%H:%M"),
}


@require_safe
def links(request: WorkspaceRequest) -> HttpResponse:
    """All links of the workspace, newest first, searched by `q`."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:200]
    found = Link.objects.select_related("file").matching(words)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    found_rows = rows(request.tenant, page.object_list)
    context = {
        "form": LinkForm(),
        "page_obj": page,
        "rows": found_rows,
        "words": words,
        "query": urlencode({"q": words}) if words else "",
        "version": live_part.version([row.shown for row in found_rows], page.paginator.count),
    }
    if _is_part(request):
        return live_part.answer(request, "product/links_table.html", context)
    return render(request, "product/links.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_link(request: WorkspaceRequest) -> HttpResponse:
    """The form; a POST also comes from the quick form of the home page, there by htmx."""
    if request.method != "POST":
        context = {"form": LinkForm(), "crumbs": _crumbs("New link")}
        return render(request, "product/new_link.html", context)
    form = (QuickLinkForm if request.htmx else LinkForm)(request.POST)
    if not form.is_valid():
        return _again(request, form, status=422)
    wanted = flows.NewLink(**form.cleaned_data)
    try:
        link, _ = flows.create_link(request.tenant, wanted, person_id=person_id(request))
    except flows.CodeTaken:
        form.add_error("code", code_taken(wanted.code))
        return _again(request, form, status=409)
    except QuotaExceeded as refused:
        return _again(request, form, status=402, limit=limit_reached(refused.decision))
    if request.htmx:
        created = rows(request.tenant, [link])[0]
        context = {**home_context(request, form=QuickLinkForm()), "created": created}
        return render(request, "product/quick_link_done.html", context)
    messages.success(request, "Your short link is ready.")
    return redirect("product:link", link_id=link.id)


@require_safe
def link(request: WorkspaceRequest, link_id: UUID) -> HttpResponse:
    """One link: its address, where it leads, and its clicks by day or by hour."""
    found = _find(link_id)
    asked = request.GET.get("by", "")
    by = asked if asked in _CHARTS else "days"
    step, buckets, label = _CHARTS[by]
    history = clicks.over_time(
        request.tenant, found.id, step=step, buckets=buckets, now=timezone.now()
    )
    bars = [{"label": f"{b.start:{label}}", "value": b.clicks} for b in history or ()]
    row = rows(request.tenant, [found])[0]
    left_out = (clicks.not_counted(request.tenant, [found.id]) or {}).get(found.id, 0)
    context = {
        "link": found,
        "crumbs": _crumbs(f"/{found.code}"),
        "row": row,
        "by": by,
        "left_out": left_out,
        "in_all": (row.clicks or 0) + left_out,
        "version": live_part.version(row.shown, bars, left_out),
        "bars": bars if history is not None else None,
        "most": max((bucket.clicks for bucket in history or ()), default=0),
        "tabs": [
            {"label": "30 days", "url": "?by=days", "current": by == "days"},
            {"label": "24 hours", "url": "?by=hours", "current": by == "hours"},
        ],
    }
    if _is_part(request):
        return live_part.answer(request, "product/link_live.html", context)
    return render(request, "product/link.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_link(request: WorkspaceRequest, link_id: UUID) -> HttpResponse:
    """Another target or title for the same code."""
    found = _find(link_id)
    known = {"target_url": found.target_url, "title": found.title}
    form = EditLinkForm(request.POST or None, initial=known, link=found)
    if form.is_valid():
        try:
            flows.change_target(
                request.tenant,
                found,
                target_url=form.cleaned_data.get("target_url", ""),
                title=form.cleaned_data["title"],
            )
        except flows.LinkGone:
            raise Http404 from None
        messages.success(request, "Saved. The short link leads there from now on.")
        return redirect("product:link", link_id=found.id)
    context = {
        "form": form,
        "link": found,
        "short_url": short_url(request.tenant, found),
        "crumbs": _crumbs(f"/{found.code}", reverse("product:link", args=[found.id])),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "product/edit_link.html", context, status=status)


@require_POST
def delete_link(request: WorkspaceRequest, link_id: UUID) -> HttpResponse:
    """Delete for good; the page asked before."""
    found = _find(link_id)
    flows.delete_link(request.tenant, found, person_id=person_id(request))
    messages.success(request, f"The link “{found.code}” is deleted.")
    return redirect("product:links")


def _again(
    request: WorkspaceRequest,
    form: QuickLinkForm,
    *,
    status: int,
    limit: LimitReached | None = None,
) -> HttpResponse:
    """The form as it was typed, with what is wrong."""
    template = "product/quick_link.html" if request.htmx else "product/new_link.html"
    context: dict[str, Any] = {"form": form, "limit": limit, "crumbs": _crumbs("New link")}
    return render(request, template, context, status=status)


def _find(link_id: UUID) -> Link:
    return get_object_or_404(Link.objects.select_related("file"), pk=link_id)


def _crumbs(here: str, url: str = "") -> list[dict[str, str]]:
    return [{"label": "Links", "url": reverse("product:links")}, {"label": here, "url": url}]


def _is_part(request: WorkspaceRequest) -> bool:
    """htmx asks for the table alone; not when it restores a page of the history."""
    return bool(request.htmx) and not request.htmx.history_restore_request
