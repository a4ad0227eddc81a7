"""The whole system on one machine, without containers: Kafka, mosquitto, Spark and our own programs.

Every part is a child process on loopback that does not outlive its starter; demo, tests and benches all use it.
"""
