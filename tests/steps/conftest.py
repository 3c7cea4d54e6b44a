from datetime import timedelta

import numpy as np
import pytest

from tests.steps.far_trans_delivery import ORIGINS, write_delivery


@pytest.fixture(scope="session")
def delivery(tmp_path_factory):
    """60 customers who buy 8 products over 200 days, each his own kind first."""
    directory, draws = tmp_path_factory.mktemp("far_trans"), np.random.default_rng(7)
    start = ORIGINS[0] - timedelta(days=120)
    buys = {
        (f"c{c:02d}", f"P{p}"): start + timedelta(days=int(draws.integers(0, 200)))
        for c in range(60)
        for p in draws.choice(8, size=3, replace=False, p=np.where(np.arange(8) % 2 == c % 2, 0.2, 0.05))
    }
    write_delivery(directory, buys)
    return directory
