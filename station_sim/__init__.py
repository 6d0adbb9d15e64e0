"""A simulated county for warnstream: stations, a storm, its floods, and people who answer.

From place to people, module by module:

- `outline` draws the prefecture and its counties, `names` invents place names;
- `county` places stations, villages, gauges and thresholds; `county_files`
  writes them as a CONFIG_DIR and reads them back; `demo_config` adds the YAMLs;
- `storm` is the true rain field, `response` the floods that it causes (the truth);
- `observations` are what the stations measure of it, `faults` what goes wrong on the way;
- `varied_network` mixes loggers and intervals, `ground_hazards` knows slopes and low spots,
  `speakers` and `gateway` choose forms and gather, `fault_planner` chooses which report has which fault;
- `scenario` puts these in order: one stream of messages with clock beacons;
- `broker`, `dial_in` and `publish` send a stream by MQTT in real or accelerated time,
  `replay` makes such a stream of an archive;
- `people` and `sms_gateway` receive the notifications and answer;
- `wide_network`, `load_frames`, `load` and `load_command` drive a node with a whole nation's readings;
- `cli` is the command ``station-sim``.

Everything derives from one seed: same seed, same bytes in the same order.
The package meets warnstream over the wire, the file formats and
`warnstream.model`, nothing else.
"""
