"""Sheets that an office writes by hand today, from its registers."""
