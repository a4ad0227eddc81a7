# The gateway. Build it from the project's folder: docker build -f deploy/docker/gateway.Dockerfile .
FROM python:3.11-slim-bookworm

# requirements-fast.txt brings the second Kafka client as well (kafka.client = "confluent").
ARG REQUIREMENTS=requirements.txt
WORKDIR /opt/suhu-gateway
COPY ${REQUIREMENTS} requirements.txt
RUN python -m venv venv && venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY gateway gateway
COPY deploy/docker/gateway/gateway.toml /etc/suhu-gateway/gateway.toml
# `docker exec CONTAINER gateway status` and the other commands.
RUN printf '#!/bin/sh\nexec /opt/suhu-gateway/venv/bin/python -m gateway "$@"\n' >/usr/local/bin/gateway \
    && chmod 755 /usr/local/bin/gateway \
    && groupadd --system --gid 10001 suhu && useradd --system --uid 10001 --gid suhu suhu \
    && mkdir -m 700 /var/lib/suhu-gateway && chown suhu:suhu /var/lib/suhu-gateway
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONPATH=/opt/suhu-gateway STATE_DIRECTORY=/var/lib/suhu-gateway
USER 10001:10001
VOLUME /var/lib/suhu-gateway
STOPSIGNAL SIGTERM
# Asks [health] of the configuration: 200 while the process lives and nothing in it is stuck.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-Ic", "import http.client as h, sys; c = h.HTTPConnection('127.0.0.1', 9108, timeout=3); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["/opt/suhu-gateway/venv/bin/python", "-m", "gateway"]
CMD ["run", "--config", "/etc/suhu-gateway/gateway.toml"]
