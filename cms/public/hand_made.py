"""Requests that an editor makes by hand: what Wagtail's own pages never send, and its views trip over.

An id that is no number, a position beyond any, the parent of the root, a form without its fields: the
answer is 400, and the log has the error. What passes through code of ours is ours, and stays a 500.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import structlog
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.views.defaults import bad_request

from cms.public.middleware import PREFIX

log = structlog.get_logger()

# What an argument that does not fit raises where it is used: as a number, as a key, as a name.
_OF_ARGUMENTS = (
    ValueError,
    KeyError,
    OverflowError,
    ObjectDoesNotExist,
    ValidationError,
    DataError,
)
_ROOT = str(settings.BASE_DIR)
_OUR_DATABASE = str(Path(settings.BASE_DIR, "tenants", "database"))  # every query passes through it
_THEIRS = "site-packages"


class HandMadeRequestsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not request.path_info.startswith(PREFIX) or not _is_of_arguments(error):
            return None
        if not _is_wagtails_alone(error):
            return None
        log.warning("cms.hand_made_request", path=request.path, error=repr(error), exc_info=error)
        return bad_request(request, error)


def _is_of_arguments(error: Exception) -> bool:
    nothing_there = isinstance(error, AttributeError) and error.obj is None
    return nothing_there or isinstance(error, _OF_ARGUMENTS)


def _is_wagtails_alone(error: Exception) -> bool:
    """Whether it came out of a view of Wagtail's, with nothing of ours on the way."""
    names = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    inside = next((at for at, name in enumerate(names) if _is_a_view_of_wagtails(name)), None)
    return inside is not None and not any(_is_ours(name) for name in names[inside:])


def _is_a_view_of_wagtails(filename: str) -> bool:
    parts = Path(filename).parts
    return _THEIRS in parts and parts[parts.index(_THEIRS) + 1] == "wagtail"


def _is_ours(filename: str) -> bool:
    is_in_the_project = filename.startswith(_ROOT) and _THEIRS not in Path(filename).parts
    return is_in_the_project and not filename.startswith(_OUR_DATABASE)
