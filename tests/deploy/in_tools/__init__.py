"""Scripts that run where the tools are (tests.deploy.tools); they import nothing of the project."""
