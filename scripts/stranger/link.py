"""Links: frames both ways over one connection (docs/PROTOCOL-link.md; its opening stands in
docs/PROTOCOL-http.md "Links")."""

import os
import socket
import ssl
import time

from . import cbor, http, keys, peer
from .event import Event
from .tree import varint

ALPN = "teambook-link/1"
TAG = b"teambook-link-v1\0"
TLS = http.tls([ALPN])
LONGEST = 69_808
PIECE = 16 * 1024
ANSWERS = ["open", "unknown-peer", "not-active", "unauthenticated", "busy"]
FRAMES = ["hello", "welcome", "bye", "ping", "pong", "event", "announce", "graft", "want", "prune",
          "shuffle", "shuffled", "part"]
CAUSES = ["shutdown", "full", "evicted", "duplicate", "silent", "gossip-off", "not-active",
          "malformed", "invalid-event", "broken-promises", "overload", "no-common-version", "done"]
NEIGHBOR, URGENT, VISIT = 0, 1, 2


class Ended(Exception):
    """The other side ended the link; says how."""


# The opening

def opening(identity, node, tls_key, nonce, *, instance=None, time_=None, key=None, claimed=None):
    """The client's 112 bytes. `key` signs in place of `identity`, `claimed` is named in its."""
    claimed, instance = claimed or identity.id, instance or os.urandom(8)
    seconds = int(time.time()) if time_ is None else time_
    tail = instance + seconds.to_bytes(8, "big")
    said = TAG + claimed + node + tls_key + nonce + tail
    return claimed + tail + (key or identity).sign(said)


def read_opening(said, node, tls_key, nonce):
    """Who opens a link to `node`, or None where the signature does not hold."""
    claimed, tail, signature = said[:32], said[32:48], said[48:]
    holds = keys.verify(claimed, TAG + claimed + node + tls_key + nonce + tail, signature)
    return claimed if holds else None


def connect(address, node=None, timeout=10, source=None, context=None):
    """A connection on which no hello was sent yet, and the server's nonce."""
    connection = http.Connection(address, node, timeout, context or TLS, source=source)
    # So that a connection that is cut can be told from one that was closed.
    connection.socket.suppress_ragged_eofs = False
    return connection, exactly(connection.socket, 32)


def dial(address, identity, node, timeout=10, source=None, **fields):
    """The answer to our hello, and the link where it was "open"."""
    connection, nonce = connect(address, node, timeout, source)
    connection.send(opening(identity, connection.node, connection.tls_key, nonce, **fields))
    answer = ANSWERS[exactly(connection.socket, 1)[0]]
    if answer != "open":
        connection.close()
        return answer, None
    return answer, Link(connection.socket)


def exactly(stream, count):
    data = b""
    while len(data) < count:
        try:
            piece = stream.recv(count - len(data))
        except (ssl.SSLError, ConnectionError) as error:
            raise Ended("cut") from error
        if not piece:
            raise Ended("closed")
        data += piece
    return data


# Places, packed

def read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number, shift, at = number | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            break
    if (byte == 0 and shift > 7) or number > cbor.LARGEST:
        raise cbor.Malformed("a varint that is not the shortest, or too large")
    return number, at


class Origins:
    """The numbers that one direction of a link has given to origins."""

    MOST = 4096

    def __init__(self):
        self.listed, self.numbers = [], {}

    def pack(self, entries):
        """Bytes of (origin, from, count[, last]); an origin by its key once, then by number."""
        packed = b""
        for origin, first, count, *last in entries:
            number = self.numbers.get(origin)
            if number is None:
                self._add(origin)
                packed += b"\0" + origin
            else:
                packed += varint(number)
            packed += varint(first) + varint(count) + bytes([last[0] if last else 0])
        return packed

    def unpack(self, data):
        entries, at = [], 0
        while at < len(data):
            number, at = read_varint(data, at)
            if number == 0:
                origin, at = data[at:at + 32], at + 32
                self._add(origin)
            else:
                origin = self.listed[number - 1]
            first, at = read_varint(data, at)
            count, at = read_varint(data, at)
            last, at = data[at], at + 1
            entries.append((origin, first, count, last))
        return entries

    def _add(self, origin):
        if len(self.listed) < self.MOST:
            self.listed.append(origin)
            self.numbers.setdefault(origin, len(self.listed))


def frame(kind, *fields):
    """A frame with its length; `kind` by name or number."""
    tag = kind if isinstance(kind, int) else FRAMES.index(kind)
    return framed(cbor.encode([tag, *fields]))


def framed(content):
    return len(content).to_bytes(4, "big") + content


