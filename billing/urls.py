from django.urls import path

from billing.pages import change_views, paying_urls, statement_views, views

app_name = "billing"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("checkout/", views.checkout_plan, name="checkout"),
    path("trial/", views.begin_trial, name="trial"),
    path("return/", views.come_back, name="return"),
    path("change/", change_views.change, name="change"),
    path("scheduled/revoke/", change_views.revoke, name="revoke"),
    path("cancel/", views.cancel, name="cancel"),
    path("resume/", views.resume, name="resume"),
    path("statements/<int:number>/", statement_views.statement, name="statement"),
    path(
        "statements/<int:number>/events/", statement_views.statement_events, name="statement_events"
    ),
    path("intent/forget/", views.forget_intent, name="forget_intent"),
    *paying_urls.urlpatterns,
]
