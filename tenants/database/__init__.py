"""The database backend (settings.DATABASES ENGINE): django-tenants', sure of its search_path."""
