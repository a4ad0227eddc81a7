"""The load, the meters and the measurements of `make bench-gateway` (bench/gateway.py)."""
