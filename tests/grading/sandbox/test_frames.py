"""Messages between grader and box: everything that is sent arrives, and nothing that is forged gets further."""

import json
import os
import select
import struct
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from utils.exercises.boxed.frames import Channel, Closed, Late, Malformed, new_channel
from utils.exercises.case import Case
from utils.grading.classroom.records import Limits
from utils.grading.sandbox.box import Box, BoxLost

KINDS = st.one_of(
    arrays_of.boolean_dtypes(),
    arrays_of.integer_dtypes(endianness="?"),
    arrays_of.unsigned_integer_dtypes(endianness="?"),
    arrays_of.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    arrays_of.complex_number_dtypes(endianness="?"),
    arrays_of.unicode_string_dtypes(min_len=1, max_len=9),
    arrays_of.byte_string_dtypes(min_len=1, max_len=9),
)
ARRAYS = KINDS.flatmap(
    lambda kind: arrays_of.arrays(
        kind, arrays_of.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class Line:
    """A channel whose other end is a pair of bare descriptors."""

    def __enter__(self):
        reading, self.write = os.pipe()
        self.read, writing = os.pipe()
        self.channel = Channel(reading, writing)
        return self

    def __exit__(self, *error):
        self.channel.close()
        self.hang_up()
        os.close(self.read)

    def hang_up(self):
        if self.write is not None:
            os.close(self.write)
        self.write = None

    def pour(self, data: bytes):
        """Write bytes and hang up; only what fits into a pipe."""
        os.write(self.write, data)
        self.hang_up()


def frame(header: bytes, body: bytes = b"") -> bytes:
    return struct.pack("<IQ", len(header), len(body)) + header + body


def loop():
    reading, writing = os.pipe()
    return Channel(reading, writing)


@given(st.dictionaries(st.text(), JSON, max_size=3), st.dictionaries(st.text(), ARRAYS, max_size=3))
def test_what_is_sent_arrives(header, arrays):
    header.pop("arrays", None)
    line = loop()
    try:
        line.send(header, arrays)
        got, back = line.receive(5, 1 << 20)
    finally:
        line.close()
    assert got == json.loads(json.dumps(header))
    assert list(back) == list(arrays)
    for name, value in arrays.items():
        assert back[name].dtype == value.dtype
        assert back[name].shape == value.shape
        assert back[name].tobytes() == value.tobytes()
        assert back[name].flags.writeable
        assert back[name].flags.aligned


@given(
    arrays_of.arrays("f8", (4, 5)),
    st.sampled_from([np.s_[::-1, ::2], np.s_[:, 1], np.s_[::3], np.s_[..., None]]),
)
def test_views_arrive_as_what_they_show(whole, part):
    line = loop()
    try:
        line.send({}, {"view": whole[part]})
        np.testing.assert_array_equal(line.receive(5, 1 << 20)[1]["view"], whole[part])
    finally:
        line.close()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=4000))
def test_any_bytes_are_refused_in_one_of_three_ways(data):
    with Line() as line:
        line.pour(data)
        with pytest.raises((Malformed, Late, Closed)):
            line.channel.receive(1, 1 << 16)


SHAPES = st.lists(
    st.one_of(st.integers(-3, 5), st.integers(), st.booleans(), st.none(), st.text(max_size=2)), max_size=40
)
WORDS = st.sampled_from(
    ["<f8", "|b1", "<U3", "<U0", "|S0", "|O", "<f16", ">i4", "=u2", "f8", "<M8[s]", "|V8", "<c32", "<U99999"]
)


@given(
    st.lists(
        st.tuples(st.text(max_size=3), st.one_of(WORDS, st.text(max_size=5), JSON), SHAPES) | JSON, max_size=4
    ),
    st.binary(max_size=64),
)
def test_any_table_is_read_or_refused(table, body):
    with Line() as line:
        line.pour(frame(json.dumps({"arrays": table}).encode(), body))
        try:
            _, arrays = line.channel.receive(1, 1 << 16)
        except Malformed:
            return
    assert sum(value.nbytes for value in arrays.values()) <= len(body)
    assert not any(value.dtype.hasobject for value in arrays.values())


@given(JSON)
def test_any_header_is_read_or_refused(header):
    with Line() as line:
        line.pour(frame(json.dumps(header).encode()))
        try:
            got, arrays = line.channel.receive(1, 1 << 16)
        except Malformed:
            return
    assert isinstance(got, dict)
    assert isinstance(arrays, dict)


@pytest.mark.parametrize("header", [b"[" * 60_000, b"\xff", b"", b"{", b'{"arrays": ' + b"9" * 5000 + b"}"])
def test_headers_that_are_no_json(header):
    with Line() as line:
        line.pour(frame(header))
        with pytest.raises(Malformed):
            line.channel.receive(1, 100)


