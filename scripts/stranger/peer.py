"""What one node asks another: the messages of docs/PROTOCOL.md over docs/PROTOCOL-http.md."""

import base64
import hashlib
import hmac
import os

from . import cbor, http, keys, signing
from .event import Event, now

ROUTES = "/api/federation"
TAGS = {"introduce": 0, "confirm": 1, "push": 2, "pull": 3, "stream": 4, "reconcile": 5,
        "fetch": 6, "bodies": 7, "status": 8, "ownRecord": 9, "leave": 10, "admissions": 11}
ANSWERS = ["challenge", "registration", "outcomes", "page", "message", "events", "status",
           "refused", "admissions"]


class Refused(Exception):
    def __init__(self, status, code, detail, retry=None):
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail, self.retry = status, code, detail, retry


def mac(secret, *pieces):
    return hmac.new(secret, b"".join(pieces), hashlib.sha256).digest()


def cursor_text(cursor):
    return f"{cursor[0].hex()}.{cursor[1]}"


def transcript(a, b, nonce_a, nonce_b, tls_key, card_a, card_b, time_a, time_b):
    """T; cards as values."""
    card = lambda value: hashlib.sha256(cbor.encode(value)).digest()
    return hashlib.sha256(
        b"teambook-register-v1\0" + a + b + nonce_a + nonce_b + tls_key + card(card_a)
        + card(card_b) + time_a.to_bytes(8, "big") + time_b.to_bytes(8, "big")).digest()


class Challenge:
    """B's answer to an introduction, with what was said before it."""

    def __init__(self, peer, nonce_a, card_a, time_a, answer):
        self.peer, self.nonce_a, self.card_a, self.time_a = peer, nonce_a, card_a, time_a
        self.node, self.nonce, self.card, self.time, self.signature, self.proof = answer
        self.transcript = transcript(peer.identity.id, self.node, nonce_a, self.nonce,
                                     peer.tls_key, card_a, self.card, time_a, self.time)

    def check(self, secret=None):
        said = b"teambook-register-v1 challenge\0" + self.transcript
        if not keys.verify(self.node, said, self.signature):
            raise Refused(0, "bad-signature", "the challenge is not B's")
        if secret is not None and self.proof is not None:
            if self.proof != mac(secret, b"teambook-join-v1 challenge\0", self.transcript):
                raise Refused(0, "bad-signature", "B does not know the join secret")

    def confirmation(self, approved=True, secret=None, invite=None, predecessors=(), **other):
        """The message; `other` replaces fields: node, nonce, signature, proof."""
        identity, text = self.peer.identity, self.transcript
        byte = b"\1" if approved else b"\0"
        proof = mac(secret, b"teambook-join-v1 confirm\0", text) if secret else None
        if invite is not None:
            invite = [invite[0], mac(invite[1], b"teambook-invite-v1\0", text)]
        signature = identity.sign(b"teambook-register-v1 confirm\0" + text + byte)
        return [1, other.get("node", identity.id), other.get("nonce", self.nonce),
                other.get("signature", signature), other.get("proof", proof), approved, invite,
                list(predecessors)]


