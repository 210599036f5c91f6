"""The addresses of Signpost: pages of a workspace, its short links (last), and the files host."""

from django.urls import path, re_path

from product import downloads, redirect
from product.codes import AFTER_A_CODE
from product.pages import files, home, links

app_name = "product"
urlpatterns = [
    path("", home.home, name="home"),
    path("live/", home.home_live, name="home_live"),
    path("links/", links.links, name="links"),
    path("links/new/", links.new_link, name="new_link"),
    path("links/<uuid:link_id>/", links.link, name="link"),
    path("links/<uuid:link_id>/edit/", links.edit_link, name="edit_link"),
    path("links/<uuid:link_id>/delete/", links.delete_link, name="delete_link"),
    path("files/", files.files, name="files"),
    path("files/storage/", files.files_storage, name="files_storage"),
    path("files/<uuid:file_id>/share/", files.share_file, name="share_file"),
    path("files/<uuid:file_id>/download/", files.download_file, name="download_file"),
    path("files/<uuid:file_id>/delete/", files.delete_file, name="delete_file"),
    # Last: it matches every path of one segment.
    path("<slug:code>", redirect.follow, name="follow"),
    # With what stands behind an address in a text or on a poster, and is no part of a code.
    re_path(rf"^(?P<code>[A-Za-z0-9_-]+){AFTER_A_CODE}$", redirect.follow),
]

# How large a body may be, by the beginning of the path (plg_site.web.request_bodies).
body_limits = {"/files/": "UPLOAD_MAX_BYTES", "/api/v1/files": "UPLOAD_MAX_BYTES"}

# Included by plg_site.urls.files, on a host of its own.
files_urlpatterns = [path("<str:token>", downloads.download, name="download")]
