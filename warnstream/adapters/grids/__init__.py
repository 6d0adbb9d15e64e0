"""Files of gridded rain: reading, cells, frames."""
