"""Pages beside the situation: warnings over time, tables, exports; read, never commanded."""
