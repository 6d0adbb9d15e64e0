"""Closes the loop: archives in, warnings scored and reported out.

Used by ``warnstream replay`` and by people who look back; never by a running
node, so pandas, pyarrow and xarray (``pip install warnstream[review]``) are allowed here.

`archive` reads and writes readings, `report` the files of a replay,
`verification` scores warnings against what happened, `forecast_skill` the nowcast.
"""
