"""Frames that are none, at the wrong time, or without end."""

import os
import socket
import struct
import time

from stranger import cbor, link

from .neighbors import again, as_neighbor, chain, dialled, neighbor, soon, watched

FRAMES = "link: Frames"
HELLO = "link: Becoming neighbors"


def frames(name, expected, section=FRAMES, **more):
    return watched("frames", name, section, expected, **more)


@frames("a link that says no hello", "silent within 13 s", HELLO, node="waiting", is_slow=True)
def no_hello(node, witness):
    began = time.monotonic()
    got = dialled(node).end(15)
    took = time.monotonic() - began
    return f"{got} within 13 s" if took < 13 else f"{got} after {took:.0f} s"


def packed(*pieces):
    return b"".join(pieces)


KEY = bytes(32)
BEFORE = {
    "a frame of 0 bytes": bytes(4),
    "a frame of 69,809 bytes": (69_809).to_bytes(4, "big") + bytes(100),
    "a frame of 4 GiB": b"\xff" * 4 + bytes(100),
    "the longest frame, of zeros": link.framed(bytes(69_808)),
    "a ping before the hello": link.frame("ping", 1),
    "an event before the hello": link.frame("event", 1, b"\x80"),
    "a question before the hello": link.frame("part", True, cbor.encode([0, 1, [8]])),
    "a welcome of whoever dialled": link.frame("welcome", 1),
    "a hello without versions": link.frame("hello", [], 0),
    "a hello of 17 versions": link.frame("hello", list(range(1, 18)), 0),
    "a hello with a purpose that there is not": link.frame("hello", [1], 3),
    "a hello with a field more": link.frame("hello", [1], 0, 0),
    "a hello with a byte more": link.framed(cbor.encode([0, [1], 0]) + b"\0"),
    "random bytes": os.urandom(69_000),
}
for what, data in BEFORE.items():
    @frames(f"first of all {what}", "malformed", HELLO)
    def before(node, witness, data=data):
        made = dialled(node)
        made.raw(data)
        return made.end()


@frames("a hello of versions that there are not", "no-common-version", HELLO)
def versions(node, witness):
    return dialled(node).hello(versions=[2, 7])


AFTER = {
    "a frame of 0 bytes": bytes(4),
    "a frame of 69,809 bytes": (69_809).to_bytes(4, "big") + bytes(100),
    "a frame of a kind that there is not": link.frame(13, 1),
    "a frame without fields": link.frame("ping"),
    "a ping with a byte more": link.framed(cbor.encode([3, 1]) + b"\0"),
    "a ping with a field more": link.frame("ping", 1, 1),
    "a ping of 2^53": link.framed(b"\x82\x03\x1b\x00\x20\x00\x00\x00\x00\x00\x00"),
    "a ping whose number is not the shortest": link.framed(b"\x82\x03\x18\x01"),
    "a ping in an array of no definite length": link.framed(b"\x9f\x03\x01\xff"),
    "a text": link.framed(cbor.encode("ping")),
    "a second hello": link.frame("hello", [1], 0),
    "a second welcome": link.frame("welcome", 1),
    "a bye of a cause that there is not": link.frame("bye", 13),
    "an event of hop 256": link.frame("event", 256, bytes(100)),
    "an event of no bytes": link.frame("event", 1, b""),
    "an announcement of no places": link.frame("announce", b""),
    "a place that ends early": link.frame("announce", packed(b"\0", KEY, b"\1\1")),
    "a place with half a key": link.frame("announce", packed(b"\0", KEY[:16])),
    "an origin's number that was never given": link.frame("graft", b"\1\1\1\0"),
    "a place with a varint that is not the shortest":
        link.frame("want", packed(b"\0", KEY, b"\x81\0\1\0")),
    "a place with a varint of eleven bytes":
        link.frame("want", packed(b"\0", KEY, b"\xff" * 10, b"\1\1\0")),
    "a place above 2^53": link.frame("want", packed(b"\0", KEY, b"\xff" * 7, b"\x7f\1\0")),
    "a place 0": link.frame("announce", packed(b"\0", KEY, b"\0\1\0")),
    "a shuffle of 9": link.frame("shuffle", [KEY] * 9),
    "a shuffle of 2,000": link.frame("shuffle", [KEY] * 2000),
    "a shuffle of half a key": link.frame("shuffle", [KEY[:16]]),
    "a part of 16,385 bytes": link.frame("part", False, bytes(16_385)),
    "a part of 16,383 bytes that is not the last": link.frame("part", False, bytes(16_383)),
    "a message that is garbage": link.frame("part", True, os.urandom(300)),
    "a message that is neither question nor answer": link.frame("part", True, b"\x83\x02\x01\x80"),
    "a message that ends before it began": link.frame("part", True, b""),
}
for what, data in AFTER.items():
    @frames(f"of a neighbor {what}", "malformed, then overload")
    def after(node, witness, data=data):
        with neighbor(node) as made:
            made.raw(data)
            return f"{made.end()}, then {again(node, made.friend)}"


