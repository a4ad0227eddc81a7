"""A day of the history as a table and a picture: `settings` reads the command line, `figures` counts, `job` wires."""
