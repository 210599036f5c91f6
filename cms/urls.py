"""Addresses of the website. The last one matches every path: include this after all others."""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import include, path, re_path
from django.utils.cache import patch_cache_control
from django.views import static
from wagtail.contrib.sitemaps.views import sitemap
from wagtail.documents import urls as wagtaildocs_urls

from cms.editing import admin_urls
from cms.editing.admin_urls import sign_in
from cms.public import page_passwords
from cms.public.api import content_api
from cms.public.feed import BlogFeed
from cms.public.files import document
from cms.public.serving import not_found, released, serve
from cms.public.visits import visits
from cms.releases import pictures, shelf


def image(request: HttpRequest, folder: str, name: str) -> HttpResponseBase:
    """An image of the website. Documents have views of their own, which ask for permission.

    A picture that an editor has replaced is still there for the releases that show it. One that lies
    in a bucket and in no release of this machine is passed on from there.
    """
    file = pictures.path_of(f"{folder}/{name}") or shelf.picture(f"{folder}/{name}")
    response: HttpResponseBase
    if file:
        response = static.serve(request, name, document_root=str(file.parent))
    else:
        response = _passed_on(f"{folder}/{name}")
    patch_cache_control(response, public=True, max_age=24 * 60 * 60)
    return response


def _passed_on(name: str) -> HttpResponseBase:
    try:
        return FileResponse(default_storage.open(name), filename=name.rpartition("/")[2])
    except FileNotFoundError:
        raise Http404(name) from None


def robots(request: HttpRequest) -> HttpResponse:
    return render(request, "cms/robots.txt", content_type="text/plain; charset=utf-8")


urlpatterns = [
    path("api/content/", content_api.urls),
    path("visits/", visits, name="cms_visits"),
    path("sitemap.xml", released(sitemap), name="cms_sitemap"),
    path("robots.txt", released(robots), name="cms_robots"),
    path("feed.xml", released(BlogFeed()), name="cms_feed"),
    path("404.html", not_found, name="cms_not_found"),
    path("cms/", include(admin_urls)),
    # A name without slashes: the folders beside these two must stay out of reach.
    re_path(r"^media/(?P<folder>images|avatar_images)/(?P<name>\w[\w.-]*)$", image),
    re_path(r"^documents/(\d+)/(.*)$", document),
    path("", include(page_passwords)),
    path("documents/", include(wagtaildocs_urls)),
    path("_util/login/", sign_in, name="wagtailcore_login"),
    re_path(r"^(.*)$", serve, name="wagtail_serve"),
]
