"""Local metres for latitude and longitude.

An equirectangular projection about a centre: for a county (200 km) its error
in distances is below 0.1 %, far below the spacing of gauges.
"""

import numpy as np

from warnstream.model.arrays import Float64Array

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG)."""


def local_xy_m(
    latitude: Float64Array, longitude: Float64Array, centre_latitude: float, centre_longitude: float
) -> Float64Array:
    """East and north distance from a centre, in metres.

    Parameters
    ----------
    latitude, longitude : Float64Array, shape (n,)
        WGS 84 degrees.
    centre_latitude, centre_longitude : float

    Returns
    -------
    Float64Array, shape (n, 2)
    """
    east = np.radians(longitude - centre_longitude) * np.cos(np.radians(centre_latitude)) * EARTH_RADIUS_M
    north = np.radians(latitude - centre_latitude) * EARTH_RADIUS_M
    return np.stack([east, north], axis=-1)
