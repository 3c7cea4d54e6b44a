"""The values that contacts and answers may have, wherever they are delivered, stored or simulated."""

from collections.abc import Iterable

SMS, EMAIL, PHONE, APP, BRANCH = "sms", "email", "phone", "app", "branch"
CHANNELS = (SMS, EMAIL, PHONE, APP, BRANCH)
EVERY_CHANNEL = "all"
"""Stands for a channel where a customer's word is on all of them."""

MARKETING, PERSONALISATION, PROFILING = "marketing", "personalisation", "profiling"
PURPOSES = (MARKETING, PERSONALISATION, PROFILING)
"""What a customer is asked: messages over a channel, offers chosen for them, use of their data for that at all."""

TREATMENT, CONTROL, HOLDOUT = "treatment", "control", "holdout"
ARMS = (TREATMENT, CONTROL, HOLDOUT)
"""What a campaign did with a customer: wrote, kept back from this campaign, keeps back from all of them."""

ACCEPTED, DECLINED, NO_ANSWER = "accepted", "declined", "none"
RESPONSES = (ACCEPTED, DECLINED, NO_ANSWER)


def sql_list(words: Iterable[str]) -> str:
    """The words as the right side of SQL's ``in``.

    >>> sql_list(["treatment", "control"])
    "('treatment', 'control')"
    """
    return f"({', '.join(repr(word) for word in words)})"
