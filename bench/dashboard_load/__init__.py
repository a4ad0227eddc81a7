"""What `make bench-dashboard` puts on a dashboard, and what it is held against."""
