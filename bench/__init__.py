"""Benchmarks: real parts, one run, results as JSON in bench/out/."""
