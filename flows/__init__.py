"""What runs, and when: the command line, the settings, the Prefect flows and the report page."""
