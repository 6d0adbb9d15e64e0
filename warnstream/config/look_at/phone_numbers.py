"""Whether a text can be the number of a phone, by the numbering plans of the world.

The plans are those of libphonenumber (ITU-T E.164, national plans). A number
that begins with ``+`` says its country; others are judged where the channel
names one (`country`), else only by their form.
"""

import re
from collections.abc import Callable

import phonenumbers

SPREADSHEET = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+|\d+\.0+")
FORM = re.compile(r"\+?[\d ()/.-]+")
ZEROS_MIN = 6
"""So many zeros at the end of a long number are what a spreadsheet leaves of its last digits."""
DIGITS_MIN, DIGITS_MAX = 3, 15
"""Short codes have three digits, E.164 allows fifteen."""
LONG_DIGITS = 9


def number_fault(country: str | None) -> Callable[[str], str]:
    """What is wrong with a number, as a function of its text; empty if nothing is.

    Parameters
    ----------
    country : str or None
        ISO 3166 code, e.g. ``CN``: numbers without ``+`` are of that country.

    Examples
    --------
    >>> fault = number_fault("CN")
    >>> fault("13857012345"), fault("+8613857012345")
    ('', '')
    >>> fault("1.3857E+10"), fault("1385701234"), fault("+861385701234")
    ('rounded by a spreadsheet', 'that no phone of CN has', 'that no phone of its country has')
    """
    is_national = _national(country)

    def fault(address: str) -> str:
        if SPREADSHEET.fullmatch(address):
            return "rounded by a spreadsheet"
        if FORM.fullmatch(address) is None:
            return "that are no phone number"
        digits = re.sub(r"\D", "", address)
        if not DIGITS_MIN <= len(digits) <= DIGITS_MAX:
            return f"that do not have {DIGITS_MIN} to {DIGITS_MAX} digits"
        if len(digits) >= LONG_DIGITS and digits.endswith("0" * ZEROS_MIN):
            return "that end in zeros, as a spreadsheet leaves them"
        if address.startswith("+"):
            return "" if _is_international(address) else "that no phone of its country has"
        return "" if is_national is None or is_national(digits) else f"that no phone of {country} has"

    return fault


def _is_international(address: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(address))
    except phonenumbers.NumberParseException:
        return False


def _national(country: str | None) -> Callable[[str], bool] | None:
    """Judges digits by the plan of a country; one expression, for 900,000 doors are read at once."""
    plan = phonenumbers.PhoneMetadata.metadata_for_region(country) if country else None
    if plan is None:
        return None
    kinds = (plan.mobile, plan.fixed_line, plan.voip, plan.personal_number, plan.uan)
    patterns = [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
    prefix = f"(?:{plan.national_prefix})?" if plan.national_prefix else ""
    whole = re.compile(f"{prefix}(?:{'|'.join(f'(?:{pattern})' for pattern in patterns)})")
    return lambda digits: whole.fullmatch(digits) is not None
