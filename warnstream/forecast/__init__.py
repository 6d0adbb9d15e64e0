"""Stage 4 of 9: rain of the last 75 minutes -> rain of the coming 1, 2 and 3 hours at every village.

A nowcast from gauges alone. Read `nowcast` first; `gridding`, `motion` and
`extrapolation` are its three steps. What it can and cannot do was measured and
stands in docs/forecast.md: it is good for preparation, not for proof.
"""
