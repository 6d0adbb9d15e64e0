"""The risk map as GeoJSON (RFC 7946): villages by level, degrees of WGS 84, outlines where they are known."""

import logging
from typing import Any

import numpy as np
import shapely

from warnstream.console.county import Area, County
from warnstream.console.reading.models import Table
from warnstream.console.situation import View
from warnstream.model.level import Level

DEGREES = 1e-6
"""A tenth of a metre."""

log = logging.getLogger(__name__)


def risk_map(view: View, area: Area, county: County, made: Table) -> dict[str, Any]:
    """A feature a village; `made` says who made it, when, at which node."""
    of = county.configuration.network.villages
    features = []
    for here, at in enumerate(area.villages.tolist()):
        level = int(view.level[here])
        features.append(
            {
                "type": "Feature",
                "id": county.code[at],
                "geometry": _geometry(of.polygon_wkt[at], of.longitude[at], of.latitude[at])
                if at < len(of.code)
                else None,
                "properties": {
                    "name": county.name[at],
                    "township": county.township[at],
                    "county": county.county[at],
                    "level": level,
                    "word": Level(level).word,
                    "sight": int(view.sight[here]),
                },
            }
        )
    about = {"node": made.node, "mode": made.mode, "made_s": made.made_s, "by": made.by}
    return {"type": "FeatureCollection", **about, "features": features}


def _geometry(wkt: str | None, longitude: float, latitude: float) -> dict[str, Any]:
    """The outline, outer ring against the clock; a point where there is none or it cannot be read."""
    if wkt is not None:
        try:
            shape = shapely.orient_polygons(shapely.set_precision(shapely.from_wkt(wkt), DEGREES))
            found: dict[str, Any] = shapely.geometry.mapping(shape)
        except (shapely.errors.ShapelyError, ValueError):
            log.warning("an outline cannot be read", extra={"at": f"{latitude:.4f} {longitude:.4f}"})
        else:
            if shape.geom_type in ("Polygon", "MultiPolygon") and not shape.is_empty:
                return found
    return {
        "type": "Point",
        "coordinates": [round(float(np.float64(longitude)), 6), round(float(latitude), 6)],
    }
