"""YAML and CSV of CONFIG_DIR -> frozen types; every fault names file, line, field and what was expected.

`load.load_configuration` reads a folder and returns `settings.Configuration`
or raises `ConfigError` with all faults of all files at once. `documents` says
which keys the YAML files have, `schemas` writes that down for editors, and
`summary` tells what a correct configuration amounts to and what an operator
should look at. Import the modules by name: nothing is exported from here.
"""
