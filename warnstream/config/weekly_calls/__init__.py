"""Weekly test calls: the section of warnstream.yaml and test_ways.csv."""
