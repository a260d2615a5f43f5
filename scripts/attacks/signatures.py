"""Requests whose signature is missing, wrong, old, seen before or not quite ours."""

import hashlib
import time

from stranger import keys, peer, signing

from .table import attack, outcome

WHERE = "http: Signatures of requests"
STATUS = peer.ROUTES + "/status"


def signature(name, expected="401 unauthenticated", section=WHERE, **more):
    return attack("signatures", name, section, expected, **more)


def ask(friend, fields, method="GET", target=STATUS, body=b""):
    return outcome(lambda: friend.raw(method, target, fields, body))


def signed(friend, method="GET", target=STATUS, body=b"", **how):
    to = how.pop("to", friend.node)
    return signing.sign(friend.identity, method, target, to, body, **how)


def replaced(fields, name, text):
    return [(k, text if k == name else v) for k, v in fields]


def without(fields, *names):
    return [(k, v) for k, v in fields if k not in names]


def value(fields, name):
    return next(v for k, v in fields if k == name)


@signature("(control) the right signature", "200")
def right(lab):
    friend = lab.open.friend()
    return ask(friend, signed(friend))


@signature("no signature at all; the answer names a challenge",
           "401 unauthenticated, challenge, accept-signature")
def missing(lab):
    friend = lab.open.friend()
    response = friend.raw("GET", STATUS)
    extras = ["challenge" if response.field("Teambook-Challenge") else "no challenge",
              "accept-signature" if response.field("Accept-Signature") else "none"]
    return ", ".join([f"{response.status} {peer.code(response)}", *extras])


for absent in ("Signature", "Signature-Input", "Content-Digest", "Content-Type", "Teambook-To"):
    @signature(f"the field {absent} is missing",
               "401 unauthenticated / 421 misaddressed" if absent == "Teambook-To" else
               "401 unauthenticated / 415 malformed" if absent == "Content-Type" else
               "401 unauthenticated")
    def field_missing(lab, absent=absent):
        friend = lab.open.friend()
        return ask(friend, without(signed(friend), absent))


@signature("one bit of the signature is another")
def flipped(lab):
    friend = lab.open.friend()
    fields = signed(friend)
    text = value(fields, "Signature")
    other = "A" if text[20] != "A" else "B"
    return ask(friend, replaced(fields, "Signature", text[:20] + other + text[21:]))


def dated(friend, created, expires):
    params = signing.parameters(friend.identity.id, created=created, expires=expires)
    return ask(friend, signed(friend, params=params))


@signature("created two minutes ago, still in its time")
def stale(lab):
    now = int(time.time())
    return dated(lab.open.friend(), now - 120, now - 60 + 30)


@signature("created two minutes ahead")
def future(lab):
    now = int(time.time())
    return dated(lab.open.friend(), now + 120, now + 180)


@signature("expired a second ago")
def expired(lab):
    now = int(time.time())
    return dated(lab.open.friend(), now - 30, now - 1)


@signature("good for 61 seconds")
def long_lived(lab):
    now = int(time.time())
    return dated(lab.open.friend(), now, now + 61)


@signature("expires before it was created")
def backwards(lab):
    now = int(time.time())
    return dated(lab.open.friend(), now + 5, now + 4)


@signature("created is 2^63")
def enormous(lab):
    return dated(lab.open.friend(), 2**63, 2**63 + 60)


@signature("created is negative")
def negative(lab):
    return dated(lab.open.friend(), -1, 59)


@signature("the same request twice")
def replayed(lab):
    friend = lab.open.friend()
    fields = signed(friend)
    assert ask(friend, fields) == "200"
    return ask(friend, fields)


@signature("the same request again on another connection")
def replayed_elsewhere(lab):
    friend = lab.open.friend()
    fields = signed(friend)
    assert ask(friend, fields) == "200"
    friend.close()
    return ask(friend, fields)


@signature("another request with a nonce that was used")
def same_nonce(lab):
    friend = lab.open.friend()
    for target in (STATUS, peer.ROUTES + "/events"):
        params = signing.parameters(friend.identity.id, nonce_text="AAAAAAAAAAAAAAAAAAAAAA")
        got = ask(friend, signed(friend, target=target, params=params), target=target)
    return got


