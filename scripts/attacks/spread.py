"""Neighbors that lie, hoard, flood, ask without end, or don't read."""

import os
import threading
import time

from stranger import event, keys, link, peer

from .neighbors import (
    again, as_neighbor, chain, gossiping, log, neighbor, own, post, some, soon, standing, stores,
    watched)
from .table import attack, fate

WHERE = "link: Events"


def spread(name, expected, section=WHERE, **more):
    return watched("spread", name, section, expected, **more)


# Events that are none

def ended(node, made):
    """How a link ended, and what its peer hears that opens another one."""
    return f"{made.end(3)}, then {again(node, made.friend)}"


def bent(said):
    return event.Event(said.header, bytes(64), said.salt, said.body)


def other_body(said):
    return event.Event(said.header, said.signature, said.salt, b"another")


def forged_header(said):
    return event.Event(said.header[:-1] + bytes([said.header[-1] ^ 1]), said.signature, said.salt,
                       said.body)


INVALID = {"whose signature does not hold": bent, "whose body is another one": other_body,
           "whose header was bent": forged_header}
for what, bend in INVALID.items():
    @spread(f"an event {what}; then the right one, of somebody else",
            "invalid-event, then overload, stored")
    def forged(node, witness, bend=bend):
        victim = neighbor(node)
        with neighbor(node) as made, victim:
            said = chain(victim).next(body=some())
            made.event(bend(said))
            got = ended(node, made)
            victim.event(said)
            return f"{got}, {'stored' if stores(node, said) else 'not stored'}"


@spread("an event of garbage", "invalid-event, then overload")
def garbage(node, witness):
    with neighbor(node) as made:
        made.send("event", 1, os.urandom(300))
        return ended(node, made)


@spread("an event that is garbage behind its first field", "invalid-event, then overload")
def half_garbage(node, witness):
    with neighbor(node) as made:
        said = chain(made).next()
        made.send("event", 1, event.cbor.encode([said.header[:40], said.signature, None]))
        return ended(node, made)


def left_alone(node, witness, made, said):
    made.event(said)
    passed = witness.hears(said.body, 0.5)
    kept = said.id.hex() in log(node)
    return f"{made.end(0.1)}, {'passed on' if passed else 'kept back' if kept else 'not stored'}"


@spread("an event of an origin that nobody admits", "open, not stored")
def unadmitted(node, witness):
    with neighbor(node) as made:
        return left_alone(node, witness, made, event.make(keys.Identity(), body=some()))


@spread("an event without its body, then the whole one of somebody else",
        "open, not stored, then passed on")
def bodiless(node, witness):
    victim = neighbor(node)
    with neighbor(node) as made, victim:
        whole = chain(victim).next(body=some())
        made.event(event.Event(whole.header, whole.signature))
        time.sleep(0.2)
        first = "stored" if whole.id.hex() in log(node) else "not stored"
        victim.event(whole)
        heard = witness.hears(whole.body)
        return f"{made.end(0.1)}, {first}, then {'passed on' if heard else 'lost'}"


for what, ahead in {"two minutes": 120, "two days": 172_800}.items():
    @spread(f"an event from {what} ahead", "open, not stored")
    def future(node, witness, ahead=ahead):
        with neighbor(node) as made:
            said = chain(made).next(body=some(), physical=event.now() + ahead * 1_000_000)
            return left_alone(node, witness, made, said)


@spread("an event of a scope that was granted to nobody", "open, not stored")
def scoped(node, witness):
    with neighbor(node) as made:
        said = chain(made).next(body=some(), scope=b"secret")
        return left_alone(node, witness, made, said)


@spread("two events for one place", "both stored, both passed on")
def equivocation(node, witness):
    with neighbor(node) as made:
        pair = [event.make(made.friend.identity, body=some()) for _ in range(2)]
        for said in pair:
            made.event(said, hop=1)
            time.sleep(0.1)
        kept = all(stores(node, said) for said in pair)
        heard = all(witness.hears(said.body) for said in pair)
        return (f"{'both' if kept else 'not both'} stored, "
                f"{'both' if heard else 'not both'} passed on")


