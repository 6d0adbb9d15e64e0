"""One text for one phone, however its number is written: a reply finds the messages to which it answers."""

from functools import lru_cache

import phonenumbers

from warnstream.adapters.channels.smpp.pdu import Number

INTERNATIONAL = 1
"""Type of number (SMPP 3.4, 5.2.5)."""

REMEMBERED = 4_096


class Phones:
    """Numbers in one form.

    Parameters
    ----------
    country : str or None
        ISO 3166 code of numbers without a country; without it only digits are compared.
    """

    def __init__(self, country: str | None) -> None:
        self._country = country
        self.of = lru_cache(REMEMBERED)(self._of)
        """A number in the form that is kept."""

    def senders(self, number: Number) -> tuple[str, ...]:
        """Forms under which somebody who writes may have been sent something, the likeliest first.

        Some gateways call every number of a sender international, also those without a country's code.

        Examples
        --------
        >>> Phones("CN").senders(Number("13857012345", 1))
        ('+13857012345', '+8613857012345')
        >>> Phones("CN").senders(Number("8613857012345", 1))
        ('+8613857012345',)
        """
        as_dialled = self.of(Number(number.digits.lstrip("+"), 0, number.npi))
        return tuple(dict.fromkeys((self.of(number), as_dialled)))

    def _of(self, number: Number) -> str:
        """`+` and country for numbers that a plan knows, else the digits.

        Examples
        --------
        >>> phones = Phones("CN")
        >>> phones.of(Number("13857012345")), phones.of(Number("8613857012345")), phones.of(Number("10690"))
        ('+8613857012345', '+8613857012345', '10690')
        """
        digits = number.digits.lstrip("+")
        if number.ton == INTERNATIONAL or number.digits.startswith("+"):
            digits = digits.lstrip("0")  # no country's code begins with it: 0086 is how one dials out
            return f"+{digits}" if self._country else digits
        if self._country is None:
            return digits
        for text in (digits, f"+{digits}"):
            try:
                parsed = phonenumbers.parse(text, self._country)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(parsed):
                return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        return digits
