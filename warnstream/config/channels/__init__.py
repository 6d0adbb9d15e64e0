"""channels.yaml: a module per kind of channel with its keys and its rule of addresses; `registry` has all."""
