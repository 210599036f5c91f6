"""/account/again/, where "is it you?" begins and ends; and the page that asks for a second factor."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from identity import cookies
from identity.oidc import policy
from identity.requests import UserRequest
from identity.security import leading, recent, second_factor


@never_cache
@login_required
@require_safe
def again(request: UserRequest) -> HttpResponse:
    """Ask who they are unless they said so lately; then back to where they came from."""
    asked = leading.asking(request.GET["for"]) if "for" in request.GET else None
    if "for" in request.GET and (asked is None or asked.user != str(request.user.pk)):
        # An old note, or somebody else is signed in here than there.
        return render(request, "identity/account/not_confirmed.html", {"other": asked}, status=403)
    if asked is not None:
        policy.expect(request, asked.origin)  # the forms that follow may end there
    if not recent.is_recent(request):
        if not recent.can_be_asked(request.user):
            return render(request, "identity/account/not_confirmed.html", status=403)
        raise ReauthenticationRequired
    if asked is not None:
        return HttpResponseRedirect(leading.back_with_word(asked, at=recent.when(request) or 0))
    there = request.GET.get("next", "")
    return HttpResponseRedirect(there if there and get_adapter().is_safe_url(there) else "/go/")


@never_cache
@require_safe
def confirmed(request: UserRequest) -> HttpResponse:
    """On a domain of a workspace's own: take the site's word, and go on."""
    if not cookies.foreign_host(request):
        raise Http404
    word = leading.word_for(request)
    if word is None:
        return HttpResponseRedirect("/")
    at, path = word
    recent.mark(request, at=at)
    return HttpResponseRedirect(path if leading.is_path(path) else "/")


@never_cache
@login_required
@require_safe
def second_factor_needed(request: UserRequest) -> HttpResponse:
    """Staff and editors without one: why, and how; then back to where they wanted to be."""
    there = request.GET.get("next", "")
    if there and leading.is_path(there):
        request.session[second_factor.NEXT] = there
    if second_factor.has_one(request.user):
        return redirect(request.session.get(second_factor.NEXT, "/go/"))
    return render(request, "identity/account/second_factor_needed.html")
