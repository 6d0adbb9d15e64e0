"""Good messages of every format, from which the bad ones are made."""

import base64
import gzip
import json

import cbor2
import numpy as np

from warnstream.adapters.mqtt import fields, server_packets
from warnstream.ingest.packed import encode
from warnstream.ingest.sl651.frame import ETB, ETX, Frame, build

PASSWORD = b"\x03\xe8"
ADDRESS = "0011223344"

ALIKE = [
    b'{"station":"R1","time":"2026-06-18T08:05:00Z","rain":1.2,"temperature":-3.25,"pressure":1001.2}',
    b'{"time": "2026-06-18T16:05:00+08:00", "stage": 103.4, "station": "0011223344"}',
    b'{"sequence": 12, "time": 1781769900, "station": "12345678", "rain": 0, "humidity": 88}',
]
"""As programs of gateways write them: each has a form."""

FLAT = [
    b'{"station":"R1","time":"2026-06-18T08:05:00Z","rain":1.2,"stage":103.45}',
    b'{"station":"0011223344","time":1781769900,"rain":0,"temperature":21.5,"sequence":7}',
    b'{"station":"R1","time":"2026-06-18T16:05:00.25+08:00","rain":1.2,"unit":{"rain":"mm"},"humidity":null}',
    b'{"station":"R1","time":1781769900.5,"rain_total":123.4,"exercise":true}',
    *ALIKE,
]
ARRAY = [
    b"[" + b",".join(FLAT[:3]) + b"]",
    b"["
    + b",".join(b'{"station":"R1","time":%d,"rain":0.5}' % (1_781_769_900 + 60 * n) for n in range(12))
    + b"]",
    b"[]",
]
MAPPED = [
    b'{"station":"70B3D5","time":1781769900,"tips":7,"level":345,"temp_f":70.1}',
    b'[{"station":"R1","time":1781769900,"rain":1,"unit":{"level":"cm"}}]',
]
SENML: list[list[dict[str, object]]] = [
    [{"bn": "R1:", "bt": 1_781_769_900, "n": "rain", "u": "mm", "v": 1.2}, {"n": "stage", "v": 2}],
    [
        {"bn": "R1/", "bt": 1.6240e9, "bv": 10, "bu": "Cel", "bver": 10, "n": "temperature", "v": 2},
        {"n": "temperature", "t": -60, "v": 0.5},
        {"n": "label", "vs": "roof"},
        {"n": "stage", "u": "cm", "t": 5, "s": 3, "ut": 1},
        {"n": "open", "vb": True},
    ],
    [
        {"n": "0011223344_stage", "t": -5, "v": 1},
        {"bn": "R1.", "bs": 1, "n": "pressure", "u": "kPa", "v": 101},
    ],
]
LABELS = {
    "bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6, "n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4,
    "s": 5, "t": 6, "ut": 7, "vd": 8,
}  # fmt: skip

SL651_FRAMES = [
    "7E7E01001234567812342F0008020003591011155111036BCA",
    (
        "7E7E010012345678123430002B020003591011154947F1F1001234567848F0F059101115492019000005261900"
        "0005392300000127381211150320FA"
    ),
    (
        "7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F017071811002019000040261900"
        "00403923000104903812109903A421"
    ),
    (
        "7E7E05001122334403E8340068020033170718110014F1F1001122334448F0F01707181005F4600500000014FF"
        "FFFFFFFF0000F0F017071811002619000040F0F01707181005F5C0000C000C001C00310031FFFFFFFFFFFFFFFF"
        "FFFF00310031F0F0170718110039230001049020190000403812109903F502"
    ),
    (
        "7E7E05001122334403E838002A020035170718110128F1F1001122334448F0F017071810050418000005F46005"
        "00000014FFFFFFFFFF000003E8AB"
    ),
    "7E7E0500112233441234460015020023170718102008F1F100112233444520000004000315C1",
    (
        "7E7E05003311000103E833002A020101210618140507F1F1003311000150F0F021061814052219000125201900"
        "048726190123453812126503B8F8"
    ),
]
"""Published with the standard's public implementations, and one of our own (33H)."""

