"""Stage 5 of 9: levels of villages from indicators and thresholds, one module per kind of rule.

Every evaluator module has ``needs(rule) -> Needs`` and ``evaluate(rule, ...) ->
HazardLevels``. A new hazard is one file here, one entry of `HAZARD_KINDS` and
one module of its keys in `warnstream.config.thresholds.kinds`.
"""
