"""Wagtail's administration, without its own sign-in form: there is one sign-in, with its limits."""

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.admin.auth import require_admin_access
from wagtail.admin.viewsets.pages import page_viewset_registry

from cms.editing.bulk import bulk_action
from cms.editing.user_forms import EditorAccountView
from events import shedding


def sign_in(request: HttpRequest) -> HttpResponse:
    """To the one sign-in, and back to where the editor (or a reader of a private page) was.

    Who is signed in and was sent here may not see it; the sign-in would send them back for ever.
    """
    if request.user.is_authenticated:
        return render(request, "cms/not_an_editor.html", status=403)
    return redirect_to_login(request.GET.get("next", "/cms/"), settings.LOGIN_URL)


_not_now = shedding.gives_way(
    "previews",
    words="Previews wait until it is calmer here. What you have written is not lost.",
    methods=("GET", "HEAD"),
)
_draft = page_viewset_registry.as_view("view_draft", page_id_kwarg="page_id")
_on_edit = page_viewset_registry.as_view("preview_on_edit", page_id_kwarg="page_id")
_on_add = page_viewset_registry.as_view(
    "preview_on_add",
    app_label_kwarg="content_type_app_name",
    model_name_kwarg="content_type_model_name",
)
_new = "pages/add/<slug:content_type_app_name>/<slug:content_type_model_name>/<int:parent_page_id>/"

urlpatterns = [
    # Wagtail's own three, at its own addresses.
    path("pages/<int:page_id>/view_draft/", _not_now(require_admin_access(_draft))),
    path("pages/<int:page_id>/edit/preview/", _not_now(require_admin_access(_on_edit))),
    path(f"{_new}preview/", _not_now(require_admin_access(_on_add))),
    path("login/", sign_in),
    path("account/", require_admin_access(EditorAccountView.as_view())),
    path("bulk/<str:app_label>/<str:model_name>/<str:action>/", bulk_action),
    path("", include(wagtailadmin_urls)),
]
