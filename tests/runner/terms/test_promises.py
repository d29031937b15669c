"""What a threshold may be asked to keep, as it is written."""

import pytest

from runner.terms.promises import Promise, promises


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("recall>=0.9", [Promise("recall", 0.9)]),
        (" precision >= .95 ", [Promise("precision", 0.95)]),
        ("recall>=0.9,fpr<=0.1", [Promise("recall", 0.9), Promise("fpr", 0.1)]),
        (["fpr<=0.01", "recall>=0.5"], [Promise("fpr", 0.01), Promise("recall", 0.5)]),
    ],
)
def test_promises_are_read_and_written_alike(written, expected):
    assert list(promises(written)) == expected
    assert promises([str(promise) for promise in expected]) == tuple(expected)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("recall>0.9", "'recall>0.9' is none of recall>=0.9, precision>=0.9 and fpr<=0.1"),
        ("recall<=0.9", "is none of"),
        ("fpr>=0.1", "is none of"),
        ("f1>=0.9", "is none of"),
        ("recall>=1.0", "is none of"),
        ("recall>=0.0", "bound between 0 and 1"),
        ("", "is none of"),
        ("recall>=0.9,recall>=0.8", "two bounds"),
    ],
)
def test_what_cannot_be_promised_is_refused(written, message):
    with pytest.raises(ValueError, match=message):
        promises(written)
