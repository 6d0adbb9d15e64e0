"""Stage 3 of 9: rain accumulations with their coverage, what earlier rain has left, samples of sensors."""
