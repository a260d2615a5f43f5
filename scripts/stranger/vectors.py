"""What scripts/vectors prints: sections of `name = value`, values in hexadecimal or quoted."""

import hashlib
import os
import re
from itertools import cycle

from cryptography.hazmat.primitives.asymmetric import ec

from . import cbor, certificate, event, invite, keys, link, peer, signing, tree
from .event import Event

A = keys.Identity(bytes(range(32)))
B = keys.Identity(bytes(range(32, 64)))
DEVICE = keys.Identity(bytes([7]) * 32)
TIME = 1_800_000_000_000_000
ID = [hashlib.sha256(bytes([n])).digest() for n in range(40)]
HEAD = """\
# Vectors made by scripts/vectors from docs/PROTOCOL*.md, with code that the nodes don't share.
# If a line must change, the protocol has changed, and every node in the world with it.
"""


class Writer:
    def __init__(self):
        self.lines = []

    def section(self, name, **values):
        self.lines.append(f"\n[{name}]")
        for key, value in values.items():
            shown = f'"{value}"' if isinstance(value, str) else bytes(value).hex() or "-"
            self.lines.append(f"{key} = {shown}")


def text(docs):
    out = Writer()
    out.section("keys", seedA=A.seed, a=A.id, seedB=B.seed, b=B.id, seedDevice=DEVICE.seed,
                device=DEVICE.id)
    for part in (events, statements, signatures, encodings, requests, responses, registration,
                 membership, cursors, request_signatures, binding, trees, codes, links, frames):
        part(out)
    refusals(out, docs)
    return HEAD + "\n".join(out.lines) + "\n"


def chain():
    """Events of each shape."""
    salt = bytes(range(16))
    first = event.make(A, salt=salt, body=b"hello", physical=TIME, author=(1, "assistant-1"))
    author, body = (2, "z" * 64), b""
    proof = event.author_proof(DEVICE, A.id, author, "k" * 64, salt, body, TIME, bytes(16))
    full = event.make(A, 2, first.id, salt=salt, body=body, physical=cbor.LARGEST, counter=65535,
                      parents=sorted(ID[:16]), author=author, proof=proof, kind="k" * 64)
    later = event.make(A, 3, full.id, salt=salt, body=b"later", physical=TIME + 1, version=2,
                       extra=["new", [1, None, True]])
    longest = event.make(A, 4, later.id, salt=salt, body=bytes(65536), physical=0)
    scoped = event.make(A, 1, salt=salt, body=b"\xff", physical=TIME, scope=bytes(range(32)))
    return {"first": first, "full": full, "later": later,
            "bodiless": Event(longest.header, longest.signature), "scoped": scoped}


def events(out):
    for name, made in chain().items():
        out.section(f"event {name}", header=made.header, id=made.id, signature=made.signature,
                    key=tree.key(made), wire=cbor.encode(made.value))


def statements(out):
    cut = [7, ID[0]]
    for name, body in {
        "peer.vouch whole": event.vouch(B.id), "peer.vouch cut": event.vouch(B.id, cut),
        "peer.vouch nothing": event.vouch(B.id, [0, None]),
        "peer.revoke cut": event.revoke(B.id, cut), "peer.revoke own": event.revoke(A.id),
        "peer.rotate": event.rotate(A.id, B),
    }.items():
        out.section(f"statement {name}", body=body)
    for name, body in {
        "peer.vouch null id": cbor.encode([B.id, [7, None]]),
        "peer.vouch id at 0": cbor.encode([B.id, [0, ID[0]]]),
        "peer.revoke more": cbor.encode([B.id, cut, 0]),
        "peer.rotate short": cbor.encode([B.id, bytes(63)]),
        "peer.vouch text": b"B",
    }.items():
        out.section(f"no statement {name}", body=body)


def signed_case(key, message, signature):
    verdict = "valid" if keys.verify(key, message, signature) else "invalid"
    return {"key": key, "message": message, "signature": signature, "verdict": verdict}


def mixed(message):
    """A signature that holds by the equation, of a key of mixed order."""
    key = keys.encode(keys.add(keys.multiply(99, keys.BASE), keys.torsion()[4]))
    scalar = 1
    while True:
        r = keys.encode(keys.multiply(scalar, keys.BASE))
        h = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % keys.ORDER
        if h % 2 == 0:
            return key, r + ((scalar + h * 99) % keys.ORDER).to_bytes(32, "little")
        scalar += 1