@signature("a nonce of 8 bytes")
def short_nonce(lab):
    friend = lab.open.friend()
    params = signing.parameters(friend.identity.id, nonce_text=signing.nonce(bytes(8)))
    return ask(friend, signed(friend, params=params))


@signature("a nonce whose last character carries left-over bits")
def loose_nonce(lab):
    friend = lab.open.friend()
    params = signing.parameters(friend.identity.id, nonce_text="AAAAAAAAAAAAAAAAAAAAAB")
    return ask(friend, signed(friend, params=params))


@signature("in an active peer's name, by another key")
def wrong_key(lab):
    friend = lab.open.friend()
    return ask(friend, signed(friend, key=keys.Identity()))


@signature("for another node", "421 misaddressed")
def wrong_receiver(lab):
    friend = lab.open.friend()
    return ask(friend, signed(friend, to=lab.guarded.id))


@signature("for another node, Teambook-To written over to name this one")
def readdressed(lab):
    friend = lab.open.friend()
    fields = signed(friend, to=lab.guarded.id)
    return ask(friend, replaced(fields, "Teambook-To", friend.node.hex()))


@signature("for this node, relayed to another one", "421 misaddressed")
def relayed(lab):
    friend = lab.open.friend()
    fields = signed(friend)
    return outcome(lambda: lab.guarded.stranger().raw("GET", STATUS, fields))


@signature("the body is another than the digest says")
def wrong_digest(lab):
    friend = lab.open.friend()
    target = peer.ROUTES + "/events"
    fields = signed(friend, "POST", target, b"\x82\x02\x80")
    return ask(friend, fields, "POST", target, b"\x82\x03\xf6")


@signature("the digest is of SHA-512 only")
def other_digest(lab):
    friend = lab.open.friend()
    return ask(friend, signed(friend, digest_text="sha-512=:" + "A" * 86 + "==:"))


@signature("the digest's base64 has left-over bits")
def loose_digest(lab):
    friend = lab.open.friend()
    text = signing.digest(b"")
    at = text.index("=:", 9) - 1
    other = chr(ord(text[at]) + 1)
    return ask(friend, signed(friend, digest_text=text[:at] + other + text[at + 1:]))


for name in signing.COMPONENTS:
    @signature(f"{name} is not among the components")
    def uncovered(lab, name=name):
        friend = lab.open.friend()
        left = [c for c in signing.COMPONENTS if c != name]
        return ask(friend, signed(friend, components=left))


@signature("the components in another order")
def reordered(lab):
    friend = lab.open.friend()
    return ask(friend, signed(friend, components=signing.COMPONENTS[::-1]))


@signature("a component more: @authority")
def added(lab):
    friend = lab.open.friend()
    return ask(friend, signed(friend, components=[*signing.COMPONENTS, "@authority"]))


@signature("a component twice")
def twice(lab):
    friend = lab.open.friend()
    return ask(friend, signed(friend, components=[*signing.COMPONENTS, "teambook-to"]))


@signature("no components")
def none(lab):
    friend = lab.open.friend()
    params = signing.parameters(friend.identity.id)
    text, member = signing.base([], params, {})
    fields = signed(friend)
    import base64
    mark = base64.b64encode(friend.identity.sign(text)).decode()
    fields = replaced(fields, "Signature-Input", f"sig1={member}")
    return ask(friend, replaced(fields, "Signature", f"sig1=:{mark}:"))


def joined(a, b):
    """Two signatures in the fields of one request."""
    fields = without(a, "Signature", "Signature-Input")
    for name in ("Signature-Input", "Signature"):
        fields.append((name, value(a, name) + ", " + value(b, name)))
    return fields


@signature("two signatures with our tag, both good")
def two(lab):
    friend = lab.open.friend()
    return ask(friend, joined(signed(friend), signed(friend, label="sig2")))


