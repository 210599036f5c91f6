from plg_site.operating.refused_commands import refusing

Command = refusing(__name__)
