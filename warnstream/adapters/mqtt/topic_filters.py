"""Topic filters: whether one is well formed, and which topics are its own."""


def is_filter(topic_filter: str) -> bool:
    """Whether a subscription's filter is well formed (`+` and `#` alone in their level, `#` last)."""
    levels = topic_filter.split("/")
    return bool(topic_filter) and all(
        ("+" not in level or level == "+") and ("#" not in level or (level == "#" and n == len(levels) - 1))
        for n, level in enumerate(levels)
    )


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic is one of a filter's; topics beginning with ``$`` match no leading wildcard."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for n, level in enumerate(wanted):
        if level == "#":
            return True
        if n >= len(levels) or level not in {"+", levels[n]}:
            return False
    return len(wanted) == len(levels)
