"""Flat JSON objects, one observation each: learnt templates read in columns, the rest one by one."""
