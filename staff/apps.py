from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "staff"

    def ready(self) -> None:
        from staff import finding, navigation
        from staff.pages.people import person

        navigation.register(
            navigation.Item("Search", "staff_search", order=10),
            navigation.Item("People", "staff_people", order=30),
            navigation.Item("Event log", "staff_log", order=40),
            navigation.Item("Sources", "staff_sources", order=42),
            navigation.Item("Event names", "staff_event_names", order=43),
            navigation.Item("Pressure", "staff_pressure", order=45),
            navigation.Item("Who looked", "staff_trail", order=90),
        )
        finding.register(finding.Finder("People", person.find))
