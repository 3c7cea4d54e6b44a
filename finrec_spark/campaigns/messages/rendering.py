"""Campaign targets → what each customer is sent: filled from allowed fields, linted, or left out with a reason."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.campaigns.messages.bank import Bank
from finrec_spark.campaigns.messages.fields import FIELDS
from finrec_spark.campaigns.messages.templates import Catalogue
from finrec_spark.campaigns.messages.writer import Writer
from finrec_spark.vocabulary import EMAIL

_KEY = ("month", "campaign_id", "customer_id", "product_id", "channel", "arm")
_MESSAGE = ("month", "campaign_id", "customer_id")
"""What tells one message from all others."""

_SCHEMA = (
    "month date, campaign_id string, customer_id string, product_id string, channel string, arm string, "
    "language string, template_id string, subject string, message string, headers map<string,string>, excluded string"
)
_TEXTS = ("template_id", "subject", "message", "headers", "excluded")


@dataclass(frozen=True)
class Rendering:
    """How messages are rendered.

    Attributes:
        catalogues: the templates, one catalogue a language.
        language: of customers for whom the targets name none.
        unsubscribe_key: secret of the bank that makes the codes in its unsubscribe links unguessable.
    """

    catalogues: tuple[Catalogue, ...]
    bank: Bank
    language: str
    unsubscribe_key: bytes


def render(targets: DataFrame, products: DataFrame, rendering: Rendering) -> DataFrame:
    """One row: what one customer is sent, or why nothing.

    Args:
        targets: ``month``, ``campaign_id``, ``customer_id``, ``product_id``, ``channel``, ``arm``; where they are
            there, ``language`` and the columns of personal and campaign fields (``first_name``, ``until``).
        products: ``product_id``, ``category``, ``name``, ``price``, ``attributes``.

    Returns:
        the six columns above, then ``language``, ``template_id``, ``subject`` (null but for emails), ``message``,
        ``headers`` (of emails) and ``excluded``: null for what may be sent, else ``control`` or ``holdout``,
        ``no_template``, ``missing_field:<names>`` or ``blocked:<codes of the lint>``, with a null ``message``.
    """
    rows = _with_fields(targets, products, rendering)
    return rows.mapInPandas(partial(render_frames, rendering=rendering), _SCHEMA)


def _with_fields(targets: DataFrame, products: DataFrame, rendering: Rendering) -> DataFrame:
    """The targets with everything that a template may name; null where it is not known."""
    given = F.col("language") if "language" in targets.columns else F.lit(None).cast("string")
    spoken = targets.withColumn("language", F.coalesce(given, F.lit(rendering.language)))
    named = F.coalesce(F.element_at("attributes", F.concat(F.lit("name_"), "language")), "name")
    sold = products.select("product_id", "category", "name", "price", "attributes")
    joined = spoken.join(F.broadcast(sold), "product_id", "left").withColumn("product_name", named)
    return joined.select(*_KEY, "language", "category", *_field_columns(joined))


def _field_columns(rows: DataFrame) -> list[Column]:
    return [
        (F.col(spec.column) if spec.column in rows.columns else F.lit(None).cast("string")).alias(spec.column)
        for spec in FIELDS.values()
    ]


def render_frames(frames: Iterable[pd.DataFrame], rendering: Rendering) -> Iterator[pd.DataFrame]:
    """``render``'s rows of frames that have the columns of the key, ``language``, ``category`` and all fields."""
    writer = Writer(rendering.catalogues, rendering.bank)  # remembers what it judged, from frame to frame
    for frame in frames:
        yield _with_links(_written(frame, writer), rendering)


def _written(frame: pd.DataFrame, writer: Writer) -> pd.DataFrame:
    """The frame with its texts. Rows that are filled alike are written once."""
    varying = ["arm", "channel", "language", "product_id", "category", *(spec.column for spec in FIELDS.values())]
    group = frame.groupby(varying, dropna=False, sort=False).ngroup()  # numbered as they first occur
    distinct = frame.loc[~group.duplicated(), varying]
    rows = (dict(zip(varying, values, strict=True)) for values in distinct.itertuples(index=False, name=None))
    texts = pd.DataFrame([writer.write(row) for row in rows], columns=list(_TEXTS))
    filled = texts.take(group.to_numpy()).set_index(frame.index)
    return pd.concat([frame[[*_KEY, "language"]], filled], axis=1)


def _with_links(frame: pd.DataFrame, rendering: Rendering) -> pd.DataFrame:
    """Emails get the bank's unsubscribe page with a code of their own."""
    mailed = frame.index[(frame["channel"] == EMAIL) & frame["excluded"].isna()]
    parts = (frame.loc[mailed, name].astype(str) for name in _MESSAGE)
    codes = ("|".join(names) for names in zip(*parts, strict=True))
    filled = [
        {name: value.format(unsubscribe=_link(code, rendering)) for name, value in headers.items()}
        for code, headers in zip(codes, frame.loc[mailed, "headers"], strict=True)
    ]
    frame.loc[mailed, "headers"] = pd.Series(filled, index=mailed, dtype=object)
    return frame


def _link(message: str, rendering: Rendering) -> str:
    code = hmac.new(rendering.unsubscribe_key, message.encode(), hashlib.sha256).hexdigest()[:32]
    return f"{rendering.bank.unsubscribe}/{code}"
