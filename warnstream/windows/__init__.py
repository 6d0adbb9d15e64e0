"""Stage 3 of 9: rain accumulations with their coverage, and the last stage of every gauge."""
