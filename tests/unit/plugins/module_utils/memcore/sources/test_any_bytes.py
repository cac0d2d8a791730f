# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever bytes a file has: every reader gives the record that it promises, or the one error that it documents."""

import hypothesis
import pytest
from hypothesis import strategies as st

# The text forms that readers get: host.decode() keeps bytes that are not UTF-8 as surrogates.
HUGE = b"9" * 5000
ODD = [
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    "\u0663".encode(),
    "\u00b2".encode(),
    "\u00a0\u2028\x85".encode(),
    b"\r",
    b"\x0b\x0c\x1c",
    HUGE,
    b"-",
    b" ",
    b"\n",
    b":",
]


def read(reader, data):
    """The result, or None where the reader said with its own error that it cannot."""
    try:
        return reader.parse(data if reader.takes_bytes else data.decode("utf-8", "surrogateescape"))
    except reader.may_raise as error:
        assert str(error)
        return None
    except Exception:
        hypothesis.note(f"{reader.name} of {data!r}")
        raise


def assert_shape(reader, data):
    result = read(reader, data)
    assert reader.shape(result) or (result is None and reader.may_raise), (reader.name, data, result)


def cut(data, where, _what):
    return data[:where]


def cut_front(data, where, _what):
    return data[where:]


def overwrite(data, where, what):
    return data[:where] + what + data[where + len(what) :]


def insert(data, where, what):
    return data[:where] + what + data[where:]


def repeat_line(data, where, _what):
    lines = data.split(b"\n")
    number = data.count(b"\n", 0, where)
    return b"\n".join(lines[: number + 1] + lines[number:])


def drop_line(data, where, _what):
    lines = data.split(b"\n")
    number = data.count(b"\n", 0, where)
    return b"\n".join(lines[:number] + lines[number + 1 :])


def enlarge_number(data, where, _what):
    end = next((at for at in range(where, len(data)) if data[at : at + 1].isdigit()), None)
    return data if end is None else data[:end] + HUGE + data[end:]


CHANGES = st.lists(
    st.tuples(
        st.sampled_from([cut, cut_front, overwrite, insert, repeat_line, drop_line, enlarge_number]),
        st.integers(0, 10000),
        st.one_of(st.sampled_from(ODD), st.binary(min_size=1, max_size=4)),
    ),
    min_size=1,
    max_size=5,
)


def changed(data, changes):
    for change, position, what in changes:
        data = change(data, position % (len(data) + 1), what)
    return data


def integers_in(value):
    """Every integer anywhere in a result."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in integers_in(item)]
    return [value] if value.__class__ is int else []


def test_real_text_is_read(reader):
    assert reader.shape(read(reader, reader.seed))


# One draw serves all readers: to make the input takes far longer than to read it.
@hypothesis.given(data=st.binary(max_size=300))
def test_any_bytes(readers, data):
    for reader in readers:
        assert_shape(reader, data)


@hypothesis.given(
    picks=st.lists(st.tuples(st.integers(0, 300), st.sampled_from([b" ", b"\t", b"\n", b"", b": "])), max_size=30)
)
def test_any_words_of_the_format(readers, picks):
    for reader in readers:
        words = sorted(set(reader.seed.split())) + ODD
        assert_shape(reader, b"".join(words[number % len(words)] + separator for number, separator in picks))


@hypothesis.given(changes=CHANGES)
def test_real_text_that_was_changed(readers, changes):
    for reader in readers:
        assert_shape(reader, changed(reader.seed, changes))


def test_real_text_cut_anywhere(reader):
    for end in range(min(len(reader.seed), 800)):
        assert_shape(reader, reader.seed[:end])


def test_no_part_of_a_number_of_5000_digits_is_taken_for_a_number(reader):
    seed = reader.seed
    places = [at for at in range(len(seed)) if seed[at : at + 1].isdigit() and not seed[at - 1 : at].isdigit()]
    for at in places[:60]:
        result = read(reader, seed[:at] + HUGE + seed[at:])
        # From 11 nines on it can be no figure of the seed; meminfo and status multiply by 1024.
        taken = [n for n in integers_in(result) if "9" * 11 in str(n) or (n % 1024 == 0 and "9" * 11 in str(n // 1024))]
        assert not taken, seed[max(at - 40, 0) : at]


@pytest.mark.parametrize("ending", [b"\r\n", b"\n\n", b" \n", b"\x85\n"], ids=["cr-lf", "double", "blank", "next-line"])
def test_other_line_ends(reader, ending):
    assert_shape(reader, reader.seed.replace(b"\n", ending))
