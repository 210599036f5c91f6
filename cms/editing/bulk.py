"""Wagtail's page for many rows at once, asked with keys that can be keys."""

from __future__ import annotations

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Field
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.bulk_action.dispatcher import index

_ALL = "all"  # Wagtail's word for every row


@never_cache
@require_admin_access
def bulk_action(request: HttpRequest, app_label: str, model_name: str, action: str) -> HttpResponse:
    """A key that no row of the table can have is not found; the database would not even look."""
    try:
        key = _key_of(app_label, model_name)
        for said in request.GET.getlist("id"):
            if said != _ALL:
                key.run_validators(key.to_python(said))
    except (LookupError, ValidationError) as error:
        raise Http404 from error
    answer: HttpResponse = index(request, app_label, model_name, action)
    return answer


def _key_of(app_label: str, model_name: str) -> Field[object, object]:
    key = apps.get_model(app_label, model_name)._meta.pk
    while key.is_relation:
        key = key.target_field
    return key
