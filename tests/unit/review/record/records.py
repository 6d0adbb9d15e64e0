"""A small record of an event, for the pages."""

from dataclasses import replace

from warnstream.review.record.links import Passage, links_of
from warnstream.review.record.model import (
    Asked,
    BulletinRecord,
    Caveat,
    ConfigurationRecord,
    Difference,
    EventRecord,
    GaugeRecord,
    Hidden,
    LevelStep,
    Moment,
    NeverAnswered,
    ScoreRow,
    VillageRecord,
    WarningRecord,
)

T0 = 1_781_762_400
EVIL = "<script>alert(1)</script>&\"'"


def record(**changes: object) -> EventRecord:
    """One village that was told too late; every text that comes from outside is hostile."""
    warning = WarningRecord(
        warning=f"ws.V1.{EVIL}",
        hazard="flash_flood",
        worst="red",
        crossed_s=T0,
        issued_s=T0 + 60,
        ended_s=None,
        steps=(LevelStep(T0 + 60, "yellow", "first"), LevelStep(T0 + 600, "red", "raised")),
        reason=EVIL,
        verdict="late",
        lead_min=-4.0,
    )
    village = VillageRecord(
        code="V1",
        name=f"Upper {EVIL}",
        township=EVIL,
        worst="red",
        warnings=(warning,),
        bulletins=(BulletinRecord(T0 + 60, "prepare", "yellow", "first", 4, 3, 0, 1, 0, T0 + 61, T0 + 70),),
        doors=4,
        unreached=((EVIL, "unreachable"),),
        answers={"acknowledged": 3, "none": 1},
        asked=(
            Asked(T0 + 60, EVIL, EVIL, 1, "yellow", 0, T0 + 600, T0 + 900, "acknowledged"),
            Asked(T0 + 660, "P2", "village_head", 2, "red", 1, T0 + 900, None, ""),
        ),
        missed=("E1",),
    )
    built = EventRecord(
        question=EVIL,
        begin_s=T0,
        end_s=T0 + 7200,
        node=EVIL,
        time_zone=((0, 28_800),),
        clock="system",
        names_shown=False,
        configurations=(ConfigurationRecord(None, 3, "f" * 64, "1.0", "Actual"),),
        bundle_used=3,
        audit="a" * 64,
        audit_faults=1,
        titles={"flash_flood": ("山洪", "Flash flood")},
        counts={
            "villages": 1,
            "warnings": 1,
            "messages": 2,
            "bulletins": 1,
            "digests": 2,
            "posts_asked": 2,
            "doors": 4,
            "doors_unreached": 1,
            "answers": 1,
        },
        links=links_of(
            [
                Passage("issued_answered", "post", "village_head", None, "V1", "P2", 2),
                Passage("issued_answered", "post", "grid_member", 840.0, "V1", EVIL, 1, is_late=True),
                Passage("written_sent", "door", EVIL, 1.5, "V1", "D1"),
                Passage("crossed_judged", "warning", "flash_flood", 60.0, "V1"),
            ]
        ),
        timeline=(
            Moment(T0 + 60, "warning", "V1", "flash_flood", "yellow", "none", "first", text=EVIL),
            Moment(T0 + 61, "bulletin", "V1", level="yellow", word="prepare", text="first"),
            Moment(T0 + 90, "alarm", word="disk", text="the disk refuses", text_zh="磁盘拒绝写入"),
            Moment(T0 + 300, "event", "V1", word="landslide", text="E1"),
        ),
        villages=(village,),
        never_answered=(NeverAnswered("P2", "village_head", 2, "V1", 1, T0 + 660, "red", 1),),
        gauges=(GaugeRecord(EVIL, 1, ((T0, T0 + 1800),), 3, 12.5),),
        hidden=(
            Hidden(
                "V1",
                T0 + 600,
                "worst",
                0.25,
                True,
                (EVIL,),
                {"R2": ("lonely",)},
                3,
                (
                    Difference("rain", "", "", 3600, "25.0", "44.7"),
                    Difference("rain", "", "", 10800, "25.0", "44.7"),
                    Difference("level", "", "flash_flood", 0, "none", "red"),
                ),
            ),
        ),
        scores=(ScoreRow("flash_flood", "red", 1, 1, 1, 0, 1, 0, 0, 1.0, 0.0, None, -4.0),),
        unscored=(f"E2: {EVIL}",),
        caveats=(Caveat("journal_begins", str(T0)), Caveat("not_looked_at", EVIL)),
    )
    return replace(built, **changes)  # type: ignore[arg-type]
