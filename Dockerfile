# unitsync in an image: by itself `unitsync serve`; on a Docker or Kubernetes work pool, what Prefect
# tells it to run. docs/how-to/prefect.md says how. Everything that is written is below /data, which
# also is where unitsync.yaml and the export belong.

FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/unitsync
COPY requirements.lock ./
RUN /opt/unitsync/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY flows ./flows
COPY transforms ./transforms
COPY connectors ./connectors
COPY state ./state
COPY examples ./examples
RUN /opt/unitsync/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
COPY --from=build /opt/unitsync /opt/unitsync
RUN useradd --uid 10001 --create-home unitsync && install -d -m 0700 -o unitsync /data
ENV PATH=/opt/unitsync/bin:$PATH \
    PREFECT_HOME=/data/.prefect \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    PYTHONUNBUFFERED=1
# By number: Kubernetes cannot tell from a name that it is not root.
USER 10001
WORKDIR /data
VOLUME /data
# Healthy is who reaches the Prefect server: that of PREFECT_API_URL, or the one that `serve` started.
HEALTHCHECK --interval=60s --timeout=10s --start-period=120s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(os.environ.get('PREFECT_API_URL', 'http://127.0.0.1:4200/api') + '/health', timeout=5)"]
CMD ["unitsync", "serve"]
