"""What can happen to a storage directory: a full disk, an append that was cut short."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from random import Random

from warnstream.adapters.journal.extents import find_extent
from warnstream.adapters.journal.frames import encode_body, encode_frame, read_segment_header

FILLER = "filler"
_STEPS_BYTES = (1024 * 1024, 4096)


@dataclass(slots=True)
class SmallDisk:
    """A disk of its own in memory (tmpfs) for one folder; needs the right to mount."""

    directory: Path
    n_bytes: int
    is_mounted: bool = False

    def mount(self) -> str:
        """Mount it; the reason if that is not possible, else nothing."""
        self.directory.mkdir(parents=True, exist_ok=True)
        size = f"size={self.n_bytes}"
        try:
            done = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(self.directory)],
                capture_output=True,
                check=False,
            )
        except OSError as error:
            return str(error)
        self.is_mounted = done.returncode == 0
        return "" if self.is_mounted else done.stderr.decode(errors="replace").strip()

    def fill(self) -> None:
        """Use up every byte."""
        with (self.directory / FILLER).open("ab", buffering=0) as file:
            for step in _STEPS_BYTES:
                try:
                    while file.write(bytes(step)) == step:
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        """Give the room back."""
        (self.directory / FILLER).unlink(missing_ok=True)

    def unmount(self) -> None:
        """Remove it with all it holds."""
        if self.is_mounted:
            # Lazily: a comparison that failed may still hold a file open.
            subprocess.run(["umount", "-l", str(self.directory)], check=False)
            self.is_mounted = False


TEARS = ("garbage", "half", "cut")


def tear(journal: Path, random: Random, kind: str) -> bool:
    """Leave behind the last entry what a crash in the middle of an append leaves; False without a segment.

    ``garbage`` is any bytes, ``half`` the beginning of the frame that would have
    come next, ``cut`` the same in a file that ends there. What was acknowledged
    stays whole.
    """
    extent = find_extent(journal)
    if not extent.segments:
        return False
    path = extent.segments[-1].path
    header = read_segment_header(path.read_bytes())
    body, count = encode_body([("messages", random.randbytes(random.randint(1, 500)))])
    frame = encode_frame(
        body,
        n_entries=count,
        first_sequence=extent.last_sequence + 1,
        written_at=0.0,
        seed=header.seed,
    )
    content = bytes(random.randint(1, 255) for _ in range(random.randint(1, 300)))
    if kind != "garbage":
        content = frame[: random.randint(1, len(frame) - 1)]
    with path.open("r+b") as file:
        file.seek(extent.end)
        file.write(content)
        if kind == "cut":
            file.truncate()
        os.fsync(file.fileno())
    return True
