"""Neighbors of a node over links: an honest one that watches what an attack does to others."""

import functools
import os
import threading
import time

from stranger import link
from stranger.event import Chain

from .table import attack

# What a node may take while it is attacked; it has about 50 MiB when it was just started.
MOST_BYTES = 192 * 2**20
# How soon an honest neighbor has an event that is posted meanwhile.
SOON = 2.0
# As many neighbors as may be: attacks of one node don't take each other's places.
GOSSIP = {"auto_accept_lan": "true", "enabled": "true", "active_view": "24"}


def gossiping(lab, name="gossiping", **settings):
    return lab.node(name, {**GOSSIP, **settings})


def dialled(node, friend=None, **fields):
    """An open link of a new peer, or of this one."""
    friend = friend or node.friend()
    answer, opened = link.dial(node.address, friend.identity, node.id, **fields)
    if opened is None:
        raise RuntimeError(f"the link was answered {answer}")
    opened.friend = friend
    return opened


def neighbor(node, friend=None, purpose=link.NEIGHBOR):
    """A link on which the node has said welcome."""
    opened = dialled(node, friend)
    said = opened.hello(purpose)
    if said != "welcome":
        raise RuntimeError(f"the hello was answered {said}")
    return opened


def again(node, friend):
    """What a peer hears that opens another link."""
    answer, opened = link.dial(node.address, friend.identity, node.id)
    if opened is None:
        return answer
    with opened:
        return opened.hello()


def post(node, body=None):
    """An event of the node's own; its body, which is the only one of its kind."""
    body = body or f"event {os.urandom(8).hex()}"
    node.operator("POST", "/events", {"body": body})
    return body


def chain(opened):
    """The chain of the peer that has opened this link."""
    if not hasattr(opened, "chain"):
        opened.chain = Chain(opened.friend.identity)
    return opened.chain


def some():
    """A body that no other event has."""
    return os.urandom(8).hex().encode()


def own(opened, first=1, count=1, last=0):
    """An entry that names places of the chain of the peer that has opened this link."""
    return opened.friend.identity.id, first, count, last


def log(node):
    """The events that a node holds, by id."""
    held, cursor = {}, ""
    while True:
        page = node.operator("GET", f"/events?limit=500{cursor}")
        held |= {event["id"]: event for event in page["events"]}
        if page["isEnd"]:
            return held
        cursor = f"&since={page['next']}"


def stores(node, event, seconds=3.0):
    return soon(lambda: node.operator_response("GET", f"/explain/{event.id.hex()}")[0] == 200
                and event.id.hex() in log(node), seconds)


def soon(holds, seconds=3.0):
    """Whether something holds within so many seconds."""
    end = time.monotonic() + seconds
    while not (is_so := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    return bool(is_so)


def standing(node):
    return node.command("gossip", "status")


def as_neighbor(node, friend):
    """How the node shows a neighbor; None where it is none."""
    listed = standing(node)["neighbors"]
    return next((n for n in listed if n["node"] == friend.identity.id.hex()), None)


class Witness(threading.Thread):
    """An honest neighbor that reads all it is sent, in a thread of its own, and asks for what is
    announced to it and does not come."""

    PATIENCE = 0.15

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self.link = node, neighbor(node)
        self.bodies, self.announced, self.hops, self.how = set(), [], {}, "open"
        self.places, self.due = set(), {}
        self.most_bytes = 0
        self.over = threading.Event()
        self.start()

    def run(self):
        try:
            while not self.over.is_set():
                got = self.link.frame(0.05)
                if got and got[0] == "event":
                    self.take(*got[1])
                elif got and got[0] == "announce":
                    self.told(got[1])
                self.ask()
                self.link.seen.clear()
                self.most_bytes = max(self.most_bytes, self.node.resident_bytes)
        except link.Ended as end:
            self.how = str(end)

    def take(self, hop, event):
        place = event.fields[1], event.fields[3]
        self.places.add(place)
        self.due.pop(place, None)
        self.hops[event.id] = hop
        self.bodies.add(event.body)

    def told(self, entries):
        self.announced += entries
        due = time.monotonic() + self.PATIENCE
        for origin, first, count, _ in entries:
            for place in ((origin, number) for number in range(first, first + count)):
                if place not in self.places:
                    self.due.setdefault(place, due)

    def ask(self):
        now = time.monotonic()
        late = [place for place, due in self.due.items() if due < now]
        # What is more than the node serves at once is left out, and asked for again.
        self.due.update((place, now + 2 * self.PATIENCE) for place in late)
        if late:
            self.link.graft(*((*place, 1) for place in late))

    def hears(self, body, seconds=SOON):
        return soon(lambda: body in self.bodies, seconds)

    def end(self):
        self.over.set()
        self.join()
        self.link.close()

    def verdict(self):
        """Whether it was served well all the time, and still is."""
        began = time.monotonic()
        try:
            body = post(self.node)
        except (OSError, TimeoutError):
            return f"others wait {time.monotonic() - began:.0f} s and more"
        heard = self.hears(body.encode(), 30)
        took = time.monotonic() - began
        self.end()
        if not heard:
            return f"others are not served ({self.how})"
        if took > SOON:
            return f"others wait {took:.1f} s"
        if self.most_bytes > MOST_BYTES:
            return f"others served, {self.most_bytes / 2**20:.0f} MiB"
        return "others served"


def watched(surface, name, section, expected, node="gossiping", **more):
    """Registers an attack on a node of which an honest neighbor must hear all the time; it gets the
    node and that neighbor."""
    wanted = " / ".join(f"{text}, others served" for text in expected.split(" / "))

    def add(run):
        @functools.wraps(run)
        def guarded(lab):
            target = gossiping(lab, node)
            witness = Witness(target)
            try:
                got = run(target, witness)
                return f"{got}, {witness.verdict()}"
            finally:
                witness.end()
        attack(surface, name, section, wanted, **more)(guarded)
        return run
    return add
