"""What staff see of workspaces: the list, and one page for each, to which other apps add panels
(`staff.panels`, kind "workspace")."""