def signatures(out):
    message = b"a message"
    good = A.sign(message)
    s = int.from_bytes(good[32:], "little")
    neutral = keys.encode(keys.NEUTRAL)
    cases = {
        "good": (A.id, message, good),
        "other message": (A.id, b"another", good),
        "other key": (B.id, message, good),
        "S + L": (A.id, message, good[:32] + (s + keys.ORDER).to_bytes(32, "little")),
        "S of zeros": (A.id, message, good[:32] + bytes(32)),
        "small order": (neutral, message, neutral + bytes(32)),
        "mixed order": (mixed(message)[0], message, mixed(message)[1]),
        "no point": (bytes([2]) + bytes(31), message, good),
        "y above p": ((keys.P + 1).to_bytes(32, "little"), message, neutral + bytes(32)),
        "minus zero": ((1 | 1 << 255).to_bytes(32, "little"), message, neutral + bytes(32)),
    }
    for number, r in enumerate(sorted(keys.TORSION_ENCODINGS)):
        h = int.from_bytes(hashlib.sha512(r + A.id + message).digest(), "little") % keys.ORDER
        secret = int.from_bytes(hashlib.sha512(A.seed).digest()[:32], "little")
        secret = secret & (1 << 254) - 8 | 1 << 254
        cases[f"R of torsion {number}"] = (
            A.id, message, r + (h * secret % keys.ORDER).to_bytes(32, "little"))
    for name, case in cases.items():
        out.section(f"signature {name}", **signed_case(*case))


def encodings(out):
    """CBOR that every reader takes or none, as a part of a later version's header."""
    taken = {
        "2^53-1": "1b001fffffffffffff", "-1": "20", "-(2^53-1)": "3b001ffffffffffffe",
        "empty": "80", "8 deep": "81" * 7 + "80", "map": "a2616100617a8100",
        "short key first": "a2617a0062616100", "text": "63e282ac", "false": "f4", "null": "f6",
    }
    for name, data in taken.items():
        cbor.decode(bytes.fromhex(data))
        out.section(f"taken encoding {name}", bytes=bytes.fromhex(data))
    refused = {
        "long head": "1800", "long length": "5900020000", "long array": "980100",
        "indefinite array": "9f00ff", "indefinite bytes": "5f4100ff", "indefinite text": "7f6161ff",
        "tag": "c100", "half": "f93c00", "single": "fa3f800000", "double": "fb3ff0000000000000",
        "undefined": "f7", "simple 16": "f0", "simple 255": "f8ff", "break": "ff",
        "-2^53": "3b001fffffffffffff", "2^53": "1b0020000000000000", "2^64-1": "1bffffffffffffffff",
        "not UTF-8": "62c328", "surrogate": "63eda080", "overlong": "62c080",
        "short bytes": "4200", "short array": "8200", "reserved": "1c", "nothing": "",
        "9 deep": "81" * 8 + "8100", "left over": "0000", "map of integers": "a10000",
        "map descends": "a2616200616100", "key twice": "a2616100616101",
        "long key first": "a262616100617a00", "map 9 deep": "81" * 8 + "a0",
    }
    for name, data in refused.items():
        data = bytes.fromhex(data)
        try:
            cbor.decode(data)
            raise AssertionError(f"{name} is taken")
        except cbor.Malformed:
            out.section(f"refused encoding {name}", bytes=data)


CARD_A = [[1], "a", ["https://192.0.2.1:7443"]]
CARD_B = [[1, 2], "bé", []]
LOG = bytes(range(100, 116))


def requests(out):
    made = chain()
    first, bare = made["first"], made["bodiless"]
    for name, message in {
        "introduce": [0, A.id, ID[1], CARD_A, TIME],
        "confirm": [1, A.id, ID[2], bytes(range(64)), None, True, None, []],
        "confirm full": [1, A.id, ID[2], bytes(range(64)), ID[3], False, [bytes(range(8)), ID[4]],
                         [first.value, bare.value]],
        "push nothing": [2, []], "push": [2, [first.value, bare.value]],
        "pull": [3, None], "pull since": [3, [LOG, 7]],
        "stream": [4, None], "stream since": [4, [LOG, cbor.LARGEST]],
        "reconcile": [5, bytes(range(8)), None, b"\x80" + bytes(4)],
        "reconcile first": [5, bytes(range(8)), b"\xff" * 8, b"\x08" + bytes(17)],
        "fetch": [6, b"\xff" * 8, b""], "bodies": [7, ID[:3]], "status": [8],
        "ownRecord": [9], "leave": [10],
        "admissions": [11, bytes(8), [[o, c] for o, c in zip(
            sorted(ID[:3]), ([0, None], [5, ID[9]], None))]],
    }.items():
        out.section(f"request {name}", bytes=cbor.encode(message))


