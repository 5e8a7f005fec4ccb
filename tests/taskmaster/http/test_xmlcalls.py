"""Calls out of XML, and answers into it."""

import contextlib
import xmlrpc.client
from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.http.xmlcalls import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    Encoded,
    NoCall,
    Value,
    answer,
    fault,
    read_call,
    written,
)

_SCALARS = (
    st.integers(-(2**31), 2**31 - 1) | st.booleans() | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.just("a") | st.just("b"), inner),
    max_leaves=10,
)


@given(st.lists(_VALUES, max_size=4))
def test_what_python_writes_is_read_as_it_was_meant(values: list[Value]) -> None:
    text = xmlrpc.client.dumps(tuple(values), "a.b")

    assert read_call(text.encode()) == ("a.b", values)


@given(_VALUES)
def test_what_is_written_python_reads_as_it_was_meant(value: Value) -> None:
    assert xmlrpc.client.loads(answer(value)) == ((value,), None)


@given(st.text())
def test_any_text_is_valid_xml(text: str) -> None:
    expat.ParserCreate().Parse(answer({"x": text, "y": [text]}), True)


def test_what_xml_cannot_hold_is_replaced() -> None:
    ((text,), _) = xmlrpc.client.loads(answer("\x1b[0m\0\r\n\t\ud800\uffff<&>"))

    assert text == "\u241b[0m\u2400\r\n\t\ufffd\ufffd<&>"


def test_numbers_are_capped_to_32_bits() -> None:
    assert xmlrpc.client.loads(answer([2**40, -(2**40)]))[0] == ([2**31 - 1, -(2**31)],)


def test_what_is_written_already_is_taken_over() -> None:
    assert written([Encoded(written(1)), 2]) == written([1, 2])


def test_a_fault_is_read_as_one() -> None:
    with pytest.raises(xmlrpc.client.Fault, match="BAD_NAME: x") as caught:
        xmlrpc.client.loads(fault(10, "BAD_NAME: x"))

    assert caught.value.faultCode == 10


def body(parameters: str) -> bytes:
    return (
        f"<methodCall><methodName>m</methodName><params>{parameters}</params></methodCall>".encode()
    )


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("<value>bare</value>", "bare"),
        ("<value/>", ""),
        ("<value><string/></value>", ""),
        ("<value><i4>7</i4></value>", 7),
        ("<value><boolean>1</boolean></value>", True),
        ("<value><nil/></value>", None),
        ("<value><base64>aGk=</base64></value>", b"hi"),
        ("<value> <int>7</int> </value>", 7),
        ("<value><array><data/></array></value>", []),
        ("<value><struct/></value>", {}),
    ],
)
def test_every_form_of_a_value_is_read(parameter: str, value: Value) -> None:
    assert read_call(body(f"<param>{parameter}</param>")) == ("m", [value])


def test_params_may_be_missing() -> None:
    assert read_call(b"<methodCall><methodName>m</methodName></methodCall>") == ("m", [])


_NEST = "<value><array><data>", "</data></array></value>"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no well-formed XML"),
        (b"<a/>", "it is no methodCall"),
        (b"<methodCall/>", "there is no methodName"),
        (b"<!DOCTYPE x><methodCall/>", "a document type"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><methodCall>&a;</methodCall>', "a document type"),
        (b"<?xml version='1.0' encoding='nope'?><methodCall/>", "encoding"),
        (body("<param/>"), "one value is expected"),
        (body("<param><int>1</int></param>"), "one value is expected"),
        (body("<param><value><int>one</int></value></param>"), "invalid literal"),
        (body(f"<param><value><int>{'9' * 9999}</int></value></param>"), "too many digits"),
        (body("<param><value><base64>aGk</base64></value></param>"), "ncorrect padding"),
        (body("<param><value><struct><member><name>a</name></member></struct></value></param>"),
         "a member without"),
        (body("<param><value><script/></value></param>"), "an element 'script'"),
        (body(f"<param>{_NEST[0] * MAX_DEPTH}{_NEST[1] * MAX_DEPTH}</param>"), "nested deeper"),
        (body("<param><value/></param>" * MAX_ELEMENTS), "elements"),
    ],
)  # fmt: skip
def test_what_is_no_call_says_why(data: bytes, told: str) -> None:
    with pytest.raises(NoCall, match=told):
        read_call(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_call_or_none(data: bytes) -> None:
    with contextlib.suppress(NoCall):
        read_call(data)
