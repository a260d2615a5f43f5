"""Events that are forged, changed, early, foreign, or of an origin that nobody trusts."""

import os

from stranger import cbor, event, keys
from stranger.event import Chain, Event, now

from .table import attack, fate

WHERE = "Event"


def hostile(name, expected, section=WHERE, **more):
    return attack("events", name, section, expected, **more)


def pushed(friend, value):
    """The outcome of one event, and what the log has grown by."""
    before = friend.status()["eventCount"]
    got = fate(friend.push([value])[0])
    grown = friend.status()["eventCount"] - before
    return f"{got}, {'kept' if grown else 'not kept'}"


def push_one(name, expected, section=WHERE):
    """An attack by an active peer, of the event that a function makes of its identity."""
    def add(make):
        def run(lab):
            friend = lab.open.friend()
            return pushed(friend, make(friend.identity))
        hostile(name, expected, section)(run)
        return make
    return add


BAD = "bad-signature, not kept"
ODD = "malformed, not kept"


@push_one("(control) a good event", "stored, kept")
def good(me):
    return event.make(me)


@hostile("(control) the same event twice", "held, not kept")
def again(lab):
    friend = lab.open.friend()
    good = event.make(friend.identity)
    friend.push([good])
    return pushed(friend, good)


@push_one("signed by another key than its origin", BAD)
def forged(me):
    made = event.make(me)
    other = keys.Identity()
    signature = other.sign(b"teambook-event-v1\0" + made.header)
    return Event(made.header, signature, made.salt, made.body)


@push_one("signed without the domain tag", BAD)
def untagged(me):
    made = event.make(me)
    return Event(made.header, me.sign(made.header), made.salt, made.body)


@push_one("a signature of zeros", BAD)
def zeros(me):
    made = event.make(me)
    return Event(made.header, bytes(64), made.salt, made.body)


@push_one("S + L in place of S", BAD, "Signatures")
def malleable(me):
    made = event.make(me)
    s = int.from_bytes(made.signature[32:], "little") + keys.ORDER
    return Event(made.header, made.signature[:32] + s.to_bytes(32, "little"), made.salt, made.body)


@push_one("an origin of small order, with which anything holds", BAD, "Signatures")
def small_order(me):
    neutral = keys.encode(keys.NEUTRAL)
    salt = bytes(16)
    header = event.header(neutral, sequence=1, previous=None, physical=now(), salt=salt, body=b"")
    return Event(header, neutral + bytes(32), salt, b"")


@push_one("another body than was signed", "bad-body, not kept")
def changed_body(me):
    made = event.make(me)
    return Event(made.header, made.signature, made.salt, b"HELLO")


@push_one("another salt than was signed", "bad-body, not kept")
def changed_salt(me):
    made = event.make(me)
    return Event(made.header, made.signature, bytes(16), made.body)


@push_one("a body longer than its header says", "bad-body, not kept")
def wrong_length(me):
    return event.make(me, length=4)


@push_one("a body of 65,537 bytes", ODD)
def long_body(me):
    return event.make(me, body=bytes(65537))


@push_one("a body of 65,536 bytes", "stored, kept")
def longest_body(me):
    return event.make(me, body=bytes(65536))


@push_one("without its body: kept, and asked for", "stored, kept")
def bodiless(me):
    made = event.make(me)
    return Event(made.header, made.signature)


def with_header(me, change):
    fields = event.make(me).fields
    change(fields)
    raw = cbor.encode(fields)
    return Event(raw, me.sign(b"teambook-event-v1\0" + raw))


def ascending(count):
    return [bytes([n]) * 32 for n in range(count)]


HEADERS = {
    "version 0": (0, 0),
    "sequence 0": (3, 0),
    "previous null at sequence 2": (3, 2),
    "previous an id at sequence 1": (4, bytes(32)),
    "previous of 31 bytes": (4, bytes(31)),
    "an origin of 31 bytes": (1, bytes(31)),
    "a scope of 33 bytes": (2, bytes(33)),
    "a counter of 65,536": (5, [1764000000000000, 65536]),
    "a clock of three numbers": (5, [1764000000000000, 0, 0]),
    "17 parents": (6, ascending(17)),
    "parents that descend": (6, ascending(3)[::-1]),
    "a parent twice": (6, [bytes(32), bytes(32)]),
    "an author's kind 3": (7, [3, "x"]),
    "an author without name": (7, [1, ""]),
    "an author in capitals": (7, [1, "Alice"]),
    "an author of 65 bytes": (7, [1, "a" * 65]),
    "a kind of 65 bytes": (9, "k" * 65),
    "an empty kind": (9, ""),
    "a body length of 65,537": (10, 65537),
    "a body hash of 31 bytes": (11, bytes(31)),
    "a text where bytes stand": (11, "h" * 32),
}
for what, (place, value) in HEADERS.items():
    @push_one(f"a header with {what}", ODD)
    def odd_header(me, place=place, value=value):
        return with_header(me, lambda fields: fields.__setitem__(place, value))


@push_one("a header of version 1 with 13 elements", ODD)
def longer(me):
    return with_header(me, lambda fields: fields.append(0))


