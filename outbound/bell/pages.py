"""The list of in-app messages, on a workspace's host and on the site; and what the open pages fetch.

Each answers with what the person sees from this host; of what is not theirs they get 404.
"""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from identity.account import own_page
from identity.requests import UserRequest
from outbound.bell import feed, shown
from outbound.bell.feed import Looker

A_PAGE, IN_PANEL = 20, 8  # messages


@own_page("GET", "HEAD")
def notifications(request: UserRequest) -> HttpResponse:
    """All of them, the newest first, page by page; older ones than `feed.LISTED` are not shown."""
    who = _looker(request)
    newest = list(feed.visible(who)[: feed.LISTED])
    page = Paginator(newest, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "lines": shown.lines(list(page), on_tenant=who.tenant_id),
        "bell": shown.bell(request),
        "is_cut": len(newest) == feed.LISTED,
        "in_panel": False,
    }
    name = "workspace" if who.tenant_id else "account"
    return render(request, f"outbound/bell/{name}.html", context)


@own_page("GET", "HEAD")
def panel(request: UserRequest) -> HttpResponse:
    """The newest ones, as they open under the bell."""
    return _panel(request, _looker(request))


@own_page("GET", "HEAD")
def news(request: UserRequest) -> JsonResponse:
    """What an open page asks when it has heard that something came: `unread`, as `count` and in
    `words`, at this moment (`at`, Unix time); the `newest` unread one, and when that arrived; and where
    to `listen` for the next minutes."""
    who = _looker(request)
    state = shown.bell(request)
    assert state is not None  # noqa: S101 - who looks has one
    row = feed.visible(who).filter(read_at=None).first() if state.unread else None
    newest = row and {"id": row.pk, "title": row.title, "at": row.created_at.timestamp()}
    return JsonResponse(
        {
            "unread": state.unread,
            "count": state.count,
            "words": state.words,
            "at": state.at,
            "newest": newest,
            "listen": state.listen,
        }
    )


@own_page("POST")
def read_all(request: UserRequest) -> HttpResponse:
    """Nothing is unread any more."""
    who = _looker(request)
    feed.read(who)
    return _after(request, who)


@own_page("POST")
def reading(request: UserRequest, notification_id: UUID) -> HttpResponse:
    """This one is read; with `read=0` it is unread again."""
    who = _looker(request)
    _require(who, notification_id)
    if request.POST.get("read") == "0":
        feed.unread_again(who, only=notification_id)
    else:
        feed.read(who, only=notification_id)
    return _after(request, who)


@own_page("POST")
def dismissal(request: UserRequest, notification_id: UUID) -> HttpResponse:
    """It is not shown any more."""
    who = _looker(request)
    _require(who, notification_id)
    feed.dismiss(who, only=notification_id)
    return _after(request, who)


def _looker(request: UserRequest) -> Looker:
    found = shown.looker(request)
    if found is None:
        raise Http404
    return found


def _require(who: Looker, notification_id: UUID) -> None:
    if not feed.visible(who).filter(pk=notification_id).exists():
        raise Http404


def _after(request: UserRequest, who: Looker) -> HttpResponse:
    """The panel where the panel asked; else the page that the form stands on."""
    if request.htmx:
        return _panel(request, who)
    page = request.POST.get("page", "")
    query = f"?page={page}" if page.isdecimal() else ""
    return HttpResponseRedirect(reverse("notifications:list") + query)


def _panel(request: UserRequest, who: Looker) -> HttpResponse:
    newest = list(feed.visible(who)[: IN_PANEL + 1])
    context = {
        "lines": shown.lines(newest[:IN_PANEL], on_tenant=who.tenant_id),
        "bell": shown.bell(request),
        "has_more": len(newest) > IN_PANEL,
        "in_panel": True,
    }
    return render(request, "outbound/bell/panel.html", context)
