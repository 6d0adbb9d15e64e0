"""Stage 5 of 9: levels of villages from indicators and thresholds, one module per kind of rule.

Every evaluator module has ``evaluate(rule, ...) -> HazardLevels``. A new
hazard is one file here, one entry in `EVALUATORS` of the configuration and
one table in configs/.
"""
