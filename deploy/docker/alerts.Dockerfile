FROM python:3.11-slim-bookworm

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends openjdk-17-jre-headless \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/suhu
COPY requirements-spark.txt .
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements-spark.txt
COPY sandbox/ivy.xml sandbox/ivy.xml
RUN java -jar .venv/lib/python3.11/site-packages/pyspark/jars/ivy-2.5.3.jar -ivy sandbox/ivy.xml -cache /tmp/ivy \
      -confs spark -retrieve ".fetched/lib/[conf]/[artifact]-[revision].[ext]" -types jar bundle \
    && rm -rf /tmp/ivy
COPY spark spark
RUN groupadd --system --gid 10002 suhu && useradd --system --uid 10002 --gid suhu --home-dir /var/lib/suhu-alerts suhu \
    && mkdir -p /var/lib/suhu-alerts && chown suhu:suhu /var/lib/suhu-alerts
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER suhu
VOLUME /var/lib/suhu-alerts
ENTRYPOINT ["/opt/suhu/.venv/bin/python", "spark/alerts.py"]
