from plg_site.refused_commands import refusing

Command = refusing(__name__)