@spread("one event 3,000 times: one prune a second, and no copy goes on",
        "open, at most 10 prunes, counted as duplicates")
def duplicates(node, witness):
    with neighbor(node) as made:
        said = chain(made).next(body=some())
        made.event(said)
        assert stores(node, said)
        copy = link.frame("event", 1, event.cbor.encode(said.value))
        for _ in range(30):
            made.raw(copy * 100)
        made.send("ping", 1)
        made.wait("pong", 10, lambda fields: fields == [1])
        prunes = sum(name == "prune" for name, _ in made.seen)
        counted = as_neighbor(node, made.friend)["duplicates"]
        return (f"{made.end(0.1)}, {'at most 10' if 1 <= prunes <= 10 else prunes} prunes, "
                f"{'counted as' if counted == 3000 else counted} duplicates")


@spread("an event 300,000 times, 65 MiB: more than the share is read later", "open")
def flood(node, witness):
    with neighbor(node) as made:
        said = chain(made).next(body=some())
        copies = link.frame("event", 1, event.cbor.encode(said.value)) * 1000
        for _ in range(300):
            made.raw(copies)
        return made.end(0.1)


# Announcements of what is not there

@spread("announcements of places far ahead: nothing is asked for", "open, 0 grafts, 0 missing")
def far_ahead(node, witness):
    with neighbor(node) as made:
        origin = made.friend.identity.id
        for first in (2**20 + 2, 2**40, 2**53 - 100):
            made.announce((origin, first, 1), (origin, first, 60))
        made.announce((origin, 1, 2**40), (origin, 2**53 - 1, 2**53 - 1))
        got = made.end(1)
        grafts = sum(name in ("graft", "want") for name, _ in made.seen)
        return f"{got}, {grafts} grafts, {standing(node)['missing']} missing"


@spread("announcements that are never kept", "broken-promises, then overload, counted")
def phantoms(node, witness):
    with neighbor(node) as made:
        got = "open"
        for place in range(1, 400):
            made.announce(own(made, place))
            got = made.end(0.02)
            if got != "open":
                break
        after = again(node, made.friend)
        counted = standing(node)["brokenPromises"] > 16
        return f"{got}, then {after}, {'counted' if counted else 'not counted'}"


@spread("40,000 announced places that nobody has", "at most 4096 missing")
def many_phantoms(node, witness):
    with neighbor(node) as made:
        for first in range(1, 40_000, 64):
            made.announce(own(made, first, 64))
        made.send("ping", 1)
        made.wait("pong", 10, lambda fields: fields == [1])
        missing = standing(node)["missing"]
        return "at most 4096 missing" if 64 <= missing <= 4096 else f"{missing} missing"


@spread("4,096 such places of each of six neighbors", "at most 16384 missing")
def phantoms_of_many(node, witness):
    made = [neighbor(node) for _ in range(6)]
    for one in made:
        for first in range(1, 4096, 64):
            one.announce(own(one, first, 64))
        one.send("ping", 1)
        one.wait("pong", 10, lambda fields: fields == [1])
    missing = standing(node)["missing"]
    for one in made:
        one.close()
    return "at most 16384 missing" if 4096 < missing <= 16_384 else f"{missing} missing"


@spread("announcements and prunes of 20,000 origins that nobody admits", "open, none known")
def many_origins(node, witness):
    before = standing(node)["origins"]
    with neighbor(node) as made:
        for _ in range(40):
            names = [os.urandom(32) for _ in range(500)]
            made.announce(*((name, 1, 1) for name in names))
            made.prune(*names)
        made.send("ping", 1)
        made.wait("pong", 10, lambda fields: fields == [1])
        grown = standing(node)["origins"] - before
        return f"{made.end(0.1)}, {'none' if grown <= 0 else grown} known"


# Asking without end