@frames("a message of more than 4 MiB + 64 KiB in parts", "malformed")
def endless_message(node, witness):
    with neighbor(node) as made:
        for _ in range(265):
            made.send("part", False, bytes(16_384))
        return made.end()


@frames("a frame that ends in the middle, then the end of the link", "gone")
def cut_frame(node, witness):
    made = neighbor(node)
    made.raw(link.frame("announce", bytes(1000))[:600])
    made.shut()
    return "gone" if soon(lambda: not as_neighbor(node, made.friend)) else "still a neighbor"


@frames("a frame that ends in the middle, then a reset of the connection", "gone")
def reset(node, witness):
    made = neighbor(node)
    made.raw(link.frame("announce", bytes(1000))[:600])
    made.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    made.close()
    return "gone" if soon(lambda: not as_neighbor(node, made.friend)) else "still a neighbor"


@frames("(control) an event byte by byte, each in a record of its own", "stored")
def dribbled(node, witness):
    with neighbor(node) as made:
        event = chain(made).next(body=os.urandom(8).hex().encode())
        for byte in link.frame("event", 1, cbor.encode(event.value)):
            made.raw(bytes([byte]))
        return "stored" if witness.hears(event.body) else "not stored"


@frames("what comes after a bye", "not stored", "link: Becoming neighbors")
def after_bye(node, witness):
    with neighbor(node) as made:
        event = chain(made).next(body=os.urandom(8).hex().encode())
        made.raw(link.frame("bye", 0) + link.frame("event", 1, cbor.encode(event.value)))
        return "stored" if witness.hears(event.body, 0.5) else "not stored"


@frames("a bye, and then the link is kept open", "closed")
def bye_and_stay(node, witness):
    with neighbor(node) as made:
        made.send("bye", 0)
        return made.end()


# Floods

@frames("20,000 pings, all answers read", "open", "link: Waiting")
def pings(node, witness):
    with neighbor(node) as made:
        for number in range(100):
            made.raw(link.frame("ping", 1) * 199 + link.frame("ping", 2 + number))
            made.wait("pong", 5, lambda fields: fields[0] == 2 + number)
        return made.end(0.1)


@frames("2,000,000 pings, no answer read", "cut off", "link: Waiting")
def unread_pings(node, witness):
    with neighbor(node) as made:
        burst, end = link.frame("ping", 1) * 10_000, time.monotonic() + 8
        made.stream.settimeout(3)
        try:
            for _ in range(200):
                made.stream.sendall(burst)
                if time.monotonic() > end:
                    break
        except TimeoutError:
            pass
        except OSError:
            return "cut off"
        return "cut off" if soon(lambda: not as_neighbor(node, made.friend)) else "still there"


@frames("small parts behind 4 MiB of a message, which would cost more than they weigh",
        "malformed", "link: Messages", node="parts")
def small_parts(node, witness):
    with neighbor(node) as made:
        for _ in range(256):
            made.send("part", False, bytes(16_384))
        made.send("ping", 1)
        assert made.wait("pong", 20)
        made.raw(link.frame("part", False, b"") * 5000)
        return made.end()
