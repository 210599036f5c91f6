from django.urls import path

from tenants import site_views
from tenants.signup import WorkspaceSignupView

app_name = "tenants_site"
urlpatterns = [
    path("signup/", WorkspaceSignupView.as_view(), name="signup"),
    path("go/", site_views.go, name="go"),
    path("workspaces/", site_views.workspaces, name="workspaces"),
    path("invitations/<str:secret>/", site_views.invitation, name="invitation"),
    path("invitations/<str:secret>/join/", site_views.join, name="join"),
]
