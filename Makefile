# The few commands a developer needs; CI runs the same ones.
PYTHON ?= .venv/bin/python
BIN := $(dir $(PYTHON))

.PHONY: check test test-all bench bench-assess bench-journal bench-ingest bench-backlog load-edge rio-alarms crash-ingest fuzz demo

check:            ## style, types, architecture
	$(BIN)ruff check .
	$(BIN)ruff format --check .
	$(BIN)mypy
	$(BIN)lint-imports

test:             ## what runs anywhere in a minute: no servers, no shared data
	$(BIN)pytest -m "not server and not real_data and not slow"

test-all:         ## everything this machine can run
	$(BIN)pytest

bench:            ## figures for benchmarks/RESULTS.md
	$(BIN)python benchmarks/bench_engine.py

bench-assess:     ## county, province and nation, and other people's tools on one trace; ten minutes, 6 GB
	$(BIN)python -m benchmarks.bench_assess

rio-alarms:       ## twenty years of Rio's rain beside pandas; RIO=folder of the record
	$(BIN)python -m benchmarks.rio_alarms $(RIO)

crash-ingest:     ## kill node and broker, fill the disk, tear the journal, under storms; half an hour
	$(BIN)python -m tests.simulation.crash_ingest

bench-journal:    ## the journal beside SQLite: appending durably, reading back
	$(BIN)python -m benchmarks.bench_journal

MINUTES ?= 10
fuzz:             ## every decoder, frame scanner and listener under mutated input; MINUTES each (10)
	$(BIN)python -m tests.fuzz.run --minutes $(MINUTES)

bench-ingest:     ## messages per second beside a C subscriber; wants mosquitto, gcc, libmosquitto-dev
	$(BIN)python -m benchmarks.bench_ingest

bench-backlog:    ## a day of backlog released at once beside fresh readings; wants mosquitto
	$(BIN)python -m benchmarks.load_backlog

load-edge:        ## processor and memory of a county's node under 200 messages a second; wants mosquitto
	$(BIN)python -m benchmarks.load_edge

demo:             ## the simulated county
	$(BIN)warnstream demo