@signature("a second signature with another tag is left alone", "200")
def foreign_tag(lab):
    friend = lab.open.friend()
    params = signing.parameters(friend.identity.id, tag="somebody-else")
    return ask(friend, joined(signed(friend), signed(friend, label="x", params=params)))


@signature("five signatures, four of other tags")
def five(lab):
    friend = lab.open.friend()
    fields = signed(friend)
    for number in range(4):
        params = signing.parameters(friend.identity.id, tag="somebody-else")
        fields = joined(fields, signed(friend, label=f"x{number}", params=params))
    return ask(friend, fields)


@signature("only a signature with another tag")
def other_tag(lab):
    friend = lab.open.friend()
    params = signing.parameters(friend.identity.id, tag="teambook-peer-v2")
    return ask(friend, signed(friend, params=params))


@signature("alg is another: rsa-v1_5-sha256")
def other_alg(lab):
    friend = lab.open.friend()
    params = signing.parameters(friend.identity.id, alg="rsa-v1_5-sha256")
    return ask(friend, signed(friend, params=params))


for parameter in ("created", "expires", "nonce", "keyid", "alg", "tag"):
    @signature(f"the parameter {parameter} is missing")
    def parameter_missing(lab, parameter=parameter):
        friend = lab.open.friend()
        params = signing.parameters(friend.identity.id)
        return ask(friend, signed(friend, params=[p for p in params if p[0] != parameter]))

    @signature(f"the parameter {parameter} twice")
    def parameter_twice(lab, parameter=parameter):
        friend = lab.open.friend()
        params = signing.parameters(friend.identity.id)
        params += [p for p in params if p[0] == parameter]
        return ask(friend, signed(friend, params=params))


@signature("a parameter that there is not")
def parameter_unknown(lab):
    friend = lab.open.friend()
    params = [*signing.parameters(friend.identity.id), ("extra", '"1"')]
    return ask(friend, signed(friend, params=params))


@signature("parameters in another order", "200")
def parameters_shuffled(lab):
    friend = lab.open.friend()
    params = signing.parameters(friend.identity.id)[::-1]
    return ask(friend, signed(friend, params=params))


@signature("two spaces between components")
def spaces(lab):
    friend = lab.open.friend()
    fields = signed(friend)
    text = value(fields, "Signature-Input").replace('" "', '"  "', 1)
    return ask(friend, replaced(fields, "Signature-Input", text))


@signature("the key's id in capitals")
def capitals(lab):
    friend = lab.open.friend()
    params = [(k, v.upper() if k == "keyid" else v)
              for k, v in signing.parameters(friend.identity.id)]
    return ask(friend, signed(friend, params=params))


@signature("a good signature of a key that never registered", "403 unknown-peer")
def unknown(lab):
    stranger = lab.open.stranger()
    return ask(stranger, signed(stranger))


def crafted(lab, key, r, s):
    """A request with a key and a signature of our choice."""
    import base64
    friend = lab.open.friend()
    fields = signed(friend, params=signing.parameters(key))
    mark = base64.b64encode(r + s.to_bytes(32, "little")).decode()
    return ask(friend, replaced(fields, "Signature", f"sig1=:{mark}:"))


@signature("a key of small order, with which any message holds", "403 unknown-peer", "Signatures")
def small_order(lab):
    neutral = keys.encode(keys.NEUTRAL)
    return crafted(lab, neutral, neutral, 0)


@signature("a key that is no point", "403 unknown-peer", "Signatures")
def no_point(lab):
    return crafted(lab, bytes([2]) + bytes(31), bytes(32), 0)


