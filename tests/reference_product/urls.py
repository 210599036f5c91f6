"""The addresses: last on the workspace host. There are no files, so the files host has none."""

from django.urls import URLPattern, path

from tests.reference_product import views

app_name = "product"  # whatever the product's own name is
urlpatterns = [
    path("", views.home, name="home"),
    path("things/<uuid:thing_id>/use/", views.use, name="use"),
    path("things/<uuid:thing_id>/delete/", views.delete, name="delete"),
]
files_urlpatterns: list[URLPattern] = []
