"""Events and what they say (docs/PROTOCOL.md "Event", "Membership")."""

import hashlib
import os
import time

from . import cbor, keys


def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def now():
    """The wall clock in microseconds."""
    return time.time_ns() // 1000


def body_hash(salt, body):
    return sha256(b"teambook-body-v1\0", salt, body)


class Event:
    """A header's bytes, its signature, and the body, which may be missing."""

    def __init__(self, header, signature, salt=None, body=None):
        self.header, self.signature, self.salt, self.body = header, signature, salt, body

    @property
    def id(self):
        return sha256(self.header)

    @property
    def value(self):
        """What stands in messages."""
        body = None if self.body is None else [self.salt, self.body]
        return [self.header, self.signature, body]

    @property
    def fields(self):
        return cbor.decode(self.header)

    @property
    def is_signed(self):
        origin = self.fields[1]
        return keys.verify(origin, b"teambook-event-v1\0" + self.header, self.signature)

    @classmethod
    def read(cls, value):
        header, signature, body = value
        return cls(header, signature, *(body or (None, None)))


def header(origin, *, sequence, previous, physical, counter=0, parents=(), author=(0, "node"),
           proof=None, kind="message.post", salt, body, scope=b"", version=1, extra=(),
           length=None):
    fields = [version, origin, scope, sequence, previous, [physical, counter], list(parents),
              list(author), proof, kind, len(body) if length is None else length,
              body_hash(salt, body), *extra]
    return cbor.encode(fields)


def make(identity, sequence=1, previous=None, *, body=b"hello", salt=None, physical=None, **rest):
    """A signed event; `rest` are fields of the header."""
    salt = os.urandom(16) if salt is None else salt
    physical = now() if physical is None else physical
    raw = header(identity.id, sequence=sequence, previous=previous, physical=physical, salt=salt,
                 body=body, **rest)
    return Event(raw, identity.sign(b"teambook-event-v1\0" + raw), salt, body)


def author_proof(device, origin, author, kind, salt, body, time, nonce, scope=b""):
    said = [origin, scope, list(author), kind, body_hash(salt, body), time, nonce]
    signature = device.sign(b"teambook-author-v1\0" + cbor.encode(said))
    return [device.id, time, nonce, signature]


def vouch(node, cut=None):
    return cbor.encode([node, cut])


def revoke(node, cut=None):
    return cbor.encode([node, cut])


def rotate(old, new):
    """`old` is an id, `new` an Identity."""
    return cbor.encode([new.id, new.sign(b"teambook-rotate-v1\0" + old)])


def context(admissions):
    """The context of a list of (origin, cut or None)."""
    listed = sorted((origin, cut) for origin, cut in admissions)
    return sha256(b"teambook-context-v1\0",
                  *(cbor.encode([origin, cut]) for origin, cut in listed))[:8]


class Chain:
    """One origin's events, one after the other."""

    def __init__(self, identity):
        self.identity, self.sequence, self.previous = identity, 0, None

    def next(self, **fields):
        event = make(self.identity, self.sequence + 1, self.previous, **fields)
        self.sequence, self.previous = self.sequence + 1, event.id
        return event
