"""A third language, for tests: everything that it takes is in this file."""

from warnstream.delivery.texts import Language, MessageParts, PlainWords, Texts, number, short
from warnstream.model.level import Level

COLOUR = ("nenhum", "AZUL", "AMARELO", "LARANJA", "VERMELHO")
ACTION = {
    Level.NONE: "FIM DO ALERTA",
    Level.BLUE: "Fique atento",
    Level.YELLOW: "Prepare-se",
    Level.ORANGE: "PREPARE-SE PARA SAIR",
    Level.RED: "SAIA AGORA",
}
PLAIN = PlainWords(mark="[SIMULADO] ", warning="", stop=". ", colours=COLOUR, actions=tuple(ACTION.values()))  # type: ignore[arg-type]


def texts(parts: MessageParts) -> Texts:
    action = ACTION[parts.message.level]
    place = short(parts.village)
    why = ""
    if parts.reason is not None:
        why = f"Valor: {number(parts.reason.reason.value, '?')} ({parts.reason.clock})."
    text = f"{PLAIN.mark if parts.is_exercise else ''}{action}. {place}: {parts.event.en}. {why}"
    return Texts(parts.event.en, place, f"{place}: {COLOUR[parts.level]}", why, action, text)


PORTUGUESE = Language("pt-BR", texts, PLAIN)
