# One image for every service of docker-compose.yml; the command decides which one it is.
FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/auditor && /opt/auditor/bin/pip install --no-cache-dir ".[models,s3]"

FROM python:3.11-slim
RUN useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin auditor \
    && mkdir /data && chown auditor:auditor /data
COPY --from=build /opt/auditor /opt/auditor
ENV PATH=/opt/auditor/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 AUDITOR_HOME=/data \
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
USER 10001:10001
WORKDIR /data
CMD ["auditor", "--help"]
