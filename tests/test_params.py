"""The ranges in which parameters may be tuned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from finrec_spark.models.spec import specs
from finrec_spark.params import Between, in_sections, ranges_of, settings_of, with_settings

MODELS = [spec for spec in specs() if spec.fit is not None]
by_name = pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.name)


def value_in(range_, configured):
    if not isinstance(range_, Between):
        return st.sampled_from(range_.values)
    if isinstance(configured, int):
        return st.integers(int(range_.low), int(range_.high))
    return st.floats(range_.low, range_.high)


@by_name
def test_every_model_that_a_job_fits_declares_a_range(spec):
    assert ranges_of(spec.params)


@by_name
@given(data=st.data())
def test_every_value_of_a_range_is_one_that_the_parameter_takes(spec, data):
    configured = settings_of(spec.params())
    settings = {name: data.draw(value_in(range_, configured[name])) for name, range_ in ranges_of(spec.params).items()}
    assert settings_of(with_settings(spec.params(), settings)) == settings


@by_name
def test_what_is_configured_by_default_lies_in_the_range(spec):
    for name, value in settings_of(spec.params()).items():
        range_ = ranges_of(spec.params)[name]
        assert range_.low <= value <= range_.high if isinstance(range_, Between) else value in range_.values


@by_name
def test_a_range_is_one(spec):
    ranges = [range_ for range_ in ranges_of(spec.params).values() if isinstance(range_, Between)]
    assert all(0 < range_.low < range_.high if range_.log else range_.low < range_.high for range_ in ranges)


@by_name
def test_settings_as_a_configuration_nests_them_make_the_same_parameters(spec):
    settings = settings_of(spec.params())
    assert spec.params.model_validate(in_sections(settings)) == spec.params()


def test_a_value_that_the_parameter_does_not_take_is_refused():
    (als,) = (spec for spec in MODELS if spec.name == "als")
    with pytest.raises(ValidationError, match="rank"):
        with_settings(als.params(), {"rank": 0})