@push_one("a header of version 1 with 11 elements", ODD)
def shorter(me):
    return with_header(me, lambda fields: fields.pop())


@push_one("a header of version 2 with an element more is stored", "stored, kept")
def later_version(me):
    return event.make(me, version=2, extra=["later"])


@push_one("a header of version 2 with no element more", ODD)
def later_but_same(me):
    return event.make(me, version=2)


@push_one("a header of version 2 whose new element nests 8 deep", ODD, "Encoding")
def later_deep(me):
    nest = 0
    for _ in range(8):
        nest = [nest]
    return event.make(me, version=2, extra=[nest])


@push_one("a header of 4,097 bytes", ODD)
def large_header(me):
    made = event.make(me, version=2, extra=[b""])
    return event.make(me, version=2, extra=[bytes(4097 - len(made.header) - 2)])


def reencoded(me, old, new):
    """A header in which an encoding is replaced by another one of the same value."""
    made = event.make(me, sequence=1)
    raw = made.header
    assert raw.count(old) >= 1
    raw = raw.replace(old, new, 1)
    return Event(raw, me.sign(b"teambook-event-v1\0" + raw))


@push_one("a header with a head that is not the shortest", ODD, "Encoding")
def long_head(me):
    return reencoded(me, b"\x58\x20" + me.id, b"\x59\x00\x20" + me.id)


@push_one("a header with an indefinite length", ODD, "Encoding")
def indefinite(me):
    made = event.make(me)
    raw = b"\x9f" + made.header[1:] + b"\xff"
    return Event(raw, me.sign(b"teambook-event-v1\0" + raw))


@push_one("a header with a tag", ODD, "Encoding")
def tagged(me):
    made = event.make(me)
    raw = b"\xc1" + made.header
    return Event(raw, me.sign(b"teambook-event-v1\0" + raw))


@push_one("a header with bytes left over", ODD, "Encoding")
def left_over(me):
    raw = event.make(me).header + b"\x00"
    return Event(raw, me.sign(b"teambook-event-v1\0" + raw))


@push_one("a header with text that is not UTF-8", ODD, "Encoding")
def not_utf8(me):
    return reencoded(me, b"lmessage.post", b"lmessage.pos\xff")


@push_one("a header with a float", ODD, "Encoding")
def floating(me):
    return reencoded(me, me.id + b"\x40\x01", me.id + b"\x40\xf9\x3c\x00")


@push_one("an integer of 2^53", ODD, "Encoding")
def large_integer(me):
    return reencoded(me, me.id + b"\x40\x01", me.id + b"\x40\x1b" + (2**53).to_bytes(8, "big"))


@push_one("a salt of 15 bytes", ODD)
def short_salt(me):
    made = event.make(me)
    return [made.header, made.signature, [bytes(15), b""]]


@push_one("a signature of 63 bytes", ODD)
def short_signature(me):
    made = event.make(me)
    return [made.header, made.signature[:63], None]


@push_one("no event at all: a number", ODD, "Messages")
def number(me):
    return 7


@hostile("a bad event between two good ones is refused alone", "stored, malformed, stored",
         "Messages")
def between(lab):
    friend = lab.open.friend()
    chain = Chain(friend.identity)
    return ", ".join(map(fate, friend.push([chain.next(), [b"", b"", None], chain.next()])))


@push_one("a scope that was not granted", "unknown-scope, not kept")
def foreign_scope(me):
    return event.make(me, scope=b"secret")


def proved(me, device, **how):
    salt, body, author = bytes(16), b"proved", (2, "alice")
    origin = how.pop("origin", me.id)
    proof = event.author_proof(device, origin, author, how.pop("kind", "message.post"), salt, body,
                               now(), how.pop("nonce", bytes(16)))
    return event.make(me, salt=salt, body=body, author=how.pop("author", author), proof=proof)


@push_one("(control) a good author proof", "stored, kept")
def proof(me):
    return proved(me, keys.Identity())


@push_one("an author proof lifted from another origin", BAD)
def proof_lifted(me):
    return proved(me, keys.Identity(), origin=keys.Identity().id)


@push_one("an author proof lifted to another author", BAD)
def proof_other_author(me):
    return proved(me, keys.Identity(), author=(2, "bob"))


@push_one("an author proof lifted from another kind", BAD)
def proof_other_kind(me):
    return proved(me, keys.Identity(), kind="file.put")


@push_one("50 s ahead is taken", "stored, kept", "Clock")
def slightly_ahead(me):
    return event.make(me, physical=now() + 50_000_000)


@push_one("10 minutes ahead is set aside", "aside, not kept")
def ahead(me):
    return event.make(me, physical=now() + 600_000_000)


@push_one("25 hours ahead", "too-early, not kept")
def far_ahead(me):
    return event.make(me, physical=now() + 25 * 3600 * 1_000_000)


@push_one("at the end of time, 2^53-1", "too-early, not kept")
def last(me):
    return event.make(me, physical=cbor.LARGEST)


@push_one("of 1970", "stored, kept", "Clock")
def oldest(me):
    return event.make(me, physical=0)


