"""What comes back from a gateway: receipts of messages, replies of people. Used by one thread."""

import logging
import unicodedata
from collections import deque

from warnstream.adapters.channels.channel import Inbound, Surroundings
from warnstream.adapters.channels.smpp import statuses
from warnstream.adapters.channels.smpp.letters import Letter, Letters
from warnstream.adapters.channels.smpp.pdu import Delivery, PduError, delivery_of
from warnstream.adapters.channels.smpp.phones import Phones
from warnstream.adapters.channels.smpp.receipts import DELIVERED, receipt_of, rewritten_id
from warnstream.adapters.channels.smpp.texts import text_of
from warnstream.config.channels.reply_words import Reading, ReplyWords
from warnstream.config.channels.smpp import SmppChannelSection
from warnstream.model.effects import Answer
from warnstream.model.errors import StoreError

logger = logging.getLogger(__name__)


_MARKS = {
    "演练": True,
    "演練": True,
    "演习": True,
    "演習": True,
    "exercise": True,
    "drill": True,
    "真": False,
    "real": False,
}


def which(text: str) -> tuple[str, bool | None]:
    """A reply without the word by which it says that it is of a drill or not; None where it says neither.

    >>> which("演练 1"), which("真的收到"), which("1")
    (('1', True), ('收到', False), ('1', None))
    """
    bare = unicodedata.normalize("NFKC", text).strip()
    for mark, is_drill in _MARKS.items():
        if bare.lower().startswith(mark):
            return bare[len(mark) :].lstrip("的 :：,，"), is_drill
    return text, None


class Inbox:
    """Reads what a gateway sends and hands it on.

    Parameters
    ----------
    section : SmppChannelSection
    around : Surroundings
        Names the channel and the storage folder.
    phones : Phones
    inbound : Inbound
    """

    def __init__(
        self, section: SmppChannelSection, around: Surroundings, phones: Phones, inbound: Inbound
    ) -> None:
        self._receipt_ids, self._name = section.receipt_ids, around.channel
        self._phones, self._inbound = phones, inbound
        self._words = ReplyWords.of(section.reply_words)
        self._letters = Letters(around.storage / f"channel-{around.channel}.sqlite3")
        self.taken: deque[Letter] = deque()
        """What the gateway has taken, from any thread, until `sent` is called."""

    def sent(self) -> None:
        """Note what the gateway has taken: all that is in `taken`."""
        letters = []
        while self.taken:
            letters.append(self.taken.popleft())
        if letters:
            self._letters.note(letters, self._tell)

    def take(self, body: bytes) -> int:
        """Keep what the gateway sends; the status to answer with. Never raises.

        What cannot be kept now is refused for now and comes again. What cannot be read is taken and told
        of: it would come again for ever.
        """
        try:
            self._take(delivery_of(body))
        except PduError as error:
            logger.warning("deliver_sm cannot be read", extra={"channel": self._name, "error": str(error)})
        except StoreError as error:
            logger.warning(
                "receipt or reply not kept, the SMSC is asked for it again",
                extra={"channel": self._name, "error": str(error)},
            )
            return statuses.RECEIVER_TEMPORARY
        except Exception:
            logger.exception("receipt or reply lost", extra={"channel": self._name})
        return statuses.OK

    def close(self) -> None:
        """Close the letters."""
        self._letters.close()

    def _take(self, delivery: Delivery) -> None:
        if delivery.is_receipt:
            self._take_receipt(delivery)
        elif delivery.is_message:
            self._take_reply(delivery)

    def _take_receipt(self, delivery: Delivery) -> None:
        receipt = receipt_of(delivery)
        if receipt is None:
            logger.warning("receipt without id or state", extra={"channel": self._name})
            return
        if not receipt.is_final:
            return
        message_id = rewritten_id(receipt.message_id, self._receipt_ids)
        self._letters.receipt(message_id, receipt.state, self._tell)

    def _tell(self, key: str, state: str) -> None:
        if state == DELIVERED:
            self._inbound.delivered(key)
        else:
            self._inbound.undelivered(key, f"the gateway gave it up ({state})")

    def _read(self, said: str) -> Reading:
        """What a reply means; one that our own rules stumble over is for a person, and not lost."""
        try:
            return self._words.read(said)
        except Exception:
            logger.exception("a reply could not be read", extra={"channel": self._name})
            return Reading(None, "a fault of this node kept it from being read")

    def _take_reply(self, delivery: Delivery) -> None:
        """An answer of everybody at that phone; what no rule reads goes to a person."""
        text, phones = text_of(delivery), self._phones.senders(delivery.source)
        phone = next((phone for phone in phones if self._letters.of_phone(phone)), phones[0])
        said, of_drill = which(text)
        reading = self._read(said)
        if of_drill is None and reading.answer is not Answer.NEED_HELP and self._letters.is_mixed(phone):
            sent = [recipient for recipient, _ in self._letters.of_phone(phone)]
            self._inbound.unread(self._name, sent, text, "a drill and something real were sent to that phone")
            return
        # Who calls for help is heard, whatever they were sent and whatever they call it.
        is_help = reading.answer is Answer.NEED_HELP
        recipients = self._letters.of_phone(phone, of_drill=None if is_help else of_drill)
        answered = [
            recipient
            for recipient, token in recipients
            if reading.answer is not None and self._inbound.answered(token, reading.answer)
        ]
        why = reading.for_a_person
        if reading.report is not None:
            faults = [self._inbound.reported(token, reading.report) for _, token in recipients]
            if faults and all(faults):  # of several posts at one phone the report is one of theirs
                why = faults[0]
        if not recipients:
            why = "from a phone that was sent nothing in the last days"
        elif reading.answer is not None and not answered:
            why = "to a message that is not known any more"
        if why:
            self._inbound.unread(self._name, [recipient for recipient, _ in recipients], text, why)
