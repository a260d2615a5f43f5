"""Registration: reflection, replay, forged proofs, other keys."""

import os
import time

from stranger import cbor, event, keys, peer
from stranger.event import now

from .lab import SECRET
from .table import attack, outcome

WHERE = "Registration"
JOIN = SECRET.encode()


def registration(name, expected, section=WHERE, **more):
    return attack("registration", name, section, expected, **more)


def state(act):
    """"active", or the refusal."""
    try:
        return act()[0]
    except peer.Refused as refusal:
        return f"{refusal.status} {refusal.code}"


def confirm(stranger, message):
    return state(lambda: peer.answer(stranger.unsigned(message)))


def refused_and_unknown(stranger, got):
    """Adds whether the node knows this key now."""
    status = outcome(stranger.status)
    return f"{got}, then {status}"


@registration("(control) with the join secret", "active")
def with_secret(lab):
    return state(lambda: lab.open.stranger().register(secret=JOIN))


@registration("without the join secret waits for the operator", "pending, then 403 not-active")
def without_secret(lab):
    stranger = lab.open.stranger()
    return refused_and_unknown(stranger, state(lambda: stranger.register()))


@registration("reflection: introduced as the receiver itself", "421 misaddressed")
def reflection(lab):
    node = lab.open
    stranger = node.stranger()
    message = [0, node.id, os.urandom(32), stranger.card, now()]
    return outcome(lambda: peer.answer(stranger.unsigned(message)))


@registration("the challenge of one node given to another as ours",
              "400 bad-signature, then 403 unknown-peer")
def mirrored(lab):
    # B's signed challenge is of another domain than a confirmation: it proves nothing as ours.
    stranger = lab.open.stranger()
    challenge = stranger.introduce()
    message = challenge.confirmation(secret=JOIN, signature=challenge.signature,
                                     proof=challenge.proof)
    return refused_and_unknown(stranger, confirm(stranger, message))


@registration("the same confirmation twice", "401 unauthenticated")
def replayed(lab):
    stranger = lab.open.stranger()
    message = stranger.introduce().confirmation(secret=JOIN)
    assert confirm(stranger, message) == "active"
    return confirm(stranger, message)


@registration("a challenge that nobody gave", "401 unauthenticated, then 403 unknown-peer")
def unknown_challenge(lab):
    stranger = lab.open.stranger()
    message = stranger.introduce().confirmation(secret=JOIN, nonce=os.urandom(32))
    return refused_and_unknown(stranger, confirm(stranger, message))


@registration("another node's challenge", "401 unauthenticated, then 403 unknown-peer")
def foreign_challenge(lab):
    stranger, other = lab.open.stranger(), lab.guarded.stranger()
    stranger.introduce()
    other.identity = stranger.identity
    message = other.introduce().confirmation(secret=JOIN)
    return refused_and_unknown(stranger, confirm(stranger, message))


@registration("a challenge answered by another key than was introduced",
              "401 unauthenticated, then 403 unknown-peer")
def other_key(lab):
    stranger = lab.open.stranger()
    challenge = stranger.introduce()
    stranger.identity = keys.Identity()
    message = challenge.confirmation(secret=JOIN)
    return refused_and_unknown(stranger, confirm(stranger, message))


@registration("the transcript of another TLS key (somebody in the middle)",
              "400 bad-signature, then 403 unknown-peer")
def other_tls_key(lab):
    stranger = lab.open.stranger()
    challenge = stranger.introduce()
    challenge.transcript = peer.transcript(
        stranger.identity.id, challenge.node, challenge.nonce_a, challenge.nonce, bytes(32),
        challenge.card_a, challenge.card, challenge.time_a, challenge.time)
    message = challenge.confirmation(secret=JOIN)
    return refused_and_unknown(stranger, confirm(stranger, message))


@registration("the transcript of another card", "400 bad-signature, then 403 unknown-peer")
def other_card(lab):
    stranger = lab.open.stranger()
    challenge = stranger.introduce()
    challenge.transcript = peer.transcript(
        stranger.identity.id, challenge.node, challenge.nonce_a, challenge.nonce,
        stranger.tls_key, [[1], "other", []], challenge.card, challenge.time_a, challenge.time)
    message = challenge.confirmation(secret=JOIN)
    return refused_and_unknown(stranger, confirm(stranger, message))


@registration("the approval's bit turned over after signing",
              "400 bad-signature, then 403 unknown-peer")
def approval_flipped(lab):
    stranger = lab.open.stranger()
    message = stranger.introduce().confirmation(approved=False, secret=JOIN)
    message[5] = True
    return refused_and_unknown(stranger, confirm(stranger, message))


@registration("a join proof that was made up", "pending")
def forged_proof(lab):
    stranger = lab.open.stranger()
    return confirm(stranger, stranger.introduce().confirmation(proof=os.urandom(32)))


