FROM python:3.11-slim-bookworm

WORKDIR /opt/suhu-gateway
COPY requirements.txt .
RUN python -m venv venv && venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY gateway gateway
RUN groupadd --system --gid 10001 suhu && useradd --system --uid 10001 --gid suhu suhu \
    && mkdir -p /var/lib/suhu-gateway && chown suhu:suhu /var/lib/suhu-gateway
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 STATE_DIRECTORY=/var/lib/suhu-gateway
USER suhu
VOLUME /var/lib/suhu-gateway
ENTRYPOINT ["/opt/suhu-gateway/venv/bin/python", "-m", "gateway"]
CMD ["run"]
