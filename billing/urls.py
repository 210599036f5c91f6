from django.urls import path

from billing.pages import statement_views, views

app_name = "billing"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("checkout/", views.checkout_plan, name="checkout"),
    path("trial/", views.begin_trial, name="trial"),
    path("return/", views.come_back, name="return"),
    path("change/", views.change, name="change"),
    path("cancel/", views.cancel, name="cancel"),
    path("resume/", views.resume, name="resume"),
    path("statements/<int:number>/", statement_views.statement, name="statement"),
    path(
        "statements/<int:number>/events/", statement_views.statement_events, name="statement_events"
    ),
    path("intent/forget/", views.forget_intent, name="forget_intent"),
]
