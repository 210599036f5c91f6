"""The files host: what people uploaded, by signed address. No session is ever read or set here."""

from importlib import import_module

from django.conf import settings

from plg_site.development import debug_page

handler500 = debug_page.server_error
urlpatterns = import_module(f"{settings.PRODUCT_APP}.urls").files_urlpatterns