@signature("a key of mixed order, equation right", "403 unknown-peer", "Signatures")
def mixed_order(lab):
    import base64
    friend = lab.open.friend()
    torsion = keys.torsion()[4]  # of order two: every second h leaves it out
    secret = 12345
    key = keys.encode(keys.add(keys.multiply(secret, keys.BASE), torsion))
    while True:
        params = signing.parameters(key)
        fields = signed(friend, params=params)
        values = {"@method": "GET", "@path": STATUS, "@query": "?",
                  "content-digest": signing.digest(b""), "content-type": "application/cbor",
                  "teambook-to": friend.node.hex()}
        text, member = signing.base(signing.COMPONENTS, params, values)
        r = keys.encode(keys.multiply(777, keys.BASE))
        h = int.from_bytes(hashlib.sha512(r + key + text).digest(), "little")
        if h % 2 == 0 and h % keys.ORDER % 2 == 0:
            break
    s = (777 + h * secret) % keys.ORDER
    mark = base64.b64encode(r + s.to_bytes(32, "little")).decode()
    fields = replaced(fields, "Signature-Input", f"sig1={member}")
    return ask(friend, replaced(fields, "Signature", f"sig1=:{mark}:"))


@signature("S + L in place of S", section="Signatures")
def large_s(lab):
    import base64
    friend = lab.open.friend()
    fields = signed(friend)
    raw = base64.b64decode(value(fields, "Signature")[6:-1])
    s = int.from_bytes(raw[32:], "little") + keys.ORDER
    mark = base64.b64encode(raw[:32] + s.to_bytes(32, "little")).decode()
    return ask(friend, replaced(fields, "Signature", f"sig1=:{mark}:"))


@signature("in the name of the receiver's own key", "401 unauthenticated / 421 misaddressed")
def own_key(lab):
    friend = lab.open.friend()
    return ask(friend, signed(friend, params=signing.parameters(friend.node)))


@signature("signed for GET /status, sent to GET /peers")
def other_route(lab):
    friend = lab.open.friend()
    return ask(friend, signed(friend), target=peer.ROUTES + "/peers")


@signature("signed for GET, sent as DELETE")
def other_method(lab):
    friend = lab.open.friend()
    target = f"{peer.ROUTES}/peers/{friend.identity.id.hex()}"
    return ask(friend, signed(friend, target=target), "DELETE", target)


@signature("the cursor in the query is another")
def other_query(lab):
    friend = lab.open.friend()
    log = friend.status()["log"].hex()
    target = f"{peer.ROUTES}/events?since={log}.0"
    fields = signed(friend, target=target + "0")
    return ask(friend, fields, target=target)


def challenge_of(friend):
    return friend.raw("GET", STATUS).field("Teambook-Challenge")


def by_challenge(friend, challenge):
    params = signing.parameters(friend.identity.id, created=1, expires=61)
    return ask(friend, signed(friend, params=params, challenge=challenge))


@signature("a wrong clock, with the challenge of the 401", "200")
def challenged(lab):
    friend = lab.open.friend()
    return by_challenge(friend, challenge_of(friend))


@signature("the same challenge a second time")
def challenge_twice(lab):
    friend = lab.open.friend()
    challenge = challenge_of(friend)
    assert by_challenge(friend, challenge) == "200"
    return by_challenge(friend, challenge)


@signature("the challenge of another node")
def challenge_elsewhere(lab):
    friend = lab.open.friend()
    return by_challenge(friend, challenge_of(lab.guarded.stranger()))


@signature("a challenge that was made up")
def challenge_forged(lab):
    friend = lab.open.friend()
    real = challenge_of(friend)
    other = "A" if real[3] != "A" else "B"
    return by_challenge(friend, real[:3] + other + real[4:])


@signature("a challenge that is covered, in a field that is not sent")
def challenge_absent(lab):
    friend = lab.open.friend()
    fields = signed(friend, challenge=challenge_of(friend))
    return ask(friend, without(fields, "Teambook-Challenge"))


@signature("a challenge 61 s old", is_slow=True)
def challenge_old(lab):
    friend = lab.open.friend()
    challenge = challenge_of(friend)
    time.sleep(62)
    return by_challenge(friend, challenge)


@signature("the same request again after 61 s", is_slow=True)
def replayed_late(lab):
    friend = lab.open.friend()
    now = int(time.time())
    params = signing.parameters(friend.identity.id, created=now + 55, expires=now + 115)
    fields = signed(friend, params=params)
    assert ask(friend, fields) == "200"
    time.sleep(62)
    return ask(friend, fields)
