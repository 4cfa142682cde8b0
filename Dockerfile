# actbench for a CPU. Builds from a clone, and runs the first command of the README:
#
#     docker build --tag actbench . && docker run --rm actbench
#
# What a run leaves is kept by a volume: docker run --rm --volume "$PWD/results:/home/actbench/results" actbench
FROM python:3.13-slim

COPY pyproject.toml README.md LICENSE /source/
COPY actbench /source/actbench
COPY configs /source/configs
COPY docs/man /source/docs/man
RUN python -m pip install --no-cache-dir /source && rm -r /source

# Own code that is given to it runs with few rights. The folder exists, so that a fresh named volume is this user's, too.
RUN useradd --create-home actbench && install --directory --owner actbench /home/actbench/results
USER actbench
WORKDIR /home/actbench

ENTRYPOINT ["actbench"]
CMD ["run", "--act", "mish"]
