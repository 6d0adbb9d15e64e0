"""warnstream turns gauge readings into warnings at the right doors.

The path of one reading, folder by folder:

1. `ingest`     bytes of a gateway -> columns of readings; what cannot be read is kept aside
2. `quality`    what is doubtful is flagged; nothing is deleted
3. `windows`    rain accumulations with their coverage, and the last stage of every gauge
4. `forecast`   rain of the next 1, 2 and 3 hours from the gauges themselves
5. `hazards`    levels of villages from indicators and thresholds, one module per kind of rule
6. `villages`   station rain aggregated to villages
7. `lifecycle`  a warning from its Alert to its Cancel: one state table; one voice for the doors of a village
8. `routing`    duty posts: who must answer, one numbered digest a post, calls for help
9. `delivery`   messages and texts, plan of notifications, retries

These stages are pure and never import each other; they share `model`. Two
machines run them: `assessment` (stages 1-6, arrays, once per tick) and `desk`
(stages 7-9, events). `engine` puts the two together: read it first.

Around them: `config` (YAML and CSV -> frozen types), `adapters` (MQTT, disk,
HTTP, geometry), `runners` (a live node, a replay), `review` (archives,
verification) and `cli`.
"""

__version__ = "0.2.0"