class Peer:
    """A node at an address, asked by an identity of ours. Keeps one connection."""

    def __init__(self, address, identity, node=None, timeout=20, source=None):
        self.address, self.identity, self.node, self.timeout = address, identity, node, timeout
        self.source = source
        self.card = [[1], "stranger", []]
        self._connection = None

    @property
    def connection(self):
        if self._connection is None:
            self._connection = http.Connection(self.address, self.node, self.timeout,
                                               source=self.source)
            self.node = self._connection.node
        return self._connection

    @property
    def tls_key(self):
        return self.connection.tls_key

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # Requests

    def raw(self, method, target, fields=(), body=b""):
        """One request on the kept connection; once more on a new one where that was closed."""
        for attempt in (0, 1):
            is_new = self._connection is None
            try:
                response = self.connection.request(method, target, fields, body)
                if (response.field("Connection") or "").lower() == "close":
                    self.close()
                return response
            except (http.Closed, ConnectionError):
                self.close()
                if is_new or attempt:
                    raise

    def signed(self, method, route, body=b"", accept="application/cbor", **signature):
        """A signed request; `signature` goes to signing.sign."""
        target = ROUTES + route
        self.connection  # names the node, which the signature covers
        to = signature.pop("to", self.node)
        fields = signing.sign(self.identity, method, target, to, body, **signature)
        return self.raw(method, target, [*fields, ("Accept", accept)], body)

    def ask(self, method, route, message=None, **signature):
        body = b"" if message is None else cbor.encode(message)
        return answer(self.signed(method, route, body, **signature))

    # Registration

    def introduce(self, nonce=None, card=None, time=None):
        nonce, time = nonce or os.urandom(32), now() if time is None else time
        card = card or self.card
        said = answer(self.unsigned([0, self.identity.id, nonce, card, time]))
        return Challenge(self, nonce, card, time, said)

    def unsigned(self, message):
        body = message if isinstance(message, bytes) else cbor.encode(message)
        fields = [("Content-Type", "application/cbor"), ("Accept", "application/cbor")]
        return self.raw("POST", ROUTES + "/register", fields, body)

    def register(self, secret=None, **confirmation):
        challenge = self.introduce()
        challenge.check(secret)
        return answer(self.unsigned(challenge.confirmation(secret=secret, **confirmation)))

    # What an active peer may ask

    def push(self, events):
        values = [e.value if isinstance(e, Event) else e for e in events]
        return self.ask("POST", "/events", [2, values])[0]

    def pull(self, cursor=None):
        """The next cursor, whether it is the end, events."""
        route = "/events" + (f"?since={cursor_text(cursor)}" if cursor else "")
        following, is_end, events = self.ask("GET", route)
        return following, is_end, [Event.read(value) for value in events]

    def stream(self, cursor=None):
        """Yields (cursor's text, page) until the caller stops; on a connection of its own."""
        target = ROUTES + "/stream" + (f"?since={cursor_text(cursor)}" if cursor else "")
        with http.Connection(self.address, self.node, self.timeout) as connection:
            fields = signing.sign(self.identity, "GET", target, connection.node)
            connection.send(http.head("GET", target, [
                ("Host", "localhost"), *fields, ("Accept", "application/cbor")]))
            status, _ = connection.response_head()
            if status != 200:
                raise Refused(status, "stream", "")
            yield from pages(connection.chunks())

    def reconcile(self, session, message, context=None):
        return self.ask("POST", "/reconcile", [5, session, context, message])

    def fetch(self, session, message=b""):
        return self.ask("POST", "/reconcile", [6, session, message])[0]

    def admissions(self, session, admissions):
        return self.ask("POST", "/reconcile", [11, session, admissions])[0]

    def bodies(self, ids):
        return self.ask("POST", "/bodies", [7, ids])[0]

    def status(self):
        names = ["log", "position", "eventCount", "root", "missingBodies"]
        return dict(zip(names, self.ask("GET", "/status")))

    def own_record(self):
        return self.ask("GET", "/peers")

    def leave(self):
        return self.ask("DELETE", f"/peers/{self.identity.id.hex()}")


def answer(response):
    """The fields of a response; raises Refused."""
    if response.field("Content-Type") != "application/cbor":
        raise Refused(response.status, code(response), response.body[:200])
    tag, *fields = cbor.decode(response.body)
    if ANSWERS[tag] == "refused":
        raise Refused(response.status, *fields)
    return fields


def code(response):
    """The code of a refusal in CBOR or JSON; empty where it is none."""
    import json
    try:
        if response.field("Content-Type") == "application/cbor":
            tag, *fields = cbor.decode(response.body)
            return fields[0] if tag == 7 else ""
        return json.loads(response.body).get("code", "")
    except (ValueError, AttributeError, IndexError):
        return ""


def pages(chunks):
    text, cursor = "", None
    for chunk in chunks:
        text += chunk.decode()
        while "\n\n" in text:
            record, _, text = text.partition("\n\n")
            lines = dict(line.split(": ", 1) for line in record.split("\n")
                         if ": " in line and not line.startswith(":"))
            if lines.get("event") == "page":
                raw = lines["data"]
                value = cbor.decode(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
                yield lines["id"], value[1:]
