"""What honest neighbors say over links, and who becomes one."""

import os
import time

from stranger import keys, link
from stranger.event import now
from stranger.holding import Holding, Listener

from .neighbors import (
    again, as_neighbor, chain, dialled, gossiping, log, neighbor, own, post, some, stores, watched)
from .table import attack

WHERE = "link: Events"


def gossip(name, expected, section=WHERE, **more):
    return watched("gossip", name, section, expected, **more)


@gossip("(control) an event of the node comes unasked to the neighbor that grafted its origin",
        "hop 1")
def eager(node, witness):
    with neighbor(node) as made:
        made.graft((node.id, 0, 0))
        time.sleep(0.1)
        body = post(node).encode()
        got = made.wait("event", 2, lambda fields: fields[1].body == body)
        return f"hop {got[0]}" if got else "not sent"


@gossip("(control) … to a new one it is announced, and sent at hop 0 when it is asked for",
        "announced, hop 0")
def told(node, witness):
    post(node)
    with neighbor(node) as made:
        body = post(node).encode()
        entry = made.wait("announce", 2, lambda listed: listed[0][0] == node.id)[0]
        made.graft(entry[:3])
        got = made.wait("event", 2, lambda fields: fields[1].body == body)
        return f"announced, hop {got[0]}" if got else "not sent"


@gossip("(control) an event of a neighbor is stored, and passed on to the others at hop 2",
        "stored, hop 2")
def passed_on(node, witness):
    with neighbor(node) as made:
        said = chain(made).next(body=some())
        made.event(said, hop=1)
        heard = witness.hears(said.body)
        return (f"{'stored' if stores(node, said) else 'not stored'}, "
                f"hop {witness.hops[said.id]}" if heard else "not passed on")


@gossip("(control) an event that is announced is grafted after a while", "grafted, stored")
def announced(node, witness):
    with neighbor(node) as made:
        said = chain(made).next(body=some())
        began = time.monotonic()
        made.announce(own(made))
        asked = made.wait("graft", 2, lambda listed: listed[0][:3] == own(made)[:3])
        took = time.monotonic() - began
        made.event(said, hop=0)
        right = asked and 0.1 < took < 0.7
        return f"{'grafted' if right else took}, {'stored' if stores(node, said) else 'lost'}"


@gossip("(control) a large one is wanted at once", "wanted, stored")
def large(node, witness):
    with neighbor(node) as made:
        said = chain(made).next(body=os.urandom(60_000))
        began = time.monotonic()
        made.announce(own(made, last=128))
        asked = made.wait("want", 2, lambda listed: listed[0][:3] == own(made)[:3])
        took = time.monotonic() - began
        made.event(said, hop=0)
        return (f"{'wanted' if asked and took < 0.1 else took}, "
                f"{'stored' if stores(node, said) else 'lost'}")


@gossip("(control) a pruned origin is only announced, until it is grafted again",
        "announced, then hop 1")
def pruned(node, witness):
    with neighbor(node) as made:
        made.graft((node.id, 0, 0))
        made.prune(node.id)
        time.sleep(0.1)
        body = post(node).encode()
        while not (got := made.frame(2)) or got[0] not in ("event", "announce"):
            pass
        first = "announced" if got[0] == "announce" else "sent"
        made.graft((node.id, 0, 0))
        time.sleep(0.1)
        body = post(node).encode()
        got = made.wait("event", 2, lambda fields: fields[1].body == body)
        return f"{first}, then hop {got[0]}" if got else first


@gossip("(control) a session over the link: what each lacks, then the same root",
        "list, given, stored, closed", "link: Messages", node="session")
def session(node, witness):
    with neighbor(node) as made:
        holding = Holding([chain(made).next(body=some()) for _ in range(5)])
        before = len(log(node))
        said = holding.reconcile(made)
        after = log(node)
        is_stored = all(e.id.hex() in after for e in holding.events.values())
        given = len(holding.events) == len(after) == before + 5
        return (f"{said[0]}, {'given' if given else 'not given'}, "
                f"{'stored' if is_stored else 'not stored'}, {said[1]}")


@gossip("(control) 70 events in a row are announced: the node's session brings them",
        "compared, stored, equal in its view", "link: Events", node="comparing", is_slow=True)
def answered(node, witness):
    made = neighbor(node)
    name, old = made.friend.identity.id.hex(), now() - 60_000_000
    holding = Holding([chain(made).next(body=some(), physical=old + at) for at in range(70)])
    made.answerer = holding.answer
    made.announce(own(made, 1, 70))
    verdict = lambda: (node.peers()[name].get("lastSession") or {}).get("verdict")
    end = time.monotonic() + 60
    while time.monotonic() < end and not str(verdict()).startswith("equal"):
        made.linger(0.5)
    held = log(node)
    is_stored = all(e.id.hex() in held for e in holding.events.values())
    made.close()
    return (f"{'compared' if holding.asked else 'not asked'}, "
            f"{'stored' if is_stored else 'not stored'}, "
            f"{'equal' if str(verdict()).startswith('equal') else verdict()} in its view")


