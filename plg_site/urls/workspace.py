"""A workspace host. The product comes last, because its short links catch every other path."""

from django.conf import settings
from django.urls import include, path

from plg_site.development import debug_page
from plg_site.web import well_known
from plg_site.workspace_api.api import api, openapi

handler500 = debug_page.server_error
urlpatterns = [
    path("api/v1/openapi.json", openapi, name="openapi"),
    *well_known.workspace_urlpatterns,
    path("api/", api.urls),
    path("notifications/", include("outbound.bell.urls")),
    path("usage/", include("metering.urls")),
    path("billing/", include("billing.urls")),
    path("", include("tenants.urls")),
    path("", include("tenants.domains.urls")),
    path("", include(f"{settings.PRODUCT_APP}.urls")),
]
