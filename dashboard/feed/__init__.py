"""Reads Kafka, in threads of its own, and hands on what it finds."""