class Link:
    """An open link. Whoever waits for a frame answers pings and questions on the way.

    `answerer`, a function of a request that returns a response, answers the other side's questions;
    without one each is refused as busy.
    """

    def __init__(self, stream, answerer=None):
        self.stream, self.answerer = stream, answerer
        self.sends, self.reads = Origins(), Origins()
        self.seen, self.cause = [], None
        self.pings = self.asked = 0
        self._left, self._parts, self._answers = b"", b"", {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """The end without a word."""
        self.stream.close()

    def shut(self):
        """The end by close_notify, as a side that is done ends it."""
        try:
            self.stream.settimeout(2)
            self.stream.unwrap()
        except OSError:
            pass
        self.close()

    def bye(self, cause="shutdown"):
        self.send("bye", CAUSES.index(cause))
        self.shut()

    # Sending

    def raw(self, data):
        try:
            self.stream.sendall(data)
        except TimeoutError:
            raise
        except OSError as error:
            raise Ended(self.drained()) from error

    def send(self, kind, *fields):
        self.raw(frame(kind, *fields))

    def event(self, event, hop=0):
        self.send("event", hop, cbor.encode(event.value))

    def announce(self, *entries):
        self.send("announce", self.sends.pack(entries))

    def graft(self, *entries):
        self.send("graft", self.sends.pack(entries))

    def want(self, *entries):
        self.send("want", self.sends.pack(entries))

    def prune(self, *origins):
        self.send("prune", self.sends.pack([(origin, 0, 0) for origin in origins]))

    # Reading

    def frame(self, seconds=5):
        """The next frame as name and fields, None after so many seconds without one."""
        content = self._content(time.monotonic() + seconds)
        if content is None:
            return None
        tag, *fields = cbor.decode(content)
        name = FRAMES[tag]
        if name == "bye":
            self.cause = CAUSES[fields[0]]
        elif name in ("announce", "graft", "want", "prune"):
            fields = self.reads.unpack(fields[0])
        elif name == "event":
            fields = [fields[0], Event.read(cbor.decode(fields[1]))]
        self._serve(name, fields)
        self.seen.append((name, fields))
        return name, fields

    def wait(self, name, seconds=5, holds=lambda fields: True):
        """The fields of the next frame of this name that `holds`; None where none came."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            got = self.frame(left)
            if got and got[0] == name and holds(got[1]):
                return got[1]
        return None

    def linger(self, seconds):
        """Reads for so long."""
        self.wait(None, seconds)

    def end(self, seconds=5):
        """How the other side ended the link: a cause, "closed", "cut"; "open" where it did not."""
        try:
            self.linger(seconds)
            return "open"
        except Ended as end:
            return str(end)

    def drained(self):
        """Why a link ended that could not be written to."""
        try:
            self.linger(2)
        except Ended as end:
            return str(end)
        except OSError:
            pass
        return self.cause or "cut"

    def _serve(self, name, fields):
        if name == "ping":
            self.pings += 1
            self.send("pong", fields[0])
        elif name == "part":
            self._parts += fields[1]
            if fields[0]:
                message, self._parts = cbor.decode(self._parts), b""
                self._take(*message)

    def _content(self, end):
        while True:
            if len(self._left) >= 4:
                length = int.from_bytes(self._left[:4], "big")
                if not 1 <= length <= LONGEST:
                    raise cbor.Malformed(f"a frame of {length} bytes")
                if len(self._left) >= 4 + length:
                    content, self._left = self._left[4:4 + length], self._left[4 + length:]
                    return content
            wait = end - time.monotonic()
            if wait <= 0:
                return None
            self.stream.settimeout(wait)
            try:
                piece = self.stream.recv(1 << 17)
            except (TimeoutError, socket.timeout):
                return None
            except OSError as error:
                raise Ended(self.cause or "cut") from error
            finally:
                self.stream.settimeout(10)
            if not piece:
                raise Ended(self.cause or "closed")
            self._left += piece

    # Becoming neighbors

    def hello(self, purpose=NEIGHBOR, versions=(1,)):
        """"welcome", or the cause of the bye."""
        self.send("hello", list(versions), purpose)
        return self.welcomed()

    def welcomed(self):
        try:
            while (got := self.frame()) and got[0] == "bye":
                pass
            return got[0] if got else "nothing"
        except Ended as end:
            return str(end)

    # Messages

    def say(self, message):
        data = cbor.encode(message)
        for at in range(0, len(data), PIECE):
            self.send("part", at + PIECE >= len(data), data[at:at + PIECE])

    def _take(self, is_response, number, said):
        if is_response:
            self._answers[number] = said
        else:
            refusal = [7, "busy", "this stranger answers nothing", None]
            self.say([1, number, self.answerer(said) if self.answerer else refusal])

    def ask(self, request, seconds=5):
        """The fields of the answer; raises peer.Refused, TimeoutError, Ended."""
        self.asked += 1
        self.say([0, self.asked, request])
        end = time.monotonic() + seconds
        while self.asked not in self._answers:
            if time.monotonic() > end:
                raise TimeoutError("no answer")
            self.frame(end - time.monotonic())
        tag, *fields = self._answers.pop(self.asked)
        if peer.ANSWERS[tag] == "refused":
            raise peer.Refused(0, *fields)
        return fields

    def push(self, events):
        return self.ask([2, [e.value for e in events]])[0]

    def reconcile(self, session, message, context=None):
        return self.ask([5, session, context, message])

    def fetch(self, session, message=b""):
        return self.ask([6, session, message])[0]

    def status(self):
        names = ["log", "position", "eventCount", "root", "missingBodies"]
        return dict(zip(names, self.ask([8])))
