"""On the site: which messages one gets, the link that says no, and what the mail provider tells."""

from django.urls import path

from outbound import preferences, provider_hooks, unsubscribe

urlpatterns = [
    path("account/mails/", preferences.mails, name="message_choices"),
    path("unsubscribe/<str:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
    path("hooks/mail/tracking/", provider_hooks.tracking, name="mail_tracking"),
]
