"""A value is its fields: given by place or name, equal by them, never changed."""

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.protocol.values import Value


class Order(Value):
    METHOD: ClassVar[str] = "order"
    dish: str
    count: int = 1
    note: str | None = "plain"


class Bill(Value):
    dish: str
    count: int = 1
    note: str | None = "plain"


class Nothing(Value):
    pass


class SecondCourse(Order):
    pass


fields = st.tuples(st.text(), st.integers(), st.none() | st.text())


@given(fields, st.integers(0, 3))
def test_each_field_is_given_by_place_or_by_name(
    values: tuple[str, int, str | None], by_place: int
) -> None:
    kind: type[Any] = Order
    named = dict(zip(("dish", "count", "note"), values, strict=True))

    order = kind(*values[:by_place], **dict(list(named.items())[by_place:]))

    assert (order.dish, order.count, order.note) == values


def test_a_field_that_is_not_given_has_its_default() -> None:
    assert Order("soup") == Order("soup", 1, "plain")
    assert Order("soup", note="hot") == Order("soup", 1, "hot")


@pytest.mark.parametrize(
    ("positional", "named", "words"),
    [
        ((), {}, "Order: no value for dish"),
        ((), {"count": 2}, "Order: no value for dish"),
        (("soup", 1, "hot", 4), {}, "Order: too many"),
        (("soup",), {"dish": "soup"}, "Order: too many"),
        (("soup",), {"price": 2}, "Order: unknown price"),
        (("soup",), {"METHOD": "pay"}, "Order: unknown METHOD"),
    ],
)
def test_missing_unknown_or_given_twice_is_refused(
    positional: tuple[object, ...], named: dict[str, object], words: str
) -> None:
    kind: type[Any] = Order

    with pytest.raises(TypeError, match=words):
        kind(*positional, **named)


@given(fields, fields)
def test_equality_and_hash_are_those_of_the_fields(
    one: tuple[str, int, str | None], other: tuple[str, int, str | None]
) -> None:
    assert Order(*one) == Order(*one)
    assert hash(Order(*one)) == hash(Order(*one))
    assert (Order(*one) == Order(*other)) is (one == other)


def test_another_class_with_the_same_fields_is_not_equal() -> None:
    order: object = Order("soup")

    assert order != Bill("soup")
    assert order != ("soup", 1, "plain")
    assert {order, Bill("soup"), Order("soup")} == {order, Bill("soup")}


@pytest.mark.parametrize("name", ["dish", "price", "METHOD"])
def test_nothing_can_be_set(name: str) -> None:
    order = Order("soup")

    with pytest.raises(AttributeError, match=f"{name} cannot be set"):
        setattr(order, name, "cake")

    assert order == Order("soup")


def test_the_annotations_are_the_fields_and_what_the_class_has_is_none() -> None:
    assert list(Order.FIELDS.items()) == [("dish", str), ("count", int), ("note", str | None)]
    assert Nothing.FIELDS == SecondCourse.FIELDS == {}
    assert vars(Nothing()) == {}


def test_a_pattern_takes_the_fields_by_place() -> None:
    match Order("soup", 2):
        case Order(dish, count, note):
            assert (dish, count, note) == ("soup", 2, "plain")


def test_it_shows_as_the_expression_that_makes_it() -> None:
    assert repr(Order("soup", 2)) == "Order(dish='soup', count=2, note='plain')"
    assert repr(Nothing()) == "Nothing()"
