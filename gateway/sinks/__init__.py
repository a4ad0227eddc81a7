"""Where records go: one file per client library."""
