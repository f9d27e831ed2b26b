# sh tools/publish.sh linux-x64 && docker build -t espalier . && docker run --rm -v "$PWD:/work" espalier predict reviews.csv --model STAGE
FROM debian:stable-slim
COPY artifacts/publish/linux-x64/espalier LICENSE NOTICE /usr/local/bin/
WORKDIR /work
ENTRYPOINT ["espalier"]
