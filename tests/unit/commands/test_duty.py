"""The sheet of posts and the last drill of villages, as a table."""

import csv
import io

from tests.unit.desk.county import T0, county, desk_of, rise
from warnstream.commands.duty.sheet import as_csv, row_of
from warnstream.model.effects import Answer, RecipientAnswer
from warnstream.model.level import Level


def test_a_row_says_how_often_a_post_was_called_and_how_fast_it_answered() -> None:
    desk = desk_of()
    (digest, *_) = desk.step([rise(Level.RED)], T0).digests
    desk.step([RecipientAnswer(digest.identifier, digest.post, Answer.ACKNOWLEDGED, T0 + 90)], T0 + 90)
    post = next(post for post in county().chain if post.post == digest.post)
    row = row_of(post, desk)
    assert (row["called"], row["answered"], row["mean_answer_s"], row["reminded"]) == (1, 1, 90, 0)
    other = next(post for post in county().chain if post.post != digest.post)
    assert row_of(other, desk)["last_answered"] is None


def test_the_table_has_a_head_and_an_empty_cell_where_nothing_happened() -> None:
    desk = desk_of()
    rows = [row_of(post, desk) for post in county().chain]
    (first, *_) = csv.DictReader(io.StringIO(as_csv(rows)))
    assert (first["post"], first["called"], first["mean_answer_s"]) == (rows[0]["post"], "0", "")
