# The few commands a developer needs; CI runs the same ones.
PYTHON ?= .venv/bin/python
BIN := $(dir $(PYTHON))

.PHONY: check docs-keys test test-all bench bench-stall bench-nowcast bench-desk bench-peers kafka-jars kafka bench-assess bench-journal bench-ingest bench-backlog bench-latency load-edge \
	load-nation load-season rio-alarms score-grids calibration crash-ingest crash-front crash-standby crash-kafka parity-kafka bench-standby bench-kafka faults changes reloads fuzz mutants rule-mutants sim-day demo text-lengths night crash-desk minutes-left-out

check:            ## style, complexity, types, imports, sizes of files, functions and folders
	$(BIN)ruff check .
	$(BIN)ruff format --check .
	$(BIN)mypy
	$(BIN)lint-imports
	$(BIN)pytest -q tests/architecture

docs-keys:        ## tables of keys in the documentation, from the sections that check a configuration
	$(BIN)python -m warnstream.config.key_tables docs/configuration.md

test:             ## units and the examples in docstrings: no servers, no shared data, under a minute; the architecture is with `check`
	$(BIN)pytest --hypothesis-profile=units -m "not server and not real_data and not slow" tests/unit warnstream station_sim

test-all:         ## everything this machine can run
	$(BIN)pytest

faults:           ## three storms with 200 faults each, one a minute at a random place; ten minutes
	WARNSTREAM_FAULTS=200 $(BIN)python -m pytest -q tests/simulation/test_fault_storm.py

CHANGES ?= 200
changes:          ## a storm under which the configuration is changed 200 times at random; half an hour
	$(BIN)python -m tests.simulation.random_changes --changes $(CHANGES)

RELOADS ?= 200
reloads:          ## the same while the node runs: good, bad and hostile reloads, killed at every moment of them; an hour
	$(BIN)python -m tests.simulation.random_changes --live --changes $(RELOADS)

bench:            ## one document with every figure, less than 30 minutes; extras [bench,kafka], mosquitto, gcc, Kafka's jars
	$(BIN)python -m benchmarks.bench_all

bench-latency:    ## from the crossing reading to the household's device
	$(BIN)python -m benchmarks.bench_latency

bench-stall:      ## how long the loop stands still in a front, a snapshot, a backlog, a storm of answers; BEFORE=CHECKOUT beside it
	$(BIN)python -m benchmarks.bench_stall $(if $(BEFORE),--before $(BEFORE))

load-nation:      ## 384,000 stations at a reading a minute into one node, ten minutes
	$(BIN)python -m benchmarks.load_nation

sim-day:          ## 24 hours of a county with every fault through a real node, twice; ten minutes
	$(BIN)python -m tests.simulation.day

bench-nowcast:    ## how early and how false: rain ahead on years of Rio that nothing was fitted on, on five radar days, by sources in the simulator, at the Ahr; twenty minutes, wants shared data
	$(BIN)python -m benchmarks.bench_nowcast
	$(BIN)python -m benchmarks.bench_chances
	$(BIN)python -m benchmarks.bench_radar
	$(BIN)python -m benchmarks.bench_sources
	$(BIN)python -m benchmarks.bench_ahr

bench-desk:       ## who is told what: a front over 900,000 doors, the ledger beside SQLite, storm and typhoon through slow and dead channels; half an hour
	$(BIN)python -m benchmarks.bench_desk
	$(BIN)python -m benchmarks.bench_ledger
	$(BIN)python -m benchmarks.bench_dispatch

bench-peers:      ## other people's tools on one trace: polars, pandas, bytewax, Faust; extras [bench,kafka]
	$(BIN)python -m benchmarks.bench_peers

kafka-jars:       ## Kafka's published jars into build/, for Faust among the peers and its test; Java 17, Maven
	$(BIN)python -m benchmarks.kafka_jars --fetch

NODES ?= 1
FRESH ?=
kafka:            ## a real Kafka on this machine until Ctrl-C, from its jars (`make kafka-jars`); NODES=3, FRESH=1: without what it kept
	$(BIN)python -m benchmarks.kafka_cluster --nodes $(NODES) $(if $(FRESH),--fresh)

