"""shards.csv: a cut that divides what people take for one thing is refused, every fault at its line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from warnstream.config.load import load_configuration

KAFKA = '\nkafka: {servers: ["127.0.0.1:9092"], partition: 2, partitions: 4}\n'
Faults = Callable[[], list[str]]


@pytest.fixture
def county(config_dir: Path) -> Path:
    with (config_dir / "warnstream.yaml").open("a", encoding="utf-8") as file:
        file.write(KAFKA)
    return config_dir


def write(directory: Path, *rows: str) -> None:
    (directory / "shards.csv").write_text("\n".join(["village,shard", *rows, ""]), encoding="utf-8")


def test_villages_are_cut_into_shards_each_with_a_partition(county: Path, faults: Faults) -> None:
    write(county, "003,1", "001,0", "002,0")
    assert faults() == []
    found = load_configuration(county)
    assert found.shards == (0, 0, 1)
    assert found.kafka is not None
    assert (found.kafka.partition, found.kafka.shards) == (2, 2)
    assert "shards.csv" in found.files_read


def test_one_shard_is_the_whole_county(county: Path) -> None:
    write(county, "001,0", "002,0", "003,0")
    found = load_configuration(county)
    assert found.shards == ()
    assert found.kafka is not None
    assert found.kafka.shards == 1


def test_every_fault_is_said_at_once(county: Path, faults: Faults) -> None:
    write(county, "001,0", "001,1", "004,1", "003,x", "002,3")
    assert faults() == [
        "shards.csv: shard: expected numbers from 0 without a gap, no village has 2",
        "shards.csv:3: village: duplicate village '001', first on line 2",
        "shards.csv:4: village: unknown village '004': did you mean '003'? Known here: 001, 002, 003",
        "shards.csv:5: shard: expected a whole number, got 'x'",
        "shards.csv:6: shard: shard 3 has partition 2 + 3: expected one below kafka.partitions, which is 4",
        (
            "shards.csv:6: shard: township 'East' is cut in two: 001 has shard 0 (line 2), 002 has 3: "
            "put them "
            "into one"
        ),
        (
            "shards.csv:6: shard: what post 'p2' answers for is cut in two: 001 has shard 0 (line 2), "
            "002 has 3: "
            "put them into one"
        ),
    ]


def test_villages_without_a_row_are_named(county: Path, faults: Faults) -> None:
    write(county, "003,0")
    assert faults() == ["shards.csv: expected a row of every village, none of 001, 002"]


def test_without_kafka_nothing_is_cut(config_dir: Path, faults: Faults) -> None:
    write(config_dir, "001,0", "002,0", "003,1")
    (found,) = faults()
    assert "expected a section kafka in warnstream.yaml" in found


def test_a_post_below_the_county_is_not_cut_in_two_and_one_of_the_county_may_be(
    county: Path, faults: Faults
) -> None:
    """Two counties have a township East; post p2 answers for both of them, p3 for a whole county."""
    text = (county / "villages.csv").read_text("utf-8")
    text = text.replace("119.90,East,County\n003", "119.90,East,Other\n003")
    (county / "villages.csv").write_text(text, encoding="utf-8")
    write(county, "001,0", "002,1", "003,1")
    assert faults() == [
        (
            "shards.csv:3: shard: what post 'p2' answers for is cut in two: 001 has shard 0 (line 2), "
            "002 has 1: "
            "put them into one"
        )
    ]
    write(county, "001,0", "002,0", "003,1")
    assert faults() == []


def test_a_shelter_is_where_its_people_are(county: Path, faults: Faults) -> None:
    (county / "shelters.csv").write_text(
        "shelter,name,village,capacity\nhall,Hall,003,100\n", encoding="utf-8"
    )
    (county / "objects.csv").write_text(
        "object,village,kind,name,class,persons,helpless,helper,shelter\nboat,001,boat,Boat,,4,0,,hall\n",
        encoding="utf-8",
    )
    write(county, "001,0", "002,0", "003,1")
    assert faults() == [
        (
            "shards.csv:2: shard: shelter 'hall' of 'boat' is in a village of shard 1, they are of "
            "shard 0: put "
            "both into one"
        )
    ]
