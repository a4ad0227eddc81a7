# Stands in for apache/kafka:4.3.1 where there is no registry: the same Kafka, user, folders and tools, another system
# around it. libs/ is filled by the test from the locked jars.
FROM python:3.11-slim-bookworm

# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless && rm -rf /var/lib/apt/lists/*
COPY libs /opt/kafka/libs
COPY kafka-tool.sh kafka_start.py log4j2.properties /opt/kafka/bin/
WORKDIR /opt/kafka/bin
RUN chmod 755 kafka-tool.sh && for tool in topics configs acls storage server-start; do ln -s kafka-tool.sh "kafka-$tool.sh"; done \
    && useradd --uid 1000 --create-home appuser \
    && mkdir -p /opt/kafka/config /opt/kafka/logs /var/lib/kafka/data && chown -R appuser /opt/kafka /var/lib/kafka/data
USER 1000:1000
VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]
CMD ["python", "/opt/kafka/bin/kafka_start.py"]
