"""Everything that is looked at, in the order in which it is printed."""

from collections.abc import Callable, Iterator

from warnstream.config.look_at import amounts, files, node, people, places, roster, rule_amounts, transfers
from warnstream.config.settings import Configuration

LOOKS: tuple[Callable[[Configuration], Iterator[str]], ...] = (
    node.clock_is_told,
    node.late_readings,
    node.forecast_to_red,
    node.lowering_without_care,
    node.relayed_without_orders,
    node.feeds_without_hazard,
    node.retries_end_before_an_outage,
    node.links_lead_nowhere,
    files.storage_not_writable,
    files.files_nobody_reads,
    files.folders_that_are_not_there,
    files.unsigned_values,
    files.half_written_files,
    amounts.beyond_records,
    amounts.beyond_quality,
    amounts.unlike_neighbours,
    amounts.half_tables,
    amounts.stages_apart,
    rule_amounts.own_rule_amounts,
    places.zone_against_longitude,
    places.twin_gauges,
    places.twin_villages,
    places.case_twins,
    people.chain_of_one_rank,
    people.nobody_may_order,
    people.one_phone_for_many,
    people.only_the_log,
    people.doors_on_channels_for_posts,
    people.odd_numbers,
    people.posts_of_several_shards,
    roster.gaps,
    roster.runs_out,
    roster.one_phone_in_several_ranks,
    roster.tests_without_hours,
    transfers.nowhere_to_go,
    transfers.uncounted,
)


def look_at(configuration: Configuration) -> list[str]:
    """Sentences about what is legal and bites; empty if nothing stands out."""
    return [sentence for look in LOOKS for sentence in look(configuration)]
