"""Suhu Gateway: machine temperatures from serial devices and MQTT to Kafka, without losing one."""

__version__ = "0.1.0"
