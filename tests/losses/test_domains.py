"""Which values arguments may take, and what is said about the others, before any framework is loaded."""

import subprocess
import sys

import numpy as np
import pytest

from losses.catalogue import CATALOGUE, check_arguments
from losses.domains import Flag, above, at_least, between, inside, one_of, some_of, up_to, whole

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("domain", "fine", "refused", "phrase"),
    [
        (at_least(0), [0, 0.0, 3, 1e300, [0, 1], np.zeros((2, 1))], [-1e-9, -1, [1, -1], INF], "a number at least 0"),
        (above(0), [1e-300, 5], [0, 0.0, -0.0, -1, [1.0, 0.0]], "a number above 0"),
        (between(0, 1), [0, 1, 0.5], [-0.1, 1.0000001], "a number at least 0 and at most 1"),
        (inside(0, 1), [1e-9, 0.5, np.float32(0.5)], [0, 1, None], "a number above 0 and below 1"),
        (inside(0, 1, optional=True), [None, 0.5], [0, 1], "a number above 0 and below 1 or null"),
        (up_to(0, 1), [0, 0.999], [1, -0.1], "a number at least 0 and below 1"),
        (whole(1), [1, 2.0, 10**9, [1, 2]], [0, 1.5, [1, 1.5]], "a whole number at least 1"),
        (whole(0, 9), [0, 9], [-1, 10], "a whole number at least 0 and at most 9"),
        (one_of("a", "b"), ["a", "b"], ["c", "", None, 1, ["a"]], "one of a, b"),
        (
            some_of("a", "b"),
            ["a", ["a"], ["b", "a"]],
            ["c", None, 1, [], ["a", "a"], ["a", "c"], ["a", None], [["a"]], {"a": 1}],
            "one of a, b, or a list of different ones",
        ),
        (Flag(), [True, False, np.True_], [0, 1, "true", None], "true or false"),
    ],
    ids=str,
)
def test_domain(domain, fine, refused, phrase):
    assert str(domain) == phrase
    for value in fine:
        assert domain.violation(value) is None, value
    for value in refused:
        assert domain.violation(value) == phrase, value


@pytest.mark.parametrize(
    "domain", [at_least(0), above(-1), between(0, 1), inside(0, 2), up_to(0, 2), whole(0)], ids=str
)
@pytest.mark.parametrize(
    "value", [NAN, INF, -INF, None, "1", True, 1j, [], [[1], [1, 1]], [1, None], [1, "a"], {}, object], ids=str
)
def test_what_is_no_finite_number_is_refused_by_every_range(domain, value):
    assert domain.violation(value) == str(domain)


def test_the_refusal_names_argument_loss_range_and_value():
    with pytest.raises(ValueError, match="gamma") as refusal:
        check_arguments("FocalLoss", {"alpha": 0.5, "gamma": -1})
    assert str(refusal.value) == "Argument `gamma` of FocalLoss must be a number at least 0. Received: gamma=-1"


def test_a_users_own_loss_and_arguments_pass_unchecked():
    check_arguments("TheirLoss", {"gamma": -1, "anything": object()})
    check_arguments("FocalLoss", {"theirs": -1})


def test_what_every_loss_takes_is_checked_for_a_users_own_too():
    with pytest.raises(ValueError, match="Received: from_logits=1"):
        check_arguments("TheirLoss", {"from_logits": 1})


def test_listing_and_checking_losses_loads_no_framework():
    program = (
        "import sys, losses, losses.catalogue; dir(losses); losses.CATALOGUE;"
        "losses.catalogue.check_arguments('FocalLoss', {'gamma': 1});"
        "print(sorted({'keras', 'tensorflow', 'jax', 'torch', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_lists_its_losses():
    import losses

    assert set(dir(losses)) == {"CATALOGUE", "SigmoidLoss", "WholeBatchLoss", *CATALOGUE}


def test_the_package_hands_on_what_measures_a_loss():
    import losses
    from losses import bias, shape

    assert losses.inverse_map is bias.inverse_map
    for name in ("loss_shape", "minimiser", "wants_logits"):
        assert getattr(losses, name) is getattr(shape, name)


def test_star_binds_the_losses_alone():
    names: dict[str, object] = {}
    exec("from losses import *", names)
    assert set(names) - {"__builtins__"} == {"CATALOGUE", "SigmoidLoss", "WholeBatchLoss", *CATALOGUE}


def test_a_misspelt_loss_is_told_which_there_are():
    import losses

    with pytest.raises(AttributeError, match="no attribute 'FocalLos'; it has AUMLoss, AsymmetricLoss, ") as refused:
        losses.FocalLos  # noqa: B018
    assert "wants_logits" not in str(refused.value)
