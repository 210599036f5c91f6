"""On the site: which messages one gets, the link that says no, and what the mail provider tells."""

from django.urls import path

from outbound.consents import unsubscribe
from outbound.pages import preferences
from outbound.providers import provider_hooks, sms_hooks

urlpatterns = [
    path("account/mails/", preferences.mails, name="message_choices"),
    path("unsubscribe/<str:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
    path("hooks/sms/status/", sms_hooks.status, name="sms_status"),
    path("hooks/sms/inbound/", sms_hooks.inbound, name="sms_inbound"),
    path("hooks/mail/tracking/", provider_hooks.tracking, name="mail_tracking"),
]
