# The page for the shop floor. Build it from the project's folder: docker build -f deploy/docker/dashboard.Dockerfile .
FROM python:3.11-slim-bookworm

WORKDIR /opt/suhu-dashboard
COPY requirements-dashboard.txt .
RUN python -m venv venv && venv/bin/pip install --no-cache-dir --require-hashes -r requirements-dashboard.txt
COPY dashboard dashboard
# The history belongs to the Spark image's user, whichever of the two containers makes the volume first.
RUN groupadd --system --gid 10003 suhu && useradd --system --uid 10003 --gid suhu suhu \
    && mkdir /var/lib/suhu-history && chown 10002:10002 /var/lib/suhu-history
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONPATH=/opt/suhu-dashboard
USER 10003:10003
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-Ic", "import http.client as h, sys; c = h.HTTPConnection('localhost', 8080, timeout=3); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["/opt/suhu-dashboard/venv/bin/python", "-m", "dashboard"]
CMD ["--listen", "0.0.0.0:8080"]