@hostile("1,001 events of one origin that are ahead: the last is refused",
         "1000 aside, then too-early")
def many_ahead(lab):
    friend = lab.open.friend()
    chain = Chain(friend.identity)
    later = now() + 600_000_000
    got = [fate(o) for o in friend.push([chain.next(physical=later) for _ in range(1000)])]
    last = fate(friend.push([chain.next(physical=later)])[0])
    return f"{got.count('aside')} aside, then {last}"


@hostile("an origin that nobody trusts is set aside, not kept", "aside, not kept")
def unknown_origin(lab):
    friend = lab.open.friend()
    return pushed(friend, event.make(keys.Identity()))


@hostile("2,100 origins that nobody trusts: bounded", "2048 at most aside, the rest not-admitted")
def many_origins(lab):
    friend = lab.node("origins", {"auto_accept_lan": "true"}).friend()
    got = []
    for _ in range(3):
        made = [event.make(keys.Identity()) for _ in range(700)]
        got += [fate(o) for o in friend.push(made)]
    counts = {name: got.count(name) for name in set(got)}
    if counts.get("aside", 0) <= 2048 and set(counts) == {"aside", "not-admitted"}:
        return "2048 at most aside, the rest not-admitted"
    return str(counts)


@hostile("a vouch by a peer lets nobody in where auto_accept_known is off", "aside, not kept",
         "Membership")
def vouched(lab):
    friend, other = lab.open.friend(), keys.Identity()
    friend.push([event.make(friend.identity, kind="peer.vouch", body=event.vouch(other.id))])
    return pushed(friend, event.make(other))


@hostile("equivocation: two events at one place are both kept, and reported",
         "stored, stored, reported", "Event")
def equivocation(lab):
    friend = lab.open.friend()
    before = lab.open.operator("GET", "/status")["equivocations"]
    got = [fate(o) for o in friend.push([event.make(friend.identity, body=b"one"),
                                         event.make(friend.identity, body=b"two")])]
    after = lab.open.operator("GET", "/status")["equivocations"]
    return ", ".join([*got, "reported" if after == before + 1 else "not reported"])


@hostile("an event in one message with the revocation of its key", "stored, stored, not kept",
         "Membership")
def after_revocation(lab):
    friend = lab.open.friend()
    chain = Chain(friend.identity)
    friend.push([chain.next()])
    before = friend.status()["eventCount"]
    end = chain.next(kind="peer.revoke", body=event.revoke(friend.identity.id))
    got = [fate(o) for o in friend.push([end, chain.next()])]
    kept = lab.open.operator("GET", "/status")["eventCount"] - before
    return f"{got[0]}, {got[1]}, {'kept' if kept > 1 else 'not kept'}"


@hostile("a request of a peer that has ended its own key", "403 revoked", "Refusals")
def request_after_revocation(lab):
    from .table import outcome
    friend = lab.open.friend()
    friend.push([event.make(friend.identity, kind="peer.revoke",
                            body=event.revoke(friend.identity.id))])
    return outcome(friend.status)


@hostile("a registration of a key that has ended itself", "revoked", "Registration")
def registered_after_revocation(lab):
    from .lab import SECRET
    friend = lab.open.friend()
    friend.push([event.make(friend.identity, kind="peer.revoke",
                            body=event.revoke(friend.identity.id))])
    return friend.register(secret=SECRET.encode())[0]


@hostile("a peer revokes another peer: not honoured", "stored, then stored, kept", "Membership")
def foreign_revocation(lab):
    friend, victim = lab.open.friend(), lab.open.friend()
    body = event.revoke(victim.identity.id, [0, None])
    got = fate(friend.push([event.make(friend.identity, kind="peer.revoke", body=body)])[0])
    return f"{got}, then {pushed(victim, event.make(victim.identity))}"


@hostile("a peer revokes the receiver: not honoured", "stored, then the node posts", "Membership")
def revoked_receiver(lab):
    friend = lab.open.friend()
    body = event.revoke(lab.open.id, [0, None])
    got = fate(friend.push([event.make(friend.identity, kind="peer.revoke", body=body)])[0])
    status, _ = lab.open.operator_response("POST", "/events", {"body": "still here"})
    return f"{got}, then {'the node posts' if status == 201 else status}"


@hostile("an event in the receiver's name", BAD)
def in_its_name(lab):
    friend = lab.open.friend()
    made = event.make(friend.identity)
    fields = made.fields
    fields[1] = lab.open.id
    raw = cbor.encode(fields)
    return pushed(friend, Event(raw, friend.identity.sign(b"teambook-event-v1\0" + raw)))


@hostile("bodies: a missing body is given by a later push, and proved by its hash",
         "stored, held, body there", "Event")
def late_body(lab):
    friend = lab.open.friend()
    made = event.make(friend.identity, body=b"late " + os.urandom(4))
    first = fate(friend.push([Event(made.header, made.signature)])[0])
    second = fate(friend.push([made])[0])
    there = Event.read(friend.bodies([made.id])[0]).body == made.body
    return f"{first}, {second}, {'body there' if there else 'no body'}"
