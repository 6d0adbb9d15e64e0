"""Thresholds that keep a wish such as one alarm a year: counted over archives, pooled over a region."""