def responses(out):
    made = chain()
    for name, message in {
        "challenge": [0, B.id, ID[2], CARD_B, TIME, bytes(range(64)), ID[3]],
        "registration": [1, "pending", False, 0], "registration noticed": [1, "active", True, 7],
        "outcomes": [2, [0, 1, 2, "malformed", "too-early"]],
        "page": [3, [LOG, 9], True, [made["full"].value]],
        "message": [4, b"\x90", 1], "events": [5, [made["first"].value]],
        "status": [6, LOG, 9, 8, tree.EMPTY, 1],
        "refused": [7, "busy", "later", 1_500_000],
        "admissions": [8, [[o, None] for o in sorted(ID[:2])]],
    }.items():
        out.section(f"response {name}", bytes=cbor.encode(message))


def registration(out):
    spki = certificate.subject_key(tls_key())
    shown = certificate.tls_key(spki)
    told = peer.transcript(A.id, B.id, ID[1], ID[2], shown, CARD_A, CARD_B, TIME, TIME + 1)
    secret, invited = b"a join secret of 16+", bytes(range(16))
    out.section(
        "registration", introduce=cbor.encode([0, A.id, ID[1], CARD_A, TIME]),
        nonceB=ID[2], cardB=cbor.encode(CARD_B), tlsKey=shown, transcript=told,
        challengeSignature=B.sign(b"teambook-register-v1 challenge\0" + told),
        confirmApproved=A.sign(b"teambook-register-v1 confirm\0" + told + b"\1"),
        confirmPending=A.sign(b"teambook-register-v1 confirm\0" + told + b"\0"),
        joinSecret=secret, joinProofB=peer.mac(secret, b"teambook-join-v1 challenge\0", told),
        joinProofA=peer.mac(secret, b"teambook-join-v1 confirm\0", told),
        inviteSecret=invited, inviteProof=peer.mac(invited, b"teambook-invite-v1\0", told))


def membership(out):
    listed = [(o, c) for o, c in zip(sorted(ID[:3]), ((0, None), (5, ID[9]), None))]
    out.section("context nobody", list=cbor.encode([]), context=event.context([]))
    out.section("context three", list=cbor.encode(listed), context=event.context(listed))


def cursors(out):
    for position in (0, 7, cbor.LARGEST):
        out.section(f"cursor {position}", text=peer.cursor_text([LOG, position]),
                    bytes=cbor.encode([LOG, position]))


def request_signatures(out):
    body = cbor.encode([2, []])
    for name, method, target, sent, challenge in (
        ("GET", "GET", "/api/federation/status", b"", None),
        ("query", "GET", f"/api/federation/events?since={LOG.hex()}.7", b"", None),
        ("POST", "POST", "/api/federation/events", body, None),
        ("challenged", "POST", "/api/federation/events", body, "Zm9v"),
    ):
        params = signing.parameters(A.id, created=TIME // 1_000_000,
                                    nonce_text=signing.nonce(bytes(range(16))))
        fields = dict(signing.sign(A, method, target, B.id, sent, params=params,
                                   challenge=challenge))
        out.section(f"signed request {name}", method=method, target=target, body=sent,
                    challenge=challenge or "",
                    digest=fields["Content-Digest"].encode(),
                    input=fields["Signature-Input"].encode(),
                    signature=fields["Signature"].encode())


def tls_key():
    return ec.derive_private_key(int.from_bytes(ID[5], "big"), ec.SECP256R1()).public_key()


def binding(out):
    spki = certificate.subject_key(tls_key())
    out.section("binding", oid=certificate.BINDING.dotted_string, publicKey=spki,
                tlsKey=certificate.tls_key(spki), extension=certificate.binding(B, spki))


def trees(out):
    """Keys of one time, of many, and of high levels."""
    def key(physical, name):
        return physical.to_bytes(8, "big") + bytes(2) + name

    names = [hashlib.sha256(b"key" + n.to_bytes(4, "big")).digest() for n in range(150)]
    sets = {
        "empty": [], "one": [key(TIME, names[0])],
        "ten": [key(TIME + n, names[n]) for n in range(10)],
        "wide": [key(TIME, name) for name in names if name[0] > 15],
        "same time": [key(TIME, name) for name in names[:80]],
        "spread": [key(TIME + n * 1_000_003, name) for n, name in enumerate(names[:60])],
        "ground": [key(TIME + n, bytes(n % 8) + names[n][n % 8:]) for n in range(100)],
    }
    for name, keys_ in sets.items():
        out.section(f"tree {name}", keys=b"".join(keys_), root=tree.root(keys_))


