FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# Dependencies first: they change less often than the code, and every one is pinned by its hash.
COPY requirements.lock /src/
RUN pip install --require-hashes -r /src/requirements.lock

COPY . /src/
RUN pip install --no-deps --no-build-isolation /src \
    && useradd --create-home autoheal

# A directory that the worker may write its tables to.
USER autoheal
WORKDIR /home/autoheal

ENTRYPOINT ["autoheal"]
