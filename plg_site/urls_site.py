"""The site host: sign-in, workspaces of a person, webhooks, and the website itself (last)."""

from django.urls import include, path

from identity.confirming import ConfirmEmail
from plg_site import health, outbox, staff, staff_workspaces
from tenants.domains.ask import ask

urlpatterns = [
    path("healthz", health.healthz),
    path("tls/ask/<str:token>/", ask, name="tls_ask"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<str:letter_id>/", outbox.letter, name="outbox_letter"),
    path("staff/usage/", staff.usage, name="staff_usage"),
    path("staff/workspaces/", staff_workspaces.workspaces, name="staff_workspaces"),
    path("staff/workspaces/<uuid:pk>/suspend/", staff_workspaces.suspend, name="staff_suspend"),
    path("staff/workspaces/<uuid:pk>/resume/", staff_workspaces.resume, name="staff_resume"),
    path("stripe/", include("billing.webhook_urls")),
    path("", include("tenants.site_urls")),
    path("", include("identity.oidc.urls")),
    path("confirm-email/<str:key>/", ConfirmEmail.as_view(), name="account_confirm_email"),
    path("", include("allauth.account.urls")),
    path("", include("cms.urls")),
]