def codes(out):
    for name, a, b in (("keys", A.id, B.id), ("edges", bytes(32), b"\xff" * 32)):
        out.section(f"safety {name}", a=a, b=b, number=invite.safety_number(a, b))
    endpoints = ["192.0.2.7:7443", "[2001:db8::1]:7443"]
    content = cbor.encode([endpoints, B.id, bytes(range(8)), bytes(range(16)), 1_800_000_000])
    out.section("invite", content=content, code=invite.code(
        endpoints, B.id, bytes(range(8)), bytes(range(16)), 1_800_000_000))


def links(out):
    spki = certificate.subject_key(tls_key())
    shown, nonce = certificate.tls_key(spki), ID[6]
    hello = link.opening(A, B.id, shown, nonce, instance=bytes(range(8)), time_=TIME // 1_000_000)
    assert link.read_opening(hello, B.id, shown, nonce) == A.id
    out.section("link opening", tlsKey=shown, nonce=nonce, hello=hello)


def frames(out):
    """Each kind of frame, its length before it; and what one direction of a link packs in a row."""
    event_ = cbor.encode(chain()["first"].value)
    places = link.Origins().pack([(A.id, 7, 2, 3)])
    told = {
        "hello neighbor": [[1], link.NEIGHBOR], "hello urgent": [[1, 24], link.URGENT],
        "hello visit": [[1], link.VISIT], "welcome": [1], "ping": [0], "pong": [cbor.LARGEST],
        "event": [3, event_], "event asked for": [0, event_], "announce": [places],
        "graft": [places], "want": [places], "prune": [places], "shuffle": [[A.id, B.id]],
        "shuffle nobody": [[]], "shuffled": [ID[:8]], "part": [False, b"a piece"], "part last": [True, b""],
    }
    for name, fields in told.items():
        out.section(f"frame {name}", bytes=link.frame(name.split(" ")[0], *fields))
    for number, cause in enumerate(link.CAUSES):
        out.section(f"frame bye {cause}", bytes=link.frame("bye", number))
    refused = {
        "tag 13": [13, 0], "a field more": [1, 1, 1], "a field less": [5, 0], "cause 13": [2, 13],
        "no version": [0, [], 0], "17 versions": [0, [1] * 17, 0], "purpose 3": [0, [1], 3],
        "hop 256": [5, 256, event_], "no event": [5, 0, b""], "nothing packed": [6, b""],
        "nine nodes": [10, ID[:9]], "a short node": [10, [bytes(31)]],
        "a number for a bool": [12, 1, b""],
    }
    for name, said in refused.items():
        out.section(f"refused frame {name}", bytes=link.framed(cbor.encode(said)))
    origins, rows = link.Origins(), [
        (A.id, 1, 1, 2), (A.id, 300, 2, 127), (B.id, 0, 0, 0), (A.id, 16_384, 1, 128),
        (B.id, cbor.LARGEST, 1, 255)]
    for number, row in enumerate(rows):
        out.section(f"packed {number}", bytes=origins.pack([row]), origin=row[0],
                    rest=cbor.encode(row[1:]))
    request = [8]
    out.section("message ask", bytes=cbor.encode([0, 300, request]), said=cbor.encode(request))
    response = [5, []]
    out.section("message answer", bytes=cbor.encode([1, 300, response]),
                said=cbor.encode(response))


def table(path, heading):
    """The rows of the first table after a heading, as lists of cells."""
    with open(path) as file:
        after = file.read().split(heading, 1)[1]
    rows, begun = [], False
    for line in after.split("\n"):
        if line.startswith("|"):
            begun = True
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif begun:
            break
    return rows[2:]


def refusals(out, docs):
    """Every code of the document's table, with the status that the other document gives it."""
    listed = [row[0].strip("`") for row in table(os.path.join(docs, "PROTOCOL.md"), "## Refusals")]
    statuses = {}
    rows = table(os.path.join(docs, "PROTOCOL-http.md"), "that of its refusal:")
    for status, codes_ in rows:
        for number, code in zip(cycle(re.findall(r"\d+", status)),
                                re.findall(r"`([a-z-]+)`", codes_)):
            statuses.setdefault(code, number)
    for code in listed:
        out.section(f"refusal {code}", status=statuses.get(code, "none"),
                    bytes=cbor.encode([7, code, "detail", None]))