@spread("1,000 grafts and wants of one event of 64 KiB", "open, at most 12 MiB sent")
def graft_spam(node, witness):
    with neighbor(node) as made:
        said = chain(made).next(body=os.urandom(65_000))
        made.event(said)
        assert stores(node, said)
        for _ in range(500):
            made.graft(own(made))
            made.want(own(made))
        got = made.end(3)
        sent = sum(len(fields[1].body) for name, fields in made.seen if name == "event")
        few = 0 < sent <= 12 * 2**20
        return f"{got}, {'at most 12' if few else f'{sent / 2**20:.0f}'} MiB sent"


@spread("wants of 2^53 places, and of such that nobody has", "open, at most 256 events sent")
def endless_want(node, witness):
    with neighbor(node) as made:
        made.want((node.id, 1, 2**53 - 1), (node.id, 2**53 - 1, 2**53 - 1))
        made.graft((node.id, 2**50, 200), (os.urandom(32), 1, 200))
        got = made.end(1)
        sent = sum(name == "event" for name, _ in made.seen)
        return f"{got}, {'at most 256' if sent <= 256 else sent} events sent"


@spread("a prune of every origin: the others get every event", "open, told, not sent")
def prune_all(node, witness):
    with neighbor(node) as made:
        made.prune(*(bytes.fromhex(e["origin"]) for e in log(node).values()))
        bodies = [post(node).encode() for _ in range(20)]
        heard = all(witness.hears(body) for body in bodies)
        got = made.end(0.3)
        sent = any(name == "event" for name, _ in made.seen)
        told = any(name == "announce" for name, _ in made.seen)
        return (f"{got}, {'told' if told else 'not told'}, {'sent' if sent else 'not sent'}"
                + ("" if heard else ", others wait"))


@spread("a shuffle of keys that are not registered", "no such peer in the view",
        "link: Becoming neighbors")
def strangers(node, witness):
    with neighbor(node) as made:
        names = [os.urandom(32) for _ in range(8)]
        made.send("shuffle", names)
        made.send("shuffled", names)
        made.wait("shuffled", 2)
        known = set(standing(node)["passive"]) & {name.hex() for name in names}
        return f"{'such peers' if known else 'no such peer'} in the view"


@spread("1,000 shuffles at once: one is answered", "open, 1 answer", "link: Becoming neighbors")
def shuffles(node, witness):
    with neighbor(node) as made:
        for _ in range(1000):
            made.send("shuffle", [])
        got = made.end(0.5)
        return f"{got}, {sum(name == 'shuffled' for name, _ in made.seen)} answer"


# Questions

for what, request in {"pull": [3, None], "stream": [4, None], "own record": [9], "leave": [10],
                      "introduce": [0, bytes(32), bytes(32), [[1], "a", []], 0],
                      "one that there is not": [99]}.items():
    @spread(f"a question that links don't carry: {what}", "malformed, open", "link: Messages")
    def foreign(node, witness, request=request):
        with neighbor(node) as made:
            try:
                made.ask(request)
                got = "answered"
            except peer.Refused as refusal:
                got = refusal.code
            return f"{got}, {made.end(0.1)}"


@spread("an answer to what was not asked", "open", "link: Messages")
def unasked(node, witness):
    with neighbor(node) as made:
        for number in range(200):
            made.say([1, number, [6, bytes(16), 0, 0, bytes(32), 0]])
        return made.end(0.2)


@spread("a forged event pushed in a message", "bad-signature, open", "link: Messages")
def pushed(node, witness):
    with neighbor(node) as made:
        got = made.push([bent(chain(made).next())])[0]
        return f"{fate(got)}, {made.end(0.1)}"


@spread("2,000 questions at once, all answers read", "overload or answered", "link: Messages")
def questions(node, witness):
    with neighbor(node) as made:
        data = event.cbor.encode
        try:
            for number in range(2000):
                made.send("part", True, data([0, number, [8]]))
            made.linger(3)
        except link.Ended as end:
            return "overload or answered" if str(end) == "overload" else str(end)
        return "overload or answered" if len(made._answers) == 2000 else "not all answered"


GARBLED = [lambda asked: [4, os.urandom(60), 0], lambda asked: [7, "busy", "no", None],
           lambda asked: [8, []], lambda asked: "none"]


@spread("the node's sessions are answered by garbage, refusals, another answer, no answer at all",
        "4 asked, 4 served", "link: Messages", node="garbled", is_slow=True)
