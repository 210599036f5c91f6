from django.urls import path

from staff.pages import log, people, pressure, search, trail

urlpatterns = [
    path("search/", search.search, name="staff_search"),
    path("log/", log.log, name="staff_log"),
    path("pressure/", pressure.pressure, name="staff_pressure"),
    path("pressure/by-hand/", pressure.set_by_hand, name="staff_pressure_by_hand"),
    path("pressure/by-hand/end/", pressure.end_by_hand, name="staff_pressure_end"),
    path("trail/", trail.looks, name="staff_trail"),
    path("people/<uuid:pk>/", people.person, name="staff_person"),
]
