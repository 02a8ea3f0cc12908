# The image of Weir: the program, the libraries it is linked with, CA certificates. No shell, no package manager.
#   buildah bud -t weir .          or          docker build -t weir .
# BUILD_BASE is any Debian 12; BASE is what the result stands on. Unity batches: a quarter of the compile time.
ARG BUILD_BASE=debian:bookworm
ARG BASE=scratch

FROM ${BUILD_BASE} AS build
# The commit of the sources, for `weir version`: the build context has no .git.
ARG BUILD_ID=
WORKDIR /weir
COPY . .
RUN apt-get update -qq && \
    apt-get install -y -qq --no-install-recommends ca-certificates libcap2-bin libmimalloc2.0 python3 && \
    WEIR_CONFIGURE="-DWEIR_UNITY=ON -DWEIR_BUILD_ID=$BUILD_ID" ./dev build && \
    deploy/image/make_root build/release/weir /root-of-image

FROM ${BASE}
COPY --from=build /root-of-image/ /
# The account and the ports of the ingress-nginx image.
USER 101:82
EXPOSE 80 443 8443 10254
ENV PATH=/usr/bin
# No ENTRYPOINT: charts name /nginx-ingress-controller themselves.
CMD ["/nginx-ingress-controller"]
HEALTHCHECK CMD ["/usr/bin/weir", "healthcheck"]
