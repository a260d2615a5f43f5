"""Reconcile sessions that are garbage, foreign, forgotten, or ask twice."""

import os
import time

from stranger import event, tree
from stranger.event import now

from .table import attack, outcome

WHERE = "tree: A reconcile session"


def session(name, expected, section=WHERE, **more):
    return attack("sessions", name, section, expected, **more)


def begun(friend, keys=(), number=None):
    """A session of ours after its hello: number, answer."""
    number = number or os.urandom(8)
    message = tree.hello(os.urandom(8), tree.root(list(keys)), len(keys))
    return number, friend.reconcile(number, message)[0]


def say(friend, number, message):
    return outcome(lambda: friend.reconcile(number, message))


@session("(control) the same set and context are equal, and the close is proved",
         "equal, contexts the same")
def equal(lab):
    node = lab.node("two", {"auto_accept_lan": "true"})
    friend = node.friend()
    chain = event.Chain(friend.identity)
    made = [chain.next() for _ in range(20)]
    friend.push(made)
    keys = [tree.key(e) for e in made]
    admissions = [(node.id, None)] + [
        (bytes.fromhex(peer), None) for peer, entry in node.peers().items()]
    salt, number = os.urandom(8), os.urandom(8)
    root = tree.root(keys)
    hello = tree.hello(salt, root, len(keys))
    answer, notices = friend.reconcile(number, hello, event.context(admissions))
    if answer == tree.first("equal") + tree.salted(1, salt, root)[:4]:
        return "equal, contexts " + ("differ" if notices & 8 else "the same")
    return answer.hex()


GARBAGE = {
    "nothing": b"",
    "kind 0": b"\x00",
    "kind 31": b"\xf8" + bytes(30),
    "a kind of the responder": tree.first("equal") + bytes(4),
    "a close with an unknown flag": tree.first("close", 1) + bytes(4),
    "a hello that ends early": tree.first("hello") + bytes(12),
    "a hello with bytes left over": tree.first("hello") + bytes(16) + b"\x00\x00",
    "a hello without the spine that its flag names": tree.first("hello", 2) + bytes(16) + b"\x40",
    "a hello with a varint that is not the shortest": tree.first("hello") + bytes(16) + b"\x80\x00",
    "a hello with a varint of eleven bytes":
        tree.first("hello") + bytes(16) + b"\xff" * 10 + b"\x01",
    "a hello that says 2^63 keys": tree.first("hello") + bytes(16) + tree.varint(2**63),
    "a question for a sketch": tree.first("size") + b"\x06" + bytes(8),
    "a question for a part of nothing": tree.first("piece") + b"\x01",
    "random bytes": os.urandom(2000),
}
for what, message in GARBAGE.items():
    @session(f"a new session begins with {what}", "410 session-gone", "Messages")
    def garbage(lab, message=message):
        return say(lab.open.friend(), os.urandom(8), message)


@session("a close in a session that never was", "410 session-gone", "Messages")
def unknown(lab):
    return say(lab.open.friend(), os.urandom(8), tree.close(bytes(8), tree.EMPTY))


@session("a fetch in a session that never was", "410 session-gone", "Messages")
def unknown_fetch(lab):
    return outcome(lambda: lab.open.friend().fetch(os.urandom(8)))


@session("admissions in a session that never was", "200", "Messages")
def unknown_admissions(lab):
    return outcome(lambda: lab.open.friend().admissions(os.urandom(8), []))


@session("admissions that descend", "400 malformed", "Messages")
def descending(lab):
    friend = lab.open.friend()
    number, _ = begun(friend)
    return outcome(lambda: friend.admissions(number, [[bytes([2]) * 32, None],
                                                      [bytes([1]) * 32, None]]))


@session("a session's number of 7 bytes", "400 malformed", "Messages")
def short_number(lab):
    return say(lab.open.friend(), bytes(7), tree.hello(bytes(8), tree.EMPTY, 0))


@session("a session's message of 1 MiB + 1", "400 malformed", "Messages")
def large(lab):
    return say(lab.open.friend(), os.urandom(8), b"\x08" + bytes(2**20))


@session("another peer's session", "410 session-gone", "Messages")
def foreign(lab):
    owner, thief = lab.open.friend(), lab.open.friend()
    number, _ = begun(owner)
    return say(thief, number, tree.close(bytes(8), tree.EMPTY))


def stocked(lab):
    friend = lab.open.friend()
    writer = lab.open.friend()
    chain = event.Chain(writer.identity)
    writer.push([chain.next() for _ in range(5)])
    return friend


@session("what is wanted twice", "200, then 400 malformed")
def wanted_twice(lab):
    friend = stocked(lab)
    number, answer = begun(friend)
    want = tree.want()
    first = outcome(lambda: friend.fetch(number, want))
    return f"{first}, then {outcome(lambda: friend.fetch(number, want))}"


