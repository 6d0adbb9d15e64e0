"""When a node writes a snapshot. Pure: the caller tells the time of a clock that never goes back."""

REPLAY_S_MAX = 10.0
"""Work since the last snapshot that a restart may have to repeat before another is written early."""

SNAPSHOT_REST = 20
"""Pause after a snapshot, in durations of writing it, before an early one."""

RETRY_S = 60.0
"""One that failed is tried again after that, or at its time where that is sooner."""


class SnapshotPace:
    """When a snapshot is due: by time, or early, once a restart would have to repeat `REPLAY_S_MAX` of work.

    An early one waits `SNAPSHOT_REST` times as long as the last took to write,
    so writing takes a twentieth of the time at most; the first is never early where nobody says how long
    writing takes (`writing_s`).
    """

    def __init__(
        self,
        every_s: float,
        now_s: float,
        replay_s_max: float = REPLAY_S_MAX,
        writing_s: float = float("inf"),
    ) -> None:
        self._every_s, self._replay_s_max = every_s, replay_s_max
        self._begun_s = now_s
        self._took_s = writing_s
        self._work_s = 0.0
        self._work_before_s = 0.0
        self._has_failed = False

    def worked(self, took_s: float) -> None:
        """The engine took so long for a journal entry."""
        self._work_s += took_s

    def is_due(self, now_s: float) -> bool:
        """Whether to write one now."""
        elapsed_s = now_s - self._begun_s
        is_long = self._work_s >= self._replay_s_max and elapsed_s >= SNAPSHOT_REST * self._took_s
        is_again = self._has_failed and elapsed_s >= RETRY_S
        return is_long or is_again or elapsed_s >= self._every_s

    def begin(self, now_s: float) -> None:
        """One is tried now."""
        self._begun_s, self._work_before_s = now_s, self._work_s

    def written(self, now_s: float) -> None:
        """It is on disk: what was worked since it was begun is all that a restart repeats."""
        self._took_s, self._has_failed = now_s - self._begun_s, False
        self._work_s -= self._work_before_s

    def failed(self) -> None:
        """It is not; the work has to be repeated still."""
        self._has_failed = True