@pytest.mark.parametrize(("header", "body"), [(2**32 - 1, 0), (2, 2**63), (1 << 21, 0), (2, 101)])
def test_sizes_are_refused_before_anything_is_read(header, body):
    with Line() as line:
        os.write(line.write, struct.pack("<IQ", header, body))
        with pytest.raises(Malformed):
            line.channel.receive(5, 100)


def test_silence_is_late_and_a_hang_up_is_the_end():
    with Line() as line:
        with pytest.raises(Late):
            line.channel.receive(0.05, 100)
        os.write(line.write, b"\x05")
        with pytest.raises(Late):
            line.channel.receive(0.05, 100)
        line.hang_up()
        with pytest.raises(Closed):
            line.channel.receive(5, 100)


def test_nobody_reads():
    with Line() as line, pytest.raises(Late):
        line.channel.send({}, {"large": np.zeros(1 << 20)}, seconds=0.05)


def test_the_reader_is_gone():
    reading, writing = os.pipe()
    gone, other = os.pipe()
    channel = Channel(reading, other)
    os.close(gone)
    with pytest.raises(Closed):
        channel.send({}, {"large": np.zeros(1 << 20)})
    channel.close()
    os.close(writing)


class Seen(Exception):
    """Raised by a look."""


@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_a_look_is_taken_while_bytes_trickle(pause):
    """Whoever sends a little now and then must not keep the grader from looking, nor stay for ever."""
    looks, stop = [], threading.Event()
    with Line() as line:
        os.write(line.write, struct.pack("<IQ", 2, 1 << 40) + b"{}")

        def trickle(descriptor):
            while not stop.is_set():
                try:
                    os.write(descriptor, b"x")
                except OSError:
                    return
                time.sleep(pause)

        thread = threading.Thread(target=trickle, args=(os.dup(line.write),))
        thread.start()

        def look():
            looks.append(1)
            if len(looks) == 3:
                raise Seen

        try:
            with pytest.raises(Seen):
                line.channel.receive(60, 1 << 41, look)
            with pytest.raises(Late):
                line.channel.receive(0.2, 1 << 63)
        except Malformed:  # the second time, what trickles is read as a size
            pass
        finally:
            stop.set()
            while thread.is_alive():
                os.set_blocking(line.channel.reading, False)
                try:
                    os.read(line.channel.reading, 1 << 16)
                except BlockingIOError:
                    time.sleep(0.01)


def test_a_short_header_is_sent_whole_or_not_at_all():
    with Line() as line, Line() as other:
        line.channel.send_at_once({"touched": "a.b"})
        sent = os.read(line.read, 1 << 16)
        other.pour(sent)
        assert other.channel.receive(1, 0) == ({"touched": "a.b"}, {})
        with pytest.raises(ValueError, match=f"at most {select.PIPE_BUF} bytes"):
            line.channel.send_at_once({"touched": "x" * select.PIPE_BUF})
        written = 0
        for _ in range(10_000):  # more than the pipe holds
            line.channel.send_at_once({"touched": "a.b"})
        os.set_blocking(line.read, False)
        try:
            while piece := os.read(line.read, 1 << 16):
                written += len(piece)
        except BlockingIOError:
            pass
        assert written
        assert written % len(sent) == 0


def box_over(channel: Channel) -> Box:
    """Return a box whose process is at the other end of a channel."""
    box = object.__new__(Box)
    box.limits = Limits(processes=10_000)
    box._process = SimpleNamespace(channel=channel, pid=os.getpid(), group=None, end=lambda: None)
    return box


def test_names_come_before_the_answer_and_are_not_lost_with_the_box():
    case = Case("any", {}, {})
    with new_channel() as (channel, reading, writing):
        inside = Channel(os.dup(reading), os.dup(writing))
        inside.send_at_once({"touched": "a.b"})
        inside.send({"trouble": "raised", "used": ["a.b", "c.d"]})
        outcome, used = box_over(channel).run_case("w1l2/zero_pad", case, 1)
        assert (outcome.trouble, used) == ("raised", ["a.b", "c.d"])
        inside.send_at_once({"touched": "a.b"})
        with pytest.raises(BoxLost) as lost:
            box_over(channel).run_case("w1l2/zero_pad", case, -1.5)
        assert (lost.value.status, lost.value.used) == ("timeout", ["a.b"])
        for _ in range(100):
            inside.send_at_once({"touched": "x" * 300})
        with pytest.raises(BoxLost) as lost:
            box_over(channel).run_case("w1l2/zero_pad", case, 1)
        assert lost.value.status == "crashed"
        assert {len(name) for name in lost.value.used} == {200}
        inside.close()
    channel.close()