def garbled(node, witness):
    friends, asked, bodies = [node.friend() for _ in GARBLED], set(), set()

    def answered(number, answer):
        made = neighbor(node, friends[number])
        made.answerer = lambda request: asked.add(number) or answer(request)
        said = chain(made).next(body=some())
        made.event(said)
        bodies.add(said.body)
        # So much at once is a session's work.
        made.announce(own(made, 2, 100))
        end = time.monotonic() + 40
        while len(asked) < len(GARBLED) and time.monotonic() < end:
            if made.end(0.5) != "open":
                break
        made.close()
    threads = [threading.Thread(target=answered, args=each) for each in enumerate(GARBLED)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heard = sum(witness.hears(body) for body in bodies)
    return f"{len(asked)} asked, {heard} served"


@spread("the node's questions are never answered", "gone within 60 s", "link: Messages",
        node="unanswered", is_slow=True)
def silent_on_questions(node, witness):
    made = neighbor(node)
    made._take = lambda *message: None
    began = time.monotonic()
    got = made.end(60)
    gone = got != "open" and time.monotonic() - began > 25
    return "gone within 60 s" if gone else f"{got} after {time.monotonic() - began:.0f} s"


# Neighbors that don't read

@spread("pings are not answered, and nothing is said", "silent after 9 s",
        "link: Becoming neighbors", node="quiet", is_slow=True)
def deaf(node, witness):
    made = neighbor(node)
    made._serve = lambda name, fields: None
    began = time.monotonic()
    got = made.end(20)
    took = time.monotonic() - began
    return f"{got} after 9 s" if 8 < took < 13 else f"{got} after {took:.0f} s"


def flooded(node, made, count, body):
    """The node posts events to a neighbor that grafts them and reads nothing; most that waits."""
    made.graft((node.id, 0, 0))
    time.sleep(0.1)
    queued, degraded = 0, False
    for at in range(count):
        node.operator("POST", "/events", [
            {"body": os.urandom(body // 2).hex()} for _ in range(8)])
        if at % 8 == 7:
            shown = as_neighbor(node, made.friend)
            if not shown:
                break
            queued = max(queued, shown["queuedBytes"])
            degraded = degraded or shown["isDegraded"]
    return queued, degraded


@spread("a neighbor that reads nothing, while 30 MiB of events are posted",
        "degraded, at most 8 MiB wait, then silent", "link: Waiting", node="slow", is_slow=True)
def unread(node, witness):
    made = neighbor(node)
    queued, degraded = flooded(node, made, 560, 7000)
    gone = soon(lambda: as_neighbor(node, made.friend) is None, 15)
    made.close()
    why = node.log().rsplit(f"{made.friend.identity.id.hex()[:10]} down", 1)[1].split("\n")[0]
    return (f"{'degraded' if degraded else 'not degraded'}, "
            f"{'at most 8' if queued <= 8 * 2**20 else queued >> 20} MiB wait, "
            f"then {why.strip(' ()') if gone else 'still there'}")


@spread("a neighbor that goes on talking and reads nothing", "cut off within 45 s",
        "http: Limits", node="talking", is_slow=True)
def talking(node, witness):
    made = neighbor(node)
    began = time.monotonic()
    threading.Thread(target=flooded, args=(node, made, 280, 7000), daemon=True).start()
    try:
        while as_neighbor(node, made.friend) and time.monotonic() - began < 60:
            made.prune(os.urandom(32))
            time.sleep(1)
    except (OSError, link.Ended):
        pass
    took = time.monotonic() - began
    made.close()
    return "cut off within 45 s" if took < 45 else f"after {took:.0f} s"


@attack("spread", "a node ends that has such a neighbor", "http: Links", "within 5 s")
def ends(lab):
    node = gossiping(lab, "ending")
    made = neighbor(node)
    flooded(node, made, 40, 7000)
    began = time.monotonic()
    node.process.terminate()
    node.process.wait(60)
    took = time.monotonic() - began
    made.close()
    node.start()
    return "within 5 s" if took < 5 else f"after {took:.0f} s"