bench-assess:     ## windows, villages, evaluation at county, province and nation size; three minutes, 6 GB
	$(BIN)python -m benchmarks.bench_assess

score-grids:      ## what a radar is worth in a blackout under the storm, simulated; ten minutes
	$(BIN)python -m benchmarks.score_grids

DAYS ?= 120
load-season:      ## a season of a county at a reading a minute: reading, replay, comparison; CPU and memory; hours (DAYS=4 for minutes)
	$(BIN)python -m benchmarks.load_season --days $(DAYS)

rio-alarms:       ## twenty years of Rio's rain beside pandas; RIO=folder of the record
	$(BIN)python -m benchmarks.rio_alarms $(RIO)

night:            ## one night on a node: a drill, a false alarm, a rise, posts that sleep, a dead gateway, red by hand, a shift change, the end; a minute
	$(BIN)python -m tests.simulation.night

text-lengths:     ## what doors read in the situations of a night, with the longest names, and how long it is
	$(BIN)python -m benchmarks.text_lengths --texts

crash-ingest:     ## kill node and broker, fill the disk, tear the journal, under storms; half an hour
	$(BIN)python -m tests.simulation.crash_ingest

crash-front:      ## 50 kill -9 while a front is told: each door once, worst first, counts as without kills; ten minutes
	$(BIN)python -m tests.simulation.crash_front

crash-desk:       ## 200 kill -9 through hours of storms, told by MQTT, SMPP, SMTP and HTTP at once, timers beside those of a run without; half an hour
	$(BIN)python -m tests.simulation.crash_desk

crash-standby:    ## two boxes: 50 kill -9 of the first, 20 cut cables, slow seconds, one away for a day; half an hour
	$(BIN)python -m tests.simulation.crash_standby

SEED ?=
crash-kafka:      ## many machines (SEED=N: the same order again): 50 kill -9 of judges, 20 of bridges, 10 of one broker of three, judges that stand still; an hour
	$(BIN)python -m tests.simulation.crash_kafka $(if $(SEED),--seed $(SEED))

parity-kafka:     ## many machines: a county in 1, 4 and 12 shards, 1, 2 and 4 judges, one added and one stopped, beside one engine; an hour
	$(BIN)python -m tests.simulation.parity_kafka

bench-standby:    ## what waiting for a second box costs an append, beside the journal alone; a minute
	$(BIN)python -m benchmarks.bench_standby

bench-kafka:      ## what Kafka costs a judge in processor time, beside an engine of its own; ten minutes
	$(BIN)python -m benchmarks.bench_kafka

bench-journal:    ## the journal beside SQLite: appending durably, reading back
	$(BIN)python -m benchmarks.bench_journal

MINUTES ?= 10
fuzz:             ## every decoder, frame scanner and listener under mutated input; MINUTES each (10)
	$(BIN)python -m tests.fuzz.run --minutes $(MINUTES)

WORDS ?=
mutants:          ## do the tests notice a change of the code? all modules of tests/mutants/modules.toml, or those of WORDS
	$(BIN)python -m tests.mutants.run $(WORDS)

rule-mutants:     ## slips of a hand in thresholds and routing of configs/, and which test notices each; ten minutes
	$(BIN)python -m tests.simulation.mutants_of_configs

CASES ?= 10000
minutes-left-out: ## random rules over random rain: what a comparison leaves out changes nothing; hours (CASES=100 for minutes)
	$(BIN)python -m tests.simulation.minutes_left_out --cases $(CASES)

bench-ingest:     ## messages per second beside a C subscriber; wants mosquitto, gcc, libmosquitto-dev
	$(BIN)python -m benchmarks.bench_ingest

bench-backlog:    ## a day of backlog released at once beside fresh readings; wants mosquitto
	$(BIN)python -m benchmarks.load_backlog

load-edge:        ## processor and memory of a county's node under 200 messages a second; wants mosquitto
	$(BIN)python -m benchmarks.load_edge

calibration:      ## the simulated climate beside a real network, with plots; a minute
	$(BIN)station-sim calibrate --years 40 --out build/calibration

demo:             ## the simulated county
	$(BIN)warnstream demo
