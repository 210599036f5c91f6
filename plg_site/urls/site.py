"""The site host: sign-in, workspaces of a person, webhooks, and the website itself (last)."""

from django.urls import include, path

from identity import visits
from identity.signing_in import sign_out_page
from plg_site.development import debug_page, outbox
from plg_site.doctor import page
from plg_site.operating import health
from plg_site.web import first_party, well_known
from plg_site.workspace_api import reference
from tenants.domains.face import ask

handler500 = debug_page.server_error
urlpatterns = [
    *well_known.site_urlpatterns,
    path("healthz", health.healthz),
    path("livez", health.probe),
    path("readyz", health.probe),
    path("docs/api/", reference.reference, name="api_reference"),
    path("docs/api/openapi.json", reference.openapi_on_the_site, name="api_document"),
    path("tls/ask/<str:token>/", ask, name="tls_ask"),
    path("c/v1/<path:rest>", first_party.to_collector, name="to_collector"),
    path("cookies/", visits.cookies_page, name="cookies"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<str:letter_id>/", outbox.letter, name="outbox_letter"),
    path("staff/health/", page.page, name=page.ROUTE),
    path("staff/", include("staff.urls")),
    path("staff/", include("tenants.staff.urls")),
    path("staff/", include("metering.staff_urls")),
    path("staff/", include("billing.staff_urls")),
    path("staff/", include("billing.differences_urls")),
    path("stripe/", include("billing.webhook_urls")),
    path("billing-contact/", include("billing.contact_urls")),
    path("", include("tenants.site_urls")),
    path("", include("outbound.urls")),
    path("account/notifications/", include("outbound.bell.urls")),
    path("account/", include("identity.account.urls")),
    path("", include("identity.oidc.urls")),
    path("", include("identity.urls")),
    path("logout/", sign_out_page, name="account_logout"),
    path("", include("allauth.account.urls")),
    path("", include("cms.urls")),
]
