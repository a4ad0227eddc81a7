# The Spark jobs: the alert job by default, the pipeline with another entry point (see docker-compose.yml).
# Build it from the project's folder: docker build -f deploy/docker/spark.Dockerfile .
FROM python:3.11-slim-bookworm

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/suhu
COPY requirements-spark.txt .
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements-spark.txt
# Spark's Kafka connector, as sandbox/fetch.py gets it: every jar must be the locked one, and there must be no other.
COPY sandbox/ivy.xml sandbox/jars.sha256 sandbox/
RUN java -jar .venv/lib/python3.11/site-packages/pyspark/jars/ivy-2.5.3.jar -ivy sandbox/ivy.xml -cache /tmp/ivy \
      -confs spark -retrieve ".fetched/lib/[conf]/[artifact]-[revision].[ext]" -types jar bundle \
    && rm -rf /tmp/ivy \
    && awk '/  spark\//{print $1 "  .fetched/lib/" $2}' sandbox/jars.sha256 >/tmp/locked \
    && sha256sum --check --strict /tmp/locked && set -- .fetched/lib/*/*.jar && test $# -eq "$(grep -c . /tmp/locked)" \
    && rm /tmp/locked
COPY spark spark
RUN groupadd --system --gid 10002 suhu && useradd --system --uid 10002 --gid suhu --home-dir /var/lib/suhu suhu \
    && mkdir /var/lib/suhu /var/lib/suhu-history && chown suhu:suhu /var/lib/suhu /var/lib/suhu-history
ENV PATH=/opt/suhu/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10002:10002
VOLUME /var/lib/suhu
STOPSIGNAL SIGTERM
# A look at the time of the file that the job sets while its queries run: no Python, no second JVM.
HEALTHCHECK --interval=5s --timeout=3s --start-period=300s --retries=3 \
    CMD ["sh", "-c", "find /tmp/heartbeat -newermt '10 seconds ago' | grep -q ."]
ENTRYPOINT ["python", "spark/alerts.py", "--heartbeat", "/tmp/heartbeat"]
CMD ["--checkpoint", "/var/lib/suhu/alerts"]