@session("a want of places that nobody has listed", "400 malformed")
def wanted_unlisted(lab):
    friend = stocked(lab)
    number, _ = begun(friend)
    return outcome(lambda: friend.fetch(number, tree.want([0, 1, 5], 9)))


@session("a want with a gamma of 200 zeros", "400 malformed")
def endless_gamma(lab):
    friend = stocked(lab)
    number, _ = begun(friend)
    return outcome(lambda: friend.fetch(number, tree.first("want", 1) + bytes(26)))


@session("a want given to reconcile, not to fetch", "400 malformed")
def want_as_message(lab):
    friend = stocked(lab)
    number, _ = begun(friend)
    return say(friend, number, tree.want())


@session("a second hello in a session that goes on", "400 malformed")
def two_hellos(lab):
    friend = stocked(lab)
    number, _ = begun(friend)
    return outcome(lambda: begun(friend, number=number))


@session("an answer's part that was not promised", "400 malformed")
def no_body(lab):
    friend = stocked(lab)
    number, _ = begun(friend)
    return say(friend, number, tree.first("piece") + tree.varint(4096))


@session("a want by sketch where none was given", "400 malformed")
def no_sketch(lab):
    friend = stocked(lab)
    number, _ = begun(friend)
    return outcome(lambda: friend.fetch(number, tree.first("want", 2) + b"\x5f\xff\xff\xff"))


@session("a list asked for twice", "200, then 400 malformed")
def enumerated_twice(lab):
    friend = stocked(lab)
    number, _ = begun(friend)
    ask = tree.first("enumerate") + b"\x08"
    first = say(friend, number, ask)
    return f"{first}, then {say(friend, number, ask)}"


@session("a list with a margin of 255 bits", "400 malformed")
def wide_margin(lab):
    friend = stocked(lab)
    number, _ = begun(friend)
    return say(friend, number, tree.first("enumerate") + b"\xff")


@session("parities of 2^200 bits", "400 malformed")
def wide_parity(lab):
    friend = stocked(lab)
    number, _ = begun(friend)
    return say(friend, number, tree.first("size") + b"\xc8" + bytes(100))


@session("a root that nobody has proven", "unknown")
def unproven(lab):
    friend = stocked(lab)
    answer = friend.reconcile(os.urandom(8), tree.first("known") + bytes(13))[0]
    return "unknown" if answer == tree.first("unknown") else answer.hex()


@session("a descent that is random bits", "400 malformed")
def random_descent(lab):
    friend = stocked(lab)
    number, _ = begun(friend)
    return say(friend, number, tree.first("descent") + b"\xff" * 40)


@session("a hello that says a million keys, then a close", "differs")
def liar(lab):
    friend = stocked(lab)
    number = os.urandom(8)
    hello = tree.hello(os.urandom(8), os.urandom(32), 1_000_000)
    friend.reconcile(number, hello)
    try:
        answer = friend.reconcile(number, tree.close(bytes(8), tree.EMPTY))[0]
        return "differs" if tree.is_kind(answer, "differs") else answer.hex()
    except Exception as refusal:
        return f"{refusal.status} {refusal.code}"


@session("a cutoff in the past is honoured", "no event above it")
def cutoff(lab):
    friend = stocked(lab)
    number = os.urandom(8)
    hello = tree.hello(os.urandom(8), tree.EMPTY, 0, (1, 0))
    answer = friend.reconcile(number, hello)[0]
    events = friend.fetch(number, tree.want()) if tree.is_kind(answer, "list") else []
    late = [e for e in events if event.Event.read(e).fields[5][0] > 1]
    return "no event above it" if not late else f"{len(late)} events above it"


@session("a cutoff at the end of time", "200")
def late_cutoff(lab):
    friend = stocked(lab)
    hello = tree.hello(os.urandom(8), tree.EMPTY, 0, (2**53 - 1, 65535))
    return say(friend, os.urandom(8), hello)


@session("100 sessions of one peer at once: bounded", "bounded", "Messages")
def many(lab):
    friend = stocked(lab)
    first, _ = begun(friend)
    got = {"200"}
    for _ in range(99):
        got.add(outcome(lambda: begun(friend)))
    after = outcome(lambda: friend.fetch(first))
    return "bounded" if after == "410 session-gone" or got - {"200"} <= {"503 busy"} and len(
        got) > 1 else f"{sorted(got)}, the first {after}"


@session("a session after 31 s of silence", "410 session-gone", "Messages", is_slow=True)
def silent(lab):
    friend = stocked(lab)
    number, _ = begun(friend)
    time.sleep(32)
    return outcome(lambda: friend.fetch(number))


@session("a session that is used each 10 s goes on", "200", "Messages", is_slow=True)
def kept(lab):
    friend = stocked(lab)
    number, _ = begun(friend)
    assert outcome(lambda: friend.fetch(number, tree.want())) == "200"
    for _ in range(4):
        time.sleep(10)
        got = outcome(lambda: friend.fetch(number))
    return got
