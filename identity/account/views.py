"""The pages: profile, where one is signed in, one's data, closing the account."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from identity import standing
from identity.account import closing, own_data
from identity.account.forms import CloseForm, ProfileForm
from identity.models import SignIn, User
from identity.requests import UserRequest
from identity.security.recent import needs_recent_sign_in
from identity.signing_in import sign_ins


def own(*methods: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A page of the signed-in person's own: never kept by caches, times in their time zone; what is sent
    to it happens only while their sign-in goes on."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., Any]:
        @never_cache
        @require_http_methods(list(methods))
        @login_required
        @standing.holding
        @wraps(view)
        def in_their_zone(request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with timezone.override(_zone(request.user)):
                return view(request, *args, **kwargs)

        return in_their_zone

    return decorate


@own("GET", "HEAD", "POST")
def profile(request: UserRequest) -> HttpResponse:
    """A POST changes name and time zone."""
    stored = User.objects.get(pk=request.user.pk)  # the form changes what it is given
    form = ProfileForm(request.POST or None, instance=stored)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("identity_account:profile")
    status = 422 if form.errors else 200
    return render(request, "identity/account/profile.html", {"form": form}, status=status)


@own("GET", "HEAD")
def sessions(request: UserRequest) -> HttpResponse:
    """Where one is signed in."""
    found = sign_ins.of(request.user)
    here = request.session.session_key
    rows = [(each, each.session_key == here) for each in found]
    return render(request, "identity/account/sessions.html", {"rows": rows})


@own("POST")
def end_session(request: UserRequest, sign_in_id: UUID) -> HttpResponse:
    """Sign one browser out; one's own as if one had signed out."""
    found = get_object_or_404(SignIn, pk=sign_in_id, user=request.user)
    if found.session_key == request.session.session_key:
        found.delete()
        logout(request)
        return redirect("/")
    sign_ins.end(found)
    messages.success(request, "That browser is signed out.")
    return redirect("identity_account:sessions")


@own("POST")
def end_all_sessions(request: UserRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    sign_ins.end_all(request.user, request=request)
    messages.success(request, "You are signed out everywhere else.")
    return redirect("identity_account:sessions")


@own("GET", "HEAD")
@needs_recent_sign_in
def data(request: UserRequest) -> HttpResponse:
    """What we hold about one, as a file."""
    response = JsonResponse(own_data.of(request.user), json_dumps_params={"indent": 1})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@own("GET", "HEAD", "POST")
@needs_recent_sign_in
def close(request: UserRequest) -> HttpResponse:
    """What stands in the way; a POST with one's address closes the account."""
    form = CloseForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        user = User.objects.get(pk=request.user.pk)
        try:
            closing.close(user)
        except closing.NotYet:
            pass  # the page below says what, as it is now
        else:
            logout(request)
            return redirect("identity_account:closed")
    context = {"form": form, "obstacles": closing.obstacles(request.user)}
    status = 200 if request.method != "POST" else 409 if context["obstacles"] else 422
    return render(request, "identity/account/close.html", context, status=status)


@require_safe
def closed(request: UserRequest) -> HttpResponse:
    """What is seen afterwards."""
    return render(request, "identity/account/closed.html")


def _zone(user: User) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(user.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
