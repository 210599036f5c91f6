from django.urls import path

from staff.pages import event_names, log, people, pressure, search, sources, trail

urlpatterns = [
    path("search/", search.search, name="staff_search"),
    path("log/", log.log, name="staff_log"),
    path("pressure/", pressure.pressure, name="staff_pressure"),
    path("pressure/by-hand/", pressure.set_by_hand, name="staff_pressure_by_hand"),
    path("pressure/by-hand/end/", pressure.end_by_hand, name="staff_pressure_end"),
    path("sources/", sources.sources, name="staff_sources"),
    path("sources/new/", sources.create, name="staff_sources_create"),
    path("sources/<uuid:pk>/end/", sources.end, name="staff_source_end"),
    path("event-names/", event_names.event_names, name="staff_event_names"),
    path("event-names/<int:pk>/", event_names.event_name, name="staff_event_name"),
    path("event-names/<int:pk>/decision/", event_names.decide, name="staff_event_name_decision"),
    path("trail/", trail.looks, name="staff_trail"),
    path("people/<uuid:pk>/", people.person, name="staff_person"),
]
