"""Phishing and good messages written beside the rules; what was measured when stands in docs/messages.md."""

import gzip
from pathlib import Path

import pytest

from finrec_spark.campaigns.messages.bank import Bank
from finrec_spark.campaigns.messages.linter import Linter
from finrec_spark.campaigns.messages.rules import FORM
from finrec_spark.vocabulary import PHONE, SMS

FOLDER = Path(__file__).parent / "phishing"
SPAM = Path(__file__).parents[2] / "../shared/data/sms_spam/SMSSpamCollection.tsv.gz"
LINTER = Linter(Bank(), "sms")


def lines(name):
    return [line for line in (FOLDER / name).read_text(encoding="utf-8").splitlines() if line.strip()]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_but_few_phishing_messages_are_blocked_for_what_they_say(language):
    """Not for what they lack: phishing can name the bank and an opt-out."""
    texts = [text for path in FOLDER.glob(f"{language}_*.txt") for text in lines(path.name)]
    blocked = [bool(set(LINTER.codes(text)) - FORM) for text in texts]
    assert len(texts) >= (200 if language == "zh" else 100)
    assert sum(blocked) >= 0.99 * len(texts)


@pytest.mark.parametrize("text", [*lines("good_en.txt"), *lines("good_zh.txt")])
def test_a_good_message_passes(text):
    assert LINTER.codes(text) == ()


@pytest.mark.parametrize(
    ("channel", "text"), [(of, text) for of in ("phone", "app") for text in lines(f"good_{of}.txt")]
)
def test_a_good_script_or_app_message_passes(channel, text):
    assert Linter(Bank(), channel).codes(text) == ()


@pytest.mark.parametrize(
    ("channel", "text"),
    [(of, text) for name, of in (("en", SMS), ("zh", SMS), ("phone", PHONE)) for text in lines(f"honest_{name}.txt")],
)
def test_an_honest_message_is_never_blocked_for_what_it_says(channel, text):
    """Written without knowing the rules: such a message may lack a sender or an opt-out, which is easily mended."""
    assert set(Linter(Bank(), channel).codes(text)) <= FORM


@pytest.mark.skipif(not SPAM.exists(), reason="shared/data/sms_spam is not there")
def test_nine_tenths_of_the_collected_spam_are_blocked_for_what_they_say():
    with gzip.open(SPAM, "rt", encoding="utf-8") as file:
        spam = [line.split("\t", 1)[1] for line in file if line.startswith("spam\t")]
    blocked = [bool(set(LINTER.codes(text.rstrip())) - FORM) for text in spam]
    assert len(spam) == 747 and sum(blocked) >= 0.9 * len(spam)
