"""What rules are made of: indicators, comparisons, expressions, hazard rules and policies."""
