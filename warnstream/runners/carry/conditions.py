"""What conditions of the operator's own rules remember: known by their text, whatever their number was."""

from warnstream.model.arrays import Arrays


def texts_of(part: Arrays) -> list[str]:
    """Text of every condition, by its number."""
    content = part["texts"].tobytes().decode()
    return content.split("\n") if content else []


def under_new_numbers(old: Arrays, new: Arrays) -> Arrays:
    """Arrays of the conditions that both have, by the numbers of now; a changed condition begins anew."""
    number_now = {text: number for number, text in enumerate(texts_of(new))}
    renamed = {}
    for was, text in enumerate(texts_of(old)):
        if text not in number_now:
            continue
        for word in ("since_s", "first_at_s", "under_way", "past_s", "past"):
            if f"{word}.{was}" in old:
                renamed[f"{word}.{number_now[text]}"] = old[f"{word}.{was}"]
    return renamed
