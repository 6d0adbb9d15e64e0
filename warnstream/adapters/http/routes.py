"""The routes of the HTTP interface, as a table."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """One line of the table: what is served, and how it is documented.

    `body` and the values of `answers` name schemas of `SCHEMAS`; ``html`` and
    ``text`` are other content, an empty text is none.
    """

    method: str
    path: str
    handler: str
    summary: str
    answers: Mapping[int, str]
    body: str = ""
    is_limited: bool = False


SUBMISSION_ANSWERS = {202: "Accepted"} | dict.fromkeys((400, 403, 408, 413, 429, 503), "Problems")


ROUTES = (
    RouteSpec("GET", "/healthz", "healthz", "The process answers.", {200: "Object"}),
    RouteSpec("GET", "/readyz", "readyz", "Warnings would go out now.", {200: "Readiness", 503: "Readiness"}),
    RouteSpec("GET", "/metrics", "metrics_page", "Prometheus metrics.", {200: "text"}),
    RouteSpec("GET", "/openapi.json", "openapi", "This document.", {200: "Object"}),
    RouteSpec("GET", "/api/v1/state", "state", "The situation of the county.", {200: "Object"}),
    RouteSpec("GET", "/api/v1/warnings", "warnings", "Open warnings.", {200: "Objects"}),
    RouteSpec(
        "GET",
        "/api/v1/villages/{village}/explanation",
        "explanation",
        "Why a village is warned after the last step, or is not.",
        {200: "Object"} | dict.fromkeys((400, 404, 429, 503), "Problems"),
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/answers",
        "answers",
        "Keep the answer of a recipient; repeating it changes nothing.",
        SUBMISSION_ANSWERS,
        body="AnswerRequest",
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/receipts",
        "receipts",
        "A device has shown a notification.",
        SUBMISSION_ANSWERS,
        body="ReceiptRequest",
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/warnings/affirmations",
        "affirm_warning",
        "A post that answers for the village says that a warning still stands.",
        SUBMISSION_ANSWERS,
        body="Affirmation",
        is_limited=True,
    ),
    RouteSpec(
        "GET",
        "/api/v1/signs",
        "signs",
        "Signs that people have seen; a post that names itself by its token (Basic) reads who said what.",
        {200: "Objects", 403: "Problems", 429: "Problems"},
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/signs",
        "report_sign",
        "A post of the responsibility chain reports a sign, or renews it.",
        SUBMISSION_ANSWERS,
        body="SignReport",
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/signs/verdicts",
        "judge_sign",
        "A post that answers for the village validates or rejects a sign that another has reported.",
        SUBMISSION_ANSWERS,
        body="SignVerdict",
        is_limited=True,
    ),
    RouteSpec(
        "GET",
        "/api/v1/help",
        "help_calls",
        "Open calls for help, for a post that names itself by its token (Basic).",
        {200: "Objects", 403: "Problems", 429: "Problems"},
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/help/assignments",
        "assign_help",
        "A post gives a call for help to a person, who may be the post itself.",
        SUBMISSION_ANSWERS,
        body="HelpAssignment",
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/api/v1/help/closures",
        "close_help",
        "A person who is not the one that went says that a call for help is over.",
        SUBMISSION_ANSWERS,
        body="HelpClosure",
        is_limited=True,
    ),
    RouteSpec(
        "GET",
        "/a/{token}",
        "show_page",
        "The page of an answer link; opening it answers nothing.",
        {200: "html", 404: "Problems", 429: "Problems"},
        is_limited=True,
    ),
    RouteSpec(
        "POST",
        "/a/{token}",
        "answer_on_page",
        "Answer on the page; the newest answer counts, a call for help stays.",
        {200: "html", 400: "html", 404: "Problems", 413: "Problems", 429: "Problems", 503: "html"},
        body="form",
        is_limited=True,
    ),
)