@gossip("(control) a neighbor that answers pings, and says nothing else for 15 s", "open",
        "link: Becoming neighbors", node="quiet", is_slow=True)
def quiet(node, witness):
    made = neighbor(node)
    made.answerer = Holding([]).answer
    return made.end(15) if made.pings == 0 else f"{made.pings} pings"


@gossip("(control) a visit: a shuffle is answered by peers, and 20 s later the visit is over",
        "welcome, peers, done", "link: Becoming neighbors", node="quiet", is_slow=True)
def visit(node, witness):
    made = dialled(node)
    said = made.hello(link.VISIT)
    made.send("shuffle", [])
    got = made.wait("shuffled", 2)
    peers = got and witness.link.friend.identity.id in got[0]
    return f"{said}, {'peers' if peers else got}, {made.end(30)}"


@attack("gossip", "(control) a node that shuts down says bye, and closes", "link: Becoming "
        "neighbors", "shutdown")
def shutdown(lab):
    node = gossiping(lab, "ending")
    made = neighbor(node)
    node.process.terminate()
    got = made.end(10)
    node.process.wait(20)
    node.start()
    return got


@attack("gossip", "(control) gossip is turned off, and a hello after that",
        "link: Becoming neighbors", "gossip-off, gossip-off")
def off(lab):
    node = gossiping(lab, "ending")
    made = neighbor(node)
    node.command("gossip", "off")
    got = made.end()
    said = again(node, made.friend)
    node.command("gossip", "on")
    return f"{got}, {said}"


@gossip("(control) a neighbor leaves the federation, another is removed by the operator",
        "not-active, not-active", "link: Becoming neighbors")
def left(node, witness):
    first, second = neighbor(node), neighbor(node)
    first.friend.leave()
    node.operator("DELETE", f"/peers/{second.friend.identity.id.hex()}")
    return f"{first.end()}, {second.end()}"


@attack("gossip", "(control) the node dials a peer, says hello, and sends what it is asked for",
        "link: Becoming neighbors", "neighbor, sent, shown as outbound")
def dialled_by_node(lab):
    node = gossiping(lab, "dialler")
    identity = keys.Identity()
    listener = Listener(identity, node.id)
    try:
        friend = node.friend(identity, endpoints=[listener.url])
        made = listener.accept(20)
        purpose = made.wait("hello", 5)[1]
        made.send("welcome", 1)
        made.graft((node.id, 0, 0))
        time.sleep(0.2)
        body = post(node).encode()
        sent = made.wait("event", 3, lambda fields: fields[1].body == body)
        shown = as_neighbor(node, friend)
        return (f"{['neighbor', 'neighbor', 'visit'][purpose]}, {'sent' if sent else 'not sent'}, "
                f"{'shown as outbound' if shown and shown['isOutbound'] else shown}")
    finally:
        listener.close()


# Places

@attack("gossip", "15 peers want to be neighbors of a node that aims at 6: half of the places stay",
        "link: Becoming neighbors", "5 welcome, 10 full")
def full(lab):
    node = gossiping(lab, "few", active_view="6")
    made = [dialled(node, friend) for friend in [node.friend() for _ in range(15)]]
    said = [one.hello() for one in made]
    for one in made:
        one.close()
    return f"{said.count('welcome')} welcome, {said.count('full')} full"


@attack("gossip", "… and 15 urgent ones: one in five seconds takes a place",
        "link: Becoming neighbors", "5 welcome, then 1 welcome, 14 full")
def urgent(lab):
    node = gossiping(lab, "urgent", active_view="6")
    friends = [node.friend() for _ in range(20)]
    made = [dialled(node, friend) for friend in friends[:5]]
    first = [one.hello() for one in made].count("welcome")
    late = [dialled(node, friend) for friend in friends[5:]]
    said = [one.hello(link.URGENT) for one in late]
    for one in made + late:
        one.close()
    return f"{first} welcome, then {said.count('welcome')} welcome, {said.count('full')} full"


@attack("gossip", "30 visits at once", "link: Becoming neighbors", "8 welcome, 22 full")
def visits(lab):
    node = gossiping(lab, "few", active_view="6")
    made = [dialled(node, friend) for friend in [node.friend() for _ in range(30)]]
    said = [one.hello(link.VISIT) for one in made]
    for one in made:
        one.close()
    return f"{said.count('welcome')} welcome, {said.count('full')} full"
