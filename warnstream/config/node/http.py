"""The keys of `http:` in warnstream.yaml."""

from typing import Annotated

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part


class HttpSection(Section):
    """Address of the HTTP interface."""

    host: Annotated[str, value_types.text()] = default(
        "127.0.0.1", description="Address to listen on; 0.0.0.0 opens it to the network."
    )
    port: Annotated[int, value_types.whole(0, 65_535)] = default(
        18_080, description="Port, not the listener's; 0: the system chooses."
    )
    public_url: Annotated[str, value_types.url(empty_allowed=True)] = default(
        "",
        description="Address under which people reach this node; answer links begin with it. Without it "
        "messages have no `answer_url`.",
    )
    hosts: list[Annotated[str, value_types.text()]] = part(
        list,
        "Names under which it is reached, beside `localhost`, the machine's own, the host of "
        "`messages.web` and addresses; requests for others get 400 (answer links never).",
    )
    proxies: list[Annotated[str, value_types.network()]] = part(
        list, "Proxies whose `X-Forwarded-For` names the client; others' is ignored."
    )
