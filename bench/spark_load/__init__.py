"""The parts of `make bench-spark`."""
