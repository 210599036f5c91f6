"""Its addresses; it has no files, so the files host has none."""

from django.urls import URLPattern, path

from tests.stub_product import views

app_name = "product"
urlpatterns = [path("", views.home, name="home")]
files_urlpatterns: list[URLPattern] = []
