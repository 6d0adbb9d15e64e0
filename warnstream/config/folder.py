"""The files of CONFIG_DIR: read once, hashed, decoded; what is missing or not UTF-8 is a fault."""

import hashlib
import stat
from collections.abc import Mapping
from pathlib import Path

from warnstream.config.faults import FaultLog

FILE_BYTES_MAX = 1 << 30
"""No file of a configuration is larger than 1 GiB: 900,000 households are 50 MB."""

TABLE_ENDINGS = (".csv", ".geojson")
"""Files of places, people and values, which a test may bring of its own."""

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Folder:
    """Reads files of one configuration folder and remembers what it read.

    Parameters
    ----------
    directory : Path
    faults : FaultLog
        Receives files that are missing, unreadable, too large or not UTF-8.
    tables : mapping of str to bytes, optional
        Tables that stand in for all those of the folder: none of its own is read then.
    frozen : mapping of str to Path, optional
        Where the files of a bundle lie, by their names in `directory`: nothing else is read, and what
        lives outside of a bundle (passwords, keys, folders of grids) is not looked for.
    """

    def __init__(
        self,
        directory: Path,
        faults: FaultLog,
        tables: Mapping[str, bytes] | None = None,
        frozen: Mapping[str, Path] | None = None,
    ) -> None:
        self.directory = directory
        self._faults = faults
        self._tables = tables
        self._frozen = frozen
        self._digest_of_file: dict[str, bytes] = {}

    def has(self, file: str) -> bool:
        """Whether the file is there."""
        if self._tables is not None and file.endswith(TABLE_ENDINGS):
            return file in self._tables
        if self._frozen is not None:
            return file in self._frozen
        try:
            return (self.directory / file).exists()
        except (OSError, ValueError):  # a name too long, or with a NUL
            return False

    def read(self, file: str) -> bytes | None:
        """Bytes of a file that must be there; None, and a fault, where it cannot be read."""
        if self._tables is not None and file.endswith(TABLE_ENDINGS):
            return self._read_table(file, self._tables)
        try:
            path = self._path_of(file)
            status = path.stat()
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # a pipe keeps us waiting
                self._faults.add(file, 0, "", "expected a regular file, this is none")
                return None
            if status.st_size > FILE_BYTES_MAX:
                self._faults.add(
                    file, 0, "", f"larger than {FILE_BYTES_MAX >> 20} MiB: is this the right file?"
                )
                return None
            data = path.read_bytes()
        except FileNotFoundError:
            self._faults.add(file, 0, "", f"no such file in {self.directory}")
            return None
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self._faults.add(file, 0, "", f"cannot be read: {reason}")
            return None
        self._digest_of_file[file] = hashlib.sha256(data).digest()
        return data

    def _path_of(self, file: str) -> Path:
        if self._frozen is None:
            return self.directory / file
        if file not in self._frozen:
            raise FileNotFoundError(file)
        return self._frozen[file]

    def _read_table(self, file: str, tables: Mapping[str, bytes]) -> bytes | None:
        data = tables.get(file)
        if data is None:
            self._faults.add(file, 0, "", "no such table among those that stand in for the folder's")
            return None
        self._digest_of_file[file] = hashlib.sha256(data).digest()
        return data

    def read_text(self, file: str) -> str | None:
        """Text of a UTF-8 file, with or without byte order mark."""
        data = self.read(file)
        if data is None or not is_utf8(file, data, self._faults):
            return None
        return data.decode("utf-8-sig")

    def require(self, file: str, at_file: str, line: int, path: str) -> None:
        """Note a fault at a key that names a file which is not there."""
        if self._frozen is None and not self.has(file):
            self._faults.add(at_file, line, path, f"no such file: {file!r} (relative to {self.directory})")

    @property
    def is_frozen(self) -> bool:
        """Whether these are the files of a bundle, and not of a folder that somebody runs."""
        return self._frozen is not None

    def sha256_of_file(self) -> dict[str, str]:
        """SHA-256 of all files read so far, by name, sorted."""
        return {file: digest.hex() for file, digest in sorted(self._digest_of_file.items())}

    def fingerprint(self) -> str:
        """SHA-256 over names and contents of all files read, independent of their order."""
        whole = hashlib.sha256()
        for file, digest in sorted(self._digest_of_file.items()):
            name = file.encode()
            whole.update(len(name).to_bytes(4, "big") + name + digest)
        return whole.hexdigest()


def is_utf8(file: str, data: bytes, faults: FaultLog) -> bool:
    """Whether the bytes are UTF-8; if not, a fault names the first wrong byte's line."""
    if data.startswith(_UTF16_MARKS):
        faults.add(file, 1, "", "encoded as UTF-16: save it as UTF-8 (in Excel: CSV UTF-8)")
        return False
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wrong = f"byte 0x{data[error.start]:02x} is not UTF-8"
        faults.add(file, line, "", f"{wrong}: save it as UTF-8 (in Excel: CSV UTF-8)")
        return False
    return True
