from django.urls import path

from tenants.staff import listing, workspace

urlpatterns = [
    path("workspaces/", listing.workspaces, name="staff_workspaces"),
    path("workspaces/<uuid:pk>/", workspace.workspace, name="staff_workspace"),
    path("workspaces/<uuid:pk>/suspend/", listing.suspend, name="staff_suspend"),
    path("workspaces/<uuid:pk>/resume/", listing.resume, name="staff_resume"),
]
