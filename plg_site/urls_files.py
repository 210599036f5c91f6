"""The files host: what people uploaded, by signed address. No session is ever read or set here."""

from importlib import import_module

from django.conf import settings

urlpatterns = import_module(f"{settings.PRODUCT_APP}.urls").files_urlpatterns