_ASCII_BODIES = [
    (0x32, "0001170718110000ST 0011223344 H TT 1707181100 PJ 4.0 PT 4.0 Z 10.490 VT 10.99 "),
    (0x31, "0001170718110000ST 0011223344 H TT 1707181005 DRN05 Z PT 10.1 1.0 M 1.2 10.3 M "),
    (
        0x34,
        "0001170718110000ST 0011223344 P TT 1707181005 DRP 0500000014FFFFFFFFFF0000 DRZ1 "
        + "000C" * 12
        + " ",
    ),
    (0x2F, "0005170718110035"),
]
_SERIES = bytes.fromhex(
    "0001170718110000F1F1001122334448F0F01707181005041800000539230001049000010500000105100001052000010530"
)


def frame(
    function: int, body: bytes, *, is_ascii: bool = False, end: int = ETX, n: int = 0, at: int = 0
) -> bytes:
    """A frame of the station that every decoder here knows."""
    return build(Frame(ADDRESS, 5, function, end, PASSWORD, True, n, at, body, is_ascii))


SL651_HEX = [bytes.fromhex(frame) for frame in SL651_FRAMES]
SL651_HEX.append(SL651_FRAMES[2].lower().encode())
SL651_ASCII = [frame(function, body.encode(), is_ascii=True) for function, body in _ASCII_BODIES]
SL651_STREAM = [
    b"".join(SL651_HEX[:4]),
    b"".join(
        frame(0x31, _SERIES[at : at + 20], end=ETX if at >= 40 else ETB, n=3, at=at // 20 + 1)
        for at in (0, 20, 40)
    ),
    SL651_ASCII[0] + SL651_HEX[2] + b"\x00\x11" + SL651_HEX[3],
]


def _notification(content: bytes, encoding: str) -> bytes:
    value = content.decode() if encoding == "utf-8" else base64.b64encode(content).decode()
    inline = {"encoding": encoding, "value": value, "size": len(content)}
    properties = {"pubtime": "2026-06-18T08:05:30Z", "data_id": "x/y", "datetime": None, "content": inline}
    return json.dumps({"type": "Feature", "geometry": None, "properties": properties, "links": []}).encode()


def cbor_of(pack: list[dict[str, object]]) -> bytes:
    """A SenML pack in CBOR, with the labels of RFC 8428."""
    return cbor2.dumps([{LABELS.get(key, key): value for key, value in record.items()} for record in pack])


WIS2 = [
    _notification(FLAT[0], "utf-8"),
    _notification(json.dumps(SENML[0]).encode(), "base64"),
    _notification(gzip.compress(ARRAY[1], mtime=0), "gzip"),
    _notification(cbor_of(SENML[0]), "base64"),
]
CHIRPSTACK = [
    json.dumps(
        {
            "time": "2026-06-18T08:05:00.123456+00:00",
            "deviceInfo": {"deviceName": "gauge 7", "devEui": "R1"},
            "object": {"rain": {"total": 35}, "stage": 1.5, "a": {"b": {"c": 2}}, "humidity": None},
        }
    ).encode(),
    b'{"time":"2026-06-18T08:05:00Z","deviceInfo":{"devEui":"R1"},"object":{"rain":1}}',
    (
        b'{"time":"1970-01-01T00:00:00Z","rxInfo":[{"nsTime":"2026-06-18T08:05:00Z"}],'
        b'"deviceInfo":{"devEui":"R1"},"object":{"stage":1.5}}'
    ),
    json.dumps(
        {"devEUI": "R1", "publishedAt": "2026-06-18T08:05:00Z", "rxInfo": [{}], "objectJSON": '{"stage":1.5}'}
    ).encode(),
]
OTHER_UPLINKS = {
    "actility": [
        b'{"DevEUI_uplink":{"Time":"2026-06-18T10:05:00.5+02:00","DevEUI":"R1","payload":{"rain":1,"x":{"y":2}}}}'
    ],
    "helium": [
        b'{"dev_eui":"R1","reported_at":1781769900123,"decoded":{"status":"success","payload":{"stage":1.5}}}',
        b'{"dev_eui":"R1","reported_at":1781769900,"decoded":{"payload":[{"name":"stage","value":1.5}]}}',
    ],
    "loriot": [b'{"cmd":"rx","EUI":"R1","ts":1781769900123,"decoded":{"data":{"stage":1.5}}}'],
}
ANY_JSON = [
    (
        b'{"device":{"id":"R1"},"ts":1781769900123,"stage":"12,5 m",'
        b'"history":[{"ts":"2026-06-18 16:00","regen":1.2}]}'
    ),
    b'{"ts":1781769900,"regen":0.2,"a":{"b":{"c":1}}}',
    b"345 cm",
]
THINGS_STACK = [
    json.dumps(
        {
            "received_at": "2026-06-18T08:05:00Z",
            "end_device_ids": {"device_id": "R1", "dev_eui": "24E124535B123456"},
            "uplink_message": {
                "decoded_payload": {"rain": 1, "rain_total": {"x": 1}},
                "received_at": "2026-06-18T08:05:00Z",
            },
        }
    ).encode()
]
PACKED = [
    encode(["R1"], np.array([0]), np.array([0]), np.array([60]), np.array([1.0])),
    encode(
        ["R1", "0011223344", "nobody"], np.array([0, 1, 2, 0]), np.array([0, 1, 14, 15]),
        np.array([1_781_769_900] * 4), np.array([1.2, 103.45, 7.0, 0.5]),
    ),
]  # fmt: skip


def connect(
    *, is_v5: bool, client_id: str = "gw", clean: bool = True, will: bool = False, user: str = ""
) -> bytes:
    """A CONNECT packet."""
    flags = 2 * clean | 4 * will | 0x80 * bool(user)
    body = fields.text_field("MQTT") + bytes((5 if is_v5 else 4, flags)) + b"\x00\x3c"
    if is_v5:
        body += fields.properties_field({fields.SESSION_EXPIRY: 100, fields.RECEIVE_MAXIMUM: 10})
    body += fields.text_field(client_id)
    if will:
        body += (b"\0" if is_v5 else b"") + fields.text_field("ws/c/rain/gw/will") + fields.text_field("gone")
    if user:
        body += fields.text_field(user)
    return b"\x10" + fields.varint(len(body)) + body


def _session(*, is_v5: bool) -> bytes:
    topic = "ws/c/rain/R1/obs"
    empty = b"\0" if is_v5 else b""
    wanted = (
        b"\0\7" + empty + fields.text_field("ws/warn/#") + b"\1" + fields.text_field("ws/device/R1") + b"\0"
    )
    unwanted = b"\0\x08" + empty + fields.text_field("ws/warn/#")
    publishes = b"".join(server_packets.encode_publish(topic, FLAT[n % 2], n, is_v5=is_v5) for n in range(4))
    return (
        connect(is_v5=is_v5, will=True)
        + publishes
        + b"\x82" + fields.varint(len(wanted)) + wanted
        + server_packets.encode_publish("ws/warn/V1", b"red", 9, is_v5=is_v5, retain=True)
        + b"\xc0\0"
        + b"\x40\2\0\1"
        + b"\xa2" + fields.varint(len(unwanted)) + unwanted
        + server_packets.encode_publish(topic, FLAT[0], 10, is_v5=is_v5, dup=True)
        + b"\xe0\0"
    )  # fmt: skip


def _aliased(topic: bytes, payload: bytes) -> bytes:
    body = topic + b"\x03\x23\x00\x01" + payload
    return b"\x30" + fields.varint(len(body)) + body


ALIASED = _aliased(fields.text_field("ws/c/rain/R1/obs"), FLAT[0]) + _aliased(b"\0\0", FLAT[1])
MQTT_SESSIONS = [_session(is_v5=False), _session(is_v5=True), connect(is_v5=True, client_id="") + ALIASED]
MQTT_STREAMS = [
    b"".join(
        server_packets.encode_publish(
            f"ws/c/rain/R{n % 3}/obs", FLAT[n % 4], n % 5, is_v5=is_v5, retain=n % 7 == 0
        )
        for n in range(20)
    )
    for is_v5 in (False, True)
]
MQTT_STREAMS += [
    b"".join(
        server_packets.encode_publish(f"ws/c/rain/R{n % 3}/obs", ALIKE[n % 3], n * qos, is_v5=is_v5)
        for n in range(60)
    )
    for qos, is_v5 in ((1, False), (0, False), (7, True))
]
MQTT_STREAMS += [ALIASED, b"\xd0\0" + MQTT_STREAMS[0][:200] + b"\x90\x03\0\1\1" + MQTT_STREAMS[0]]
