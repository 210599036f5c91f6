"""The site host: sign-in, workspaces of a person, webhooks, and the website itself (last)."""

from django.urls import include, path

from identity import consent
from identity.sign_out import sign_out
from plg_site import api_reference, debug_page, health, outbox, staff, staff_workspaces, well_known
from tenants.domains.ask import ask

handler500 = debug_page.server_error
urlpatterns = [
    *well_known.site_urlpatterns,
    path("healthz", health.healthz),
    path("docs/api/", api_reference.reference, name="api_reference"),
    path("docs/api/openapi.json", api_reference.openapi_on_the_site, name="api_document"),
    path("tls/ask/<str:token>/", ask, name="tls_ask"),
    path("cookies/", consent.cookies_page, name="cookies"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<str:letter_id>/", outbox.letter, name="outbox_letter"),
    path("staff/usage/", staff.usage, name="staff_usage"),
    path("staff/workspaces/", staff_workspaces.workspaces, name="staff_workspaces"),
    path("staff/workspaces/<uuid:pk>/suspend/", staff_workspaces.suspend, name="staff_suspend"),
    path("staff/workspaces/<uuid:pk>/resume/", staff_workspaces.resume, name="staff_resume"),
    path("stripe/", include("billing.webhook_urls")),
    path("", include("tenants.site_urls")),
    path("account/", include("identity.account.urls")),
    path("", include("identity.oidc.urls")),
    path("", include("identity.urls")),
    path("logout/", sign_out, name="account_logout"),
    path("", include("allauth.account.urls")),
    path("", include("cms.urls")),
]
