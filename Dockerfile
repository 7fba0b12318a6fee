# The program alone on a small Debian, as an unprivileged user. Data and keys are two volumes: never back them up together.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --profile dist --package bonafide \
    && cp target/dist/bonafide /bonafide

FROM debian:bookworm-slim
# curl is for the health check
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /var/lib/bonafide --shell /usr/sbin/nologin bonafide \
    && install -d -o bonafide -g bonafide -m 0700 /var/lib/bonafide /var/lib/bonafide/data /var/lib/bonafide/keys
COPY --from=build /bonafide /usr/local/bin/bonafide
USER bonafide
WORKDIR /var/lib/bonafide
ENV BONAFIDE_LISTEN=0.0.0.0:8080 \
    BONAFIDE_DATA_DIR=/var/lib/bonafide/data \
    BONAFIDE_KEYS_DIR=/var/lib/bonafide/keys
VOLUME ["/var/lib/bonafide/data", "/var/lib/bonafide/keys"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["bonafide"]
CMD ["serve"]
