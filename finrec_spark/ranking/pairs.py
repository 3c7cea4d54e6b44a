"""A customer, a product and what every model says of the two, as the numbers that trees read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.transforms.profiles.vector import ProfileFeature

CUSTOMER_GROUP, SENSITIVE_GROUP = "similar_profile", "sensitive"
_PRODUCT_GROUP, _RISK_GROUP, _KIND_GROUP, _INTEREST_GROUP = "in_demand", "fits_risk", "kind_in_use", "own_interest"

_SHARES = ("holders", "takers_30d", "takers_90d", "takers_365d", "takers_same_month")
_PRODUCT_NUMBERS = ("risk_level", "price", "age_days")
_PRODUCT = (*(f"product:{name}" for name in _PRODUCT_NUMBERS), *(f"product:{name}_share" for name in _SHARES))
_PRODUCT_FEATURES = (*_PRODUCT, "product:trend", "product:category")
_PAIR_GROUPS = {
    "pair:risk_gap": _RISK_GROUP,
    "pair:strength": _INTEREST_GROUP,
    "pair:kind_strength_share": _KIND_GROUP,
    "pair:kind_held": _KIND_GROUP,
    "pair:days": _INTEREST_GROUP,
    "pair:kind_days": _KIND_GROUP,
}


@dataclass(frozen=True)
class ProductNumbers:
    """The P products as trees see them.

    Attributes:
        values: P × ``len(_PRODUCT_FEATURES)``; counts are shares of the bank's customers, so that they mean the same
            in a larger bank; NaN where a value is missing.
        risk_level: P, NaN where unknown.
        kind: P × categories, 1 in the product's own; the last stands for products that came after the month.
        known: how many of the products the month knew.
    """

    values: Floats
    risk_level: Floats
    kind: csr_matrix
    known: int


def collect_product_numbers(profiles: DataFrame, product_ids: Sequence[str], n_customers: int) -> ProductNumbers:
    """``gold.product_profile`` of one month, by position: as many rows as the bank has products.

    A product that came after the month has missing values, and changes those of no other. ``trend`` is the newest 30
    days' takers over a twelfth of the year's; 1 is steady, 0 where nobody took it.
    """
    numbers = (*_PRODUCT_NUMBERS, *_SHARES)
    found = pd.DataFrame(profiles.select("product_id", "category", *numbers).toPandas())
    rows = found.set_index("product_id").reindex(list(product_ids))
    values = rows[list(numbers)].to_numpy(dtype=np.float64)
    shares = values[:, len(_PRODUCT_NUMBERS) :] / max(n_customers, 1)
    lately, in_year = (values[:, numbers.index(name)] for name in ("takers_30d", "takers_365d"))
    trend = np.divide(12 * lately, in_year, out=np.zeros_like(lately), where=in_year > 0)
    oldest = found["age_days"].fillna(np.inf).groupby(found["category"]).max()
    codes = rows["category"].map(category_codes(oldest)).to_numpy(dtype=np.float64)
    columns = (values[:, : len(_PRODUCT_NUMBERS)], shares, trend[:, None], codes[:, None])
    kinds = np.where(np.isnan(codes), len(oldest), codes).astype(np.int64)
    place = (np.ones(len(codes)), (np.arange(len(codes)), kinds))
    kind = csr_matrix(place, shape=(len(codes), len(oldest) + 1))
    return ProductNumbers(np.column_stack(columns), values[:, 0], kind, int(np.isfinite(codes).sum()))


def category_codes(oldest: pd.Series) -> dict[str, int]:
    """Category → its number, from 0: the oldest first, those of one age by name.

    So a category means the same in every month: one that comes later has the next number, wherever it stands in the
    alphabet.

    Args:
        oldest: category → days since its oldest product came; infinite where nobody knows.

    >>> category_codes(pd.Series({"loan": 900.0, "crypto": 20.0, "card": 900.0}))
    {'card': 0, 'loan': 1, 'crypto': 2}
    """
    ordered = sorted(oldest.items(), key=lambda named: (-named[1], str(named[0])))
    return {str(name): code for code, (name, _) in enumerate(ordered)}


@dataclass(frozen=True)
class PairFeatures:
    """Makes the matrix that trees are fitted to and score: one row a customer and candidate.

    Attributes:
        components: the models whose scores are read, in their order.
        products: the month's products.
        profile: every place of the customers' profile vector.
        excluded: profile features that trees must not see.
        sensitive: profile features that may be seen, and are never given as a reason.
    """

    components: tuple[str, ...]
    products: ProductNumbers
    profile: tuple[ProfileFeature, ...]
    excluded: frozenset[str] = frozenset()
    sensitive: frozenset[str] = frozenset()

    @property
    def groups(self) -> Mapping[str, str]:
        """Feature → the group under which its part of a score is told; the order is that of the matrix's columns.

        A component's group has its name; the profile's are ``similar_profile`` and ``sensitive``.
        """
        scores = {f"{name}{kind}": name for name in self.components for kind in (":share", ":score")}
        product = dict.fromkeys(_PRODUCT_FEATURES, _PRODUCT_GROUP)
        profile = {
            feature.name: SENSITIVE_GROUP if feature.name in self.sensitive else CUSTOMER_GROUP
            for feature in self._used
        }
        return {**scores, **product, **_PAIR_GROUPS, **profile}

    @property
    def names(self) -> tuple[str, ...]:
        """The matrix's columns."""
        return tuple(self.groups)

    def matrix(
        self,
        batch: CustomerBatch,
        scores: Mapping[str, Floats],
        shares: Mapping[str, Floats],
        customers: Ints,
        products: Ints,
    ) -> Floats:
        """R × features: one row a pair; NaN where a value is missing.

        Args:
            scores: each component's scores, B × P.
            shares: the same as shares of the customer's best, B × P.
            customers: each pair's place in the batch, R.
            products: each pair's product, R.
        """
        said = [values[name][customers, products] for name in self.components for values in (shares, scores)]
        pairs = self._pair_columns(batch, customers, products)
        return np.column_stack([*said, self.products.values[products], *pairs, self._profile(batch)[customers]])

    @property
    def _used(self) -> tuple[ProfileFeature, ...]:
        return tuple(feature for feature in self.profile if feature.name not in self.excluded)

    def _profile(self, batch: CustomerBatch) -> Floats:
        places = [place for place, feature in enumerate(self.profile) if feature.name not in self.excluded]
        if batch.profile is None:
            return np.full((batch.size, len(places)), np.nan)
        return batch.profile[:, places]

    def _pair_columns(self, batch: CustomerBatch, customers: Ints, products: Ints) -> tuple[Floats, ...]:
        """In the order of ``_PAIR_GROUPS``, each R."""
        kind = self.products.kind.indices[products]
        risk = np.where(batch.risk_level > 0, batch.risk_level, np.nan)
        by_kind = np.asarray((batch.strength @ self.products.kind).toarray())
        total = by_kind.sum(axis=1, keepdims=True)
        shares = np.divide(by_kind, total, out=np.zeros_like(by_kind), where=total > 0)
        held = np.asarray((batch.owned @ self.products.kind).toarray())
        days, days_of_kind = self._days(batch)
        return (
            risk[customers] - self.products.risk_level[products],
            batch.strength.toarray()[customers, products],
            shares[customers, kind],
            held[customers, kind],
            days[customers, products],
            days_of_kind[customers, kind],
        )

    def _days(self, batch: CustomerBatch) -> tuple[Floats, Floats]:
        """Days since the customer last dealt with each product (B × P) and kind (B × kinds); NaN for never."""
        days, kind = np.full((batch.size, batch.n_products), np.inf), self.products.kind.indices
        of_kind = np.full((batch.size, self.products.kind.shape[1]), np.inf)
        if batch.days is not None:
            known = batch.days.tocoo()
            days[known.row, known.col] = known.data
            np.minimum.at(of_kind, (known.row, kind[known.col]), known.data)
        return np.where(np.isinf(days), np.nan, days), np.where(np.isinf(of_kind), np.nan, of_kind)
