"""Sheets into a folder: page, tables, workbook, PDF."""

from pathlib import Path

from warnstream.commands.sheets.sheet import Footing, Made, Sheet, as_csv, as_exported, as_html
from warnstream.console.reading.sheets import as_xlsx
from warnstream.model.errors import WarnstreamError


def write_sheet(
    out: Path, sheet: Sheet, footing: Footing, made: Made, *, as_pdf: bool, with_workbook: bool
) -> list[Path]:
    """Write it; the files, the page first.

    Raises
    ------
    WarnstreamError
        If the folder cannot be written, or what PDF or a workbook want is not installed.
    """
    page, table, workbook = (out / f"{sheet.name}.{ending}" for ending in ("html", "csv", "xlsx"))
    content = as_xlsx(as_exported(sheet, footing, made), footing.printed.language) if with_workbook else None
    files = [page, table]
    try:
        out.mkdir(parents=True, exist_ok=True)
        page.write_text(as_html(sheet, footing), "utf-8")
        table.write_text(as_csv(sheet, footing.say), "utf-8", newline="")
        if content is not None:
            workbook.write_bytes(content)
            files.append(workbook)
    except OSError as error:
        raise WarnstreamError(f"{out}: cannot be written ({error.strerror or error})") from error
    if as_pdf:
        from warnstream.commands.paper.pdf import write_pdf

        files.append(write_pdf(page))
    return files
