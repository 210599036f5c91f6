"""Wagtail's administration, without its own sign-in form: there is one sign-in, with its limits."""

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.admin.auth import require_admin_access

from cms.editing.bulk import bulk_action
from cms.editing.user_forms import EditorAccountView


def sign_in(request: HttpRequest) -> HttpResponse:
    """To the one sign-in, and back to where the editor (or a reader of a private page) was.

    Who is signed in and was sent here may not see it; the sign-in would send them back for ever.
    """
    if request.user.is_authenticated:
        return render(request, "cms/not_an_editor.html", status=403)
    return redirect_to_login(request.GET.get("next", "/cms/"), settings.LOGIN_URL)


urlpatterns = [
    path("login/", sign_in),
    path("account/", require_admin_access(EditorAccountView.as_view())),
    path("bulk/<str:app_label>/<str:model_name>/<str:action>/", bulk_action),
    path("", include(wagtailadmin_urls)),
]