@registration("the join proof of another secret", "pending")
def other_secret(lab):
    stranger = lab.open.stranger()
    return confirm(stranger, stranger.introduce().confirmation(secret=b"another secret, 16+"))


@registration("the receiver's own join proof sent back", "pending")
def proof_reflected(lab):
    stranger = lab.open.stranger()
    challenge = stranger.introduce()
    proof = challenge.proof or bytes(32)
    return confirm(stranger, challenge.confirmation(proof=proof))


@registration("an invite that nobody gave", "403 bad-invite", section="Registration, Refusals")
def unknown_invite(lab):
    stranger = lab.guarded.stranger()
    invite = (os.urandom(8), os.urandom(16))
    return confirm(stranger, stranger.introduce().confirmation(invite=invite))


@registration("a predecessor whose event is not signed by it",
              "403 bad-rotation")
def forged_predecessor(lab):
    stranger = lab.guarded.stranger()
    old = keys.Identity()
    rotated = event.make(old, kind="peer.rotate", body=event.rotate(old.id, stranger.identity))
    value = [rotated.header, os.urandom(64), rotated.value[2]]
    return confirm(stranger, stranger.introduce().confirmation(predecessors=[value]))


@registration("a predecessor that is an approved peer, without its signature",
              "403 bad-rotation")
def stolen_approval(lab):
    victim = approved(lab)
    stranger = lab.guarded.stranger()
    rotated = event.make(victim.identity, kind="peer.rotate",
                         body=event.rotate(victim.identity.id, stranger.identity))
    value = [rotated.header, os.urandom(64), rotated.value[2]]
    return confirm(stranger, stranger.introduce().confirmation(predecessors=[value]))


@registration("a predecessor that named somebody else",
              "403 bad-rotation")
def other_successor(lab):
    victim, friend = approved(lab), keys.Identity()
    stranger = lab.guarded.stranger()
    rotated = event.make(victim.identity, kind="peer.rotate",
                         body=event.rotate(victim.identity.id, friend))
    return confirm(stranger, stranger.introduce().confirmation(predecessors=[rotated.value]))


@registration("a predecessor whose successor never agreed",
              "403 bad-rotation")
def forced_successor(lab):
    victim = approved(lab)
    stranger = lab.guarded.stranger()
    body = cbor.encode([stranger.identity.id, os.urandom(64)])
    rotated = event.make(victim.identity, kind="peer.rotate", body=body)
    return confirm(stranger, stranger.introduce().confirmation(predecessors=[rotated.value]))


def approved(lab):
    """A peer that the guarded node's operator has approved."""
    stranger = lab.guarded.stranger()
    stranger.register()
    lab.guarded.operator("POST", f"/peers/{stranger.identity.id.hex()}/approve", {})
    stranger.register()
    return stranger


@registration("(control) a rotation by an approved peer hands its approval over", "active")
def rotation(lab):
    old = approved(lab)
    stranger = lab.guarded.stranger()
    rotated = event.make(old.identity, kind="peer.rotate",
                         body=event.rotate(old.identity.id, stranger.identity))
    return confirm(stranger, stranger.introduce().confirmation(predecessors=[rotated.value]))


def handed_on(lab, steps):
    """How the last of so many keys registers, each named by the one before it; and it."""
    old, events = approved(lab).identity, []
    for _ in range(steps):
        new = keys.Identity()
        body = event.rotate(old.id, new)
        events.append(event.make(old, kind="peer.rotate", body=body).value)
        old = new
    stranger = lab.guarded.stranger(old)
    message = stranger.introduce().confirmation(predecessors=events)
    return confirm(stranger, message), stranger


@registration("(control) two rotations, one after the other: the approval follows",
              "active")
def two_rotations(lab):
    got, stranger = handed_on(lab, 2)
    end = time.monotonic() + 5
    # The second event waits for the first to be taken in.
    while got == "pending" and time.monotonic() < end:
        got = state(stranger.register)
    return got


@registration("nine rotations, one after the other", "400 malformed", "Messages")
def nine_rotations(lab):
    return handed_on(lab, 9)[0]


@registration("rotations of which one in the middle is missing", "403 bad-rotation")
def missing_rotation(lab):
    old, middle, new = approved(lab).identity, keys.Identity(), keys.Identity()
    first = event.make(old, kind="peer.rotate", body=event.rotate(old.id, middle))
    other = keys.Identity()
    last = event.make(other, kind="peer.rotate", body=event.rotate(other.id, new))
    stranger = lab.guarded.stranger(new)
    return confirm(stranger, stranger.introduce().confirmation(
        predecessors=[first.value, last.value]))


@registration("a node without a protocol version in common", "400 no-common-version",
              section="Refusals")
def no_version(lab):
    stranger = lab.open.stranger()
    stranger.card = [[2, 3], "later", []]
    return state(lambda: stranger.register(secret=JOIN))


