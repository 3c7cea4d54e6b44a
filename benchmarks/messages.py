"""What the lint blocks and how fast: spam and private messages of SMS Spam Collection, phishing beside the tests, rows.

python benchmarks/messages.py [SMSSpamCollection.tsv.gz]
"""

import gzip
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd

from finrec_spark.campaigns.messages.bank import Bank
from finrec_spark.campaigns.messages.linter import Linter
from finrec_spark.campaigns.messages.rendering import Rendering, render_frames
from finrec_spark.campaigns.messages.rules import FORM, RULES
from finrec_spark.campaigns.messages.templates import Catalogue, load_catalogues

ROOT = Path(__file__).parents[1]
SPAM = ROOT / "../shared/data/sms_spam/SMSSpamCollection.tsv.gz"
PHISHING = ROOT / "tests/campaigns/phishing"
CATEGORIES = ("credit_card", "deposit", "insurance", "investment", "loan")
CHANNELS = ("sms", "email", "app", "phone")


def blocked(name: str, texts: Sequence[str], linter: Linter) -> None:
    """Print the share that is blocked, by all rules and by what the texts say, and by which rules."""
    found = [set(linter.codes(text)) for text in texts]
    said = [codes - FORM for codes in found]
    rules = Counter(code for codes in said for code in codes)
    print(f"{name}: {len(texts):,} messages, blocked {share(found)}, for what they say {share(said)}")
    print("   ", ", ".join(f"{code} {RULES[code].name} {count:,}" for code, count in rules.most_common(12)))


def share(found: Sequence[set[str]]) -> str:
    return f"{sum(map(bool, found)) / len(found):.1%}"


def collection(path: Path) -> dict[str, list[str]]:
    """Texts by label."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t", 1) for line in file][1:]
    return {label: [text for named, text in rows if named == label] for label in ("spam", "ham")}


def targets(n: int, names: Sequence[str | None]) -> pd.DataFrame:
    """Targets with the fields of their products, as the Arrow function gets them."""
    product = [(i * 7919) % 120 for i in range(n)]
    return pd.DataFrame(
        {
            "month": date(2022, 6, 1),
            "campaign_id": "c",
            "customer_id": [f"u{i}" for i in range(n)],
            "product_id": [f"P{i}" for i in product],
            "channel": [CHANNELS[i * 31 % 4] for i in range(n)],
            "arm": "treatment",
            "language": ["en" if i % 2 else "zh" for i in range(n)],
            "category": [CATEGORIES[i % 5] for i in product],
            "product_name": [f"Travel Card {i}" for i in product],
            "price": [Decimal(10 * i) for i in product],
            "until": None,
            "first_name": names,
        }
    )


def speed(name: str, frame: pd.DataFrame, catalogues: tuple[Catalogue, ...]) -> None:
    """Print rows rendered and linted a CPU second, in frames of 10,000."""
    rendering = Rendering(catalogues, Bank(), "en", b"benchmark")
    start = time.process_time()
    sent = sum(int(part["excluded"].isna().sum()) for part in render_frames(pieces(frame), rendering))
    print(
        f"{name}: {len(frame) / (time.process_time() - start):,.0f} rows a CPU second, {sent:,} of {len(frame):,} sent"
    )


def pieces(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [frame.iloc[start : start + 10_000] for start in range(0, len(frame), 10_000)]


def with_names(catalogue: Catalogue) -> Catalogue:
    """The catalogue with the customer's first name in every text."""
    values = catalogue.model_dump()
    for template in values["templates"]:
        template["fields"] = (*template["fields"], "first_name")
        template["body"] = template["body"].replace("{product}", "{first_name}, {product}", 1)
    return Catalogue.model_validate(values)


def made_up_name(i: int) -> str:
    return "".join(chr(97 + i // 26**place % 26) for place in range(5)).title()


def main(spam: Path) -> None:
    linter = Linter(Bank(), "sms")
    if spam.exists():
        for label, texts in collection(spam).items():
            blocked(label, texts, linter)
    for path in sorted(PHISHING.glob("*.txt")):
        blocked(path.stem, path.read_text(encoding="utf-8").splitlines(), linter)
    catalogues = load_catalogues(ROOT / "conf/campaigns/templates")
    speed("rendered, no personal field", targets(200_000, [None] * 200_000), catalogues)
    names = [made_up_name(i * 4999) for i in range(50_000)]
    speed("rendered, every name different", targets(50_000, names), tuple(map(with_names, catalogues)))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SPAM)
