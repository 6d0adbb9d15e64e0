"""Tables and statements of ``outbox.sqlite3``; states are those of `delivery.dispatch.notification`."""

from warnstream.delivery.dispatch.notification import TRANSITIONS, Signal, State

# The partial index `ready` is the queue of the never-tried (due_at = 0) in sending order; rows that
# wait for another attempt (due_at > 0) are in `again` instead, so a dead channel does not slow the queue.
# `waiting` is the index that earlier versions had in its place. `door_links` says what the answer links of
# doors meant that earlier versions sent: their numbers were those of rows.
SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    identifier TEXT NOT NULL UNIQUE,
    warning TEXT NOT NULL,
    version INTEGER NOT NULL,
    village TEXT NOT NULL,
    hazard TEXT NOT NULL,
    level INTEGER NOT NULL,
    msg_type TEXT NOT NULL,
    status TEXT NOT NULL,
    sent_s INTEGER NOT NULL,
    expires_s INTEGER NOT NULL,
    record BLOB NOT NULL,
    cap_xml TEXT NOT NULL,
    text_zh TEXT NOT NULL,
    text_en TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_of_warning ON messages (warning, version);
CREATE TABLE IF NOT EXISTS notifications (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER NOT NULL REFERENCES messages (number),
    recipient TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind INTEGER NOT NULL,
    address TEXT NOT NULL,
    level INTEGER NOT NULL,
    answer_by_s INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL DEFAULT 0,
    sent_at REAL,
    delivered_at REAL,
    answer INTEGER NOT NULL DEFAULT 0,
    answered_at REAL,
    last_answer INTEGER NOT NULL DEFAULT 0,
    last_answered_at REAL,
    last_error TEXT,
    owner TEXT NOT NULL DEFAULT '',
    UNIQUE (message, recipient, channel)
);
CREATE TABLE IF NOT EXISTS door_links (
    number INTEGER PRIMARY KEY,
    message INTEGER NOT NULL,
    recipient TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS door_links_of_message ON door_links (message);
CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), entry INTEGER NOT NULL);
INSERT OR IGNORE INTO progress VALUES (1, 0);
CREATE INDEX IF NOT EXISTS ready ON notifications (channel, level DESC, kind, number)
    WHERE state = 0 AND due_at = 0;
DROP INDEX IF EXISTS waiting;
CREATE INDEX IF NOT EXISTS again ON notifications (channel, level, due_at) WHERE state = 0 AND due_at > 0;
CREATE INDEX IF NOT EXISTS sending ON notifications (channel) WHERE state = 1;
CREATE INDEX IF NOT EXISTS of_post ON notifications (recipient, message) WHERE kind = 1;
"""

INSERT_MESSAGE = """
INSERT OR IGNORE INTO messages (identifier, warning, version, village, hazard, level, msg_type, status,
    sent_s, expires_s, record, cap_xml, text_zh, text_en)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

INSERT_NOTIFICATION = """
INSERT INTO notifications (message, recipient, channel, kind, address, level, answer_by_s)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (message, recipient, channel) DO UPDATE SET address = excluded.address
WHERE state = 0 AND address != excluded.address
"""
# What waits to be sent goes to the address that the register has now.

# Who got (or may be getting) an earlier message of the warning and has no row for this one: moved away,
# renamed, taken out of the register. Parameters: message, level, warning, version, the
# first version that counts.
INSERT_FORMER = f"""
INSERT OR IGNORE INTO notifications (message, recipient, channel, kind, address, level, answer_by_s)
SELECT ?1, former.recipient, former.channel, former.kind, former.address, ?2, 0
FROM notifications AS former JOIN messages ON messages.number = former.message
WHERE messages.warning = ?3 AND messages.version < ?4 AND messages.version >= ?5 AND former.kind > 0
    AND former.state IN ({State.SENDING:d}, {State.SENT:d}, {State.DELIVERED:d})
    AND NOT EXISTS (SELECT 1 FROM notifications AS own
        WHERE own.message = ?1 AND own.recipient = former.recipient AND own.kind = former.kind)
"""  # noqa: S608 -- constants of this file

# True for a row whose recipient has, on the same channel, a newer message of the same warning.
HAS_NEWER = """
EXISTS (
    SELECT 1 FROM messages AS own
    JOIN messages AS newer ON newer.warning = own.warning AND newer.version > own.version
    JOIN notifications AS other ON other.message = newer.number
        AND other.recipient = notifications.recipient AND other.channel = notifications.channel
    WHERE own.number = notifications.message
)
"""


def change_of(signal: Signal) -> tuple[str, str]:
    """The state that a signal leads to, and the condition under which it does, both as SQL."""
    sources, target = TRANSITIONS[signal]
    return f"state = {target:d}", f"state IN ({', '.join(str(int(state)) for state in sorted(sources))})"


_TO_SUPERSEDED, _CAN_BE_SUPERSEDED = change_of(Signal.REPLACED)

SUPERSEDE_WARNING = f"""
UPDATE notifications SET {_TO_SUPERSEDED}
WHERE {_CAN_BE_SUPERSEDED} AND message IN (SELECT number FROM messages WHERE warning = ?) AND {HAS_NEWER}
"""  # noqa: S608 -- constants of this file

# The end of a warning of which nothing ever went out to a recipient: it would only puzzle. A message
# that is being sent or has failed may have arrived, so its end is sent. Parameters: the end, the
# first version that counts.
DROP_END = f"""
UPDATE notifications SET {_TO_SUPERSEDED}
WHERE message = ?1 AND kind > 0 AND {_CAN_BE_SUPERSEDED} AND NOT EXISTS (
    SELECT 1 FROM messages AS own
    JOIN messages AS earlier ON earlier.warning = own.warning AND earlier.version < own.version
        AND earlier.version >= ?2
    JOIN notifications AS other ON other.message = earlier.number AND other.kind = notifications.kind
        AND other.recipient = notifications.recipient
    WHERE own.number = ?1 AND other.state NOT IN ({State.PENDING:d}, {State.SUPERSEDED:d}, {State.EXPIRED:d})
)
"""  # noqa: S608 -- constants of this file

SUPERSEDE_ROW = f"""
UPDATE notifications SET {_TO_SUPERSEDED} WHERE number = ? AND {_CAN_BE_SUPERSEDED} AND {HAS_NEWER}
"""  # noqa: S608 -- constants of this file

# One row of (message, recipient, channel): what a key names.
OF_KEY = "message = (SELECT number FROM messages WHERE identifier = ?) AND recipient = ? AND channel = ?"