MALFORMED = {
    "a label of 65 bytes": lambda m: m.__setitem__(3, [[1], "x" * 65, []]),
    "nine endpoints": lambda m: m.__setitem__(3, [[1], "", ["https://192.0.2.1:1"] * 9]),
    "an endpoint of 301 bytes": lambda m: m.__setitem__(3, [[1], "", ["https://" + "a" * 293]]),
    "versions that descend": lambda m: m.__setitem__(3, [[2, 1], "", []]),
    "no versions": lambda m: m.__setitem__(3, [[], "", []]),
    "17 versions": lambda m: m.__setitem__(3, [list(range(1, 18)), "", []]),
    "a nonce of 31 bytes": lambda m: m.__setitem__(2, bytes(31)),
    "a node of 33 bytes": lambda m: m.__setitem__(1, bytes(33)),
    "a field more": lambda m: m.append(0),
    "a field less": lambda m: m.pop(),
    "another tag": lambda m: m.__setitem__(0, 8),
}
for what, change in MALFORMED.items():
    @registration(f"introduce with {what}", "400 malformed", section="Messages")
    def malformed(lab, change=change):
        stranger = lab.open.stranger()
        message = [0, stranger.identity.id, os.urandom(32), stranger.card, now()]
        change(message)
        return outcome(lambda: peer.answer(stranger.unsigned(message)))


@registration("introduce whose time is 2^53-1", "200", section="Messages")
def last_time(lab):
    return outcome(lambda: lab.open.stranger().introduce(time=cbor.LARGEST))


@registration("introduce with a key of small order",
              "400 malformed", section="Signatures")
def small_key(lab):
    stranger = lab.open.stranger()
    key = keys.encode(keys.NEUTRAL)
    message = [0, key, os.urandom(32), stranger.card, now()]
    try:
        said = peer.answer(stranger.unsigned(message))
    except peer.Refused as refusal:
        return f"{refusal.status} {refusal.code}"
    signature = key + bytes(32)
    return confirm(stranger, [1, key, said[1], signature, None, True, None, None])


@registration("signed, of a body that is another message: push", "400 malformed",
              section="http: Routes")
def push_as_register(lab):
    return outcome(lambda: peer.answer(lab.open.stranger().unsigned([2, []])))


@registration("not CBOR at all", "400 malformed", section="http: Routes")
def garbage(lab):
    return outcome(lambda: peer.answer(lab.open.stranger().unsigned(os.urandom(200))))


@registration("introduced in an active peer's name, not confirmed: changes nothing of it",
              "label friend, endpoints 0, active")
def impostor(lab):
    friend = lab.open.friend()
    friend.card = [[1], "friend", []]
    friend.register(secret=JOIN)
    stranger = lab.open.stranger()
    card = [[1], "impostor", ["https://192.0.2.66:6666"]]
    message = [0, friend.identity.id, os.urandom(32), card, now()]
    said = peer.answer(stranger.unsigned(message))
    forged = [1, friend.identity.id, said[1], os.urandom(64), None, True, None, None]
    confirm(stranger, forged)
    entry = lab.open.peers()[friend.identity.id.hex()]
    status = "active" if outcome(friend.status) == "200" else "not active"
    return f"label {entry.get('label')}, endpoints {len(entry.get('endpoints', []))}, {status}"


@registration("a peer that the operator removed registers again", "removed, then 403 removed")
def removed(lab):
    stranger = approved(lab)
    lab.guarded.operator("DELETE", f"/peers/{stranger.identity.id.hex()}")
    return refused_and_unknown(stranger, state(lambda: stranger.register()))


@registration("a node that the operator rejected registers again",
              "rejected, then 403 removed")
def rejected(lab):
    stranger = lab.guarded.stranger()
    stranger.register()
    lab.guarded.operator("POST", f"/peers/{stranger.identity.id.hex()}/reject", {})
    return refused_and_unknown(stranger, state(lambda: stranger.register()))


@registration("a peer that has left asks", "403 removed")
def left(lab):
    friend = lab.open.friend()
    friend.leave()
    return outcome(friend.status)


@registration("257 open challenges: the oldest is forgotten, the newest good",
              "oldest 401 unauthenticated, newest active")
def many_challenges(lab):
    node = lab.node("challenges", {"auto_accept_lan": "true"})
    first = node.stranger()
    challenge = first.introduce()
    shared = node.stranger()
    for _ in range(256):
        shared.identity = keys.Identity()
        last = shared.introduce()
    newest = confirm(shared, last.confirmation(secret=JOIN))
    oldest = confirm(first, challenge.confirmation(secret=JOIN))
    return f"oldest {oldest}, newest {newest}"


@registration("a challenge answered after 61 s", "401 unauthenticated", is_slow=True)
def expired(lab):
    stranger = lab.open.stranger()
    challenge = stranger.introduce()
    time.sleep(62)
    return confirm(stranger, challenge.confirmation(secret=JOIN))
