"""The list of all letters, and the page of one kind. Who may edit letters sees them; others do not."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from itertools import groupby
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST
from wagtail.admin import messages

from outbound import letter_preview, letters
from outbound.edited_letters import PREVIEWS, EditedLetter
from outbound.letter_editors import EDIT, PUBLISH
from outbound.letter_pages import editing
from outbound.letters import LetterKind

View = Callable[..., HttpResponse]
_MODES = {mode for mode, _ in PREVIEWS}


def _for(right: str) -> Callable[[View], View]:
    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return guard


@require_GET
@_for(EDIT)
def index(request: HttpRequest) -> HttpResponse:
    edited: dict[str, list[EditedLetter]] = {}
    for row in EditedLetter.objects.as_stored().order_by("language"):
        edited.setdefault(row.kind, []).append(row)
    groups = [
        (_app_name(app), [{"kind": each, "edited": edited.get(each.key, [])} for each in found])
        for app, found in groupby(letters.every(), key=lambda each: each.key.partition(".")[0])
    ]
    return TemplateResponse(request, "outbound/letters/admin/index.html", {"groups": groups})


@require_GET
@_for(EDIT)
def kind(request: HttpRequest, key: str) -> HttpResponse:
    found = _kind(key)
    rows = {row.language: row for row in EditedLetter.objects.as_stored().filter(kind=key)}
    languages = [(each, rows.get(each.language_code)) for each in editing.languages()]
    context = {
        "kind": found,
        "languages": languages,
        "may_publish": request.user.has_perm(PUBLISH),
    }
    return TemplateResponse(request, "outbound/letters/admin/kind.html", context)


@require_GET
@xframe_options_sameorigin
@_for(EDIT)
def first_words(request: HttpRequest, key: str, mode: str) -> HttpResponse:
    """What the code says, for a frame."""
    found = _kind(key)
    if mode not in _MODES:
        raise Http404
    return letter_preview.page(found, found.content, language="en", mode=mode)


@require_POST
@_for(EDIT)
def begin(request: HttpRequest, key: str, language: str) -> HttpResponse:
    try:
        edited = editing.begin(_kind(key), language=language, by=_user(request))
    except editing.NoSuchLanguage as error:
        raise Http404 from error
    return redirect("outbound_letters:edit", edited.pk)


@require_POST
@_for(PUBLISH)
def go_back(request: HttpRequest, pk: int) -> HttpResponse:
    edited = get_object_or_404(EditedLetter, pk=pk)
    _kind(edited.kind)
    editing.go_back(edited, by=_user(request))
    messages.success(request, f"{edited} leaves in the platform's own words again.")
    return redirect("letters_kind", edited.kind)


@require_POST
@_for(EDIT)
def sample(request: HttpRequest, pk: int) -> HttpResponse:
    edited = get_object_or_404(EditedLetter, pk=pk)
    _kind(edited.kind)
    user = _user(request)
    if not user.has_verified_email:
        messages.error(request, "Please confirm your own address first.")
        return redirect("letters_kind", edited.kind)
    try:
        editing.send_sample(edited, to=user)
    except letters.Wrong as error:
        messages.error(request, f"It cannot be sent yet: {error}")
    else:
        messages.success(request, f"The newest draft of {edited} is on its way to {user.email}.")
    return redirect("letters_kind", edited.kind)


def _app_name(label: str) -> str:
    try:
        return str(apps.get_app_config(label).verbose_name)
    except LookupError:  # declared in code, without an app
        return label


def _kind(key: str) -> LetterKind:
    try:
        return letters.get(key)
    except letters.UnknownKind as error:
        raise Http404 from error


def _user(request: HttpRequest) -> Any:
    return request.user
