"""A simulated county for warnstream: stations, a storm, its floods, and people who answer.

From place to people, folder by folder:

- `outline` draws the prefecture and its counties; `county` places stations, villages, gauges and
  thresholds, writes them as a CONFIG_DIR and reads them back;
- `weather` is the true rain field, with its radar and model products;
- `ground` is what the ground does with it: floods, slopes, low spots (the truth);
- `stations` are what gauges measure of it, in which form, and what goes wrong on the way;
- `sending` puts these in order, one stream of messages with clock beacons, and plays it, an archive
  or a whole nation's load into a broker or a listener;
- `people` receive the notifications and answer;
- `commands` and `cli` are the command ``station-sim``.

Everything derives from one seed: same seed, same bytes in the same order.
The package meets warnstream over the wire, the file formats and
`warnstream.model`, nothing else.
"""
