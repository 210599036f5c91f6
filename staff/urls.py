from django.urls import path

from staff.pages import log, people, search, trail

urlpatterns = [
    path("search/", search.search, name="staff_search"),
    path("log/", log.log, name="staff_log"),
    path("trail/", trail.looks, name="staff_trail"),
    path("people/<uuid:pk>/", people.person, name="staff_person"),
]
