"""A log of events that a stranger holds: it asks and answers sessions, in the simplest way that
docs/PROTOCOL-tree.md allows; and a stranger that listens for links."""

import os
import socket
import ssl
import tempfile

from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat)

from . import certificate, link, tree
from .event import Event
from .sketch import siphash


def short_id(salt, key, bits):
    digest = tree.sha256(b"teambook-reconcile-v1\0", bytes([5]), salt)
    k0, k1 = (int.from_bytes(digest[at:at + 8], "big") for at in (0, 8))
    words = [int.from_bytes(key[:8], "big"), int.from_bytes(key[8:10], "big")]
    words += [int.from_bytes(key[at:at + 8], "big") for at in range(10, 42, 8)]
    return siphash(k0, k1, words) >> 64 - bits


def bits_of(count):
    return tree.least_bits(count)


class Bits:
    """Reads bits, the most significant first."""

    def __init__(self, data):
        self.text, self.at = "".join(f"{byte:08b}" for byte in data), 0

    def take(self, count):
        piece, self.at = self.text[self.at:self.at + count], self.at + count
        return int(piece or "0", 2)

    def unary(self, digit):
        count = 0
        while self.text[self.at] == digit:
            count, self.at = count + 1, self.at + 1
        return count

    def gamma(self):
        zeros = self.unary("0")
        return self.take(zeros + 1) - 1

    def rice(self, k):
        ones = self.unary("1")
        self.at += 1
        return ones << k | self.take(k)

    def ascending(self, bound):
        count = self.gamma()
        if not count:
            return []
        k, last, numbers = max(0, tree.least_bits(bound // count) - 1), -1, []
        for _ in range(count):
            last += self.rice(k) + 1
            numbers.append(last)
        return numbers


class Holding:
    """A set of events by key."""

    def __init__(self, events):
        self.events = {tree.key(e): e for e in events}
        self.asked, self.sessions = 0, {}

    def root(self, cutoff=None):
        return tree.root(self.below(cutoff))

    def below(self, cutoff=None):
        if cutoff is None:
            return sorted(self.events)
        most = cutoff[0].to_bytes(8, "big") + cutoff[1].to_bytes(2, "big") + b"\xff" * 32
        return sorted(key for key in self.events if key <= most)

    def add(self, values):
        for value in values:
            read = Event.read(value)
            self.events[tree.key(read)] = read

    # As the initiator

    def reconcile(self, asked):
        """One session: of what kind the answer to the hello was, and that to the close."""
        number, salt, cutoff = os.urandom(8), os.urandom(8), None
        while True:
            keys = self.below(cutoff)
            message = tree.hello(salt, tree.root(keys), len(keys), cutoff, no_sketch=True)
            answer = asked.reconcile(number, message)[0]
            if not tree.is_kind(answer, "unknown") or not answer[0] & 1:
                break
            physical, at = link.read_varint(answer, 1)
            cutoff = physical, link.read_varint(answer, at)[0]
        kind = next(name for name in tree.KINDS if tree.is_kind(answer, name))
        if kind == "equal":
            return kind, kind
        if kind == "list":
            self.exchange(asked, number, salt, answer, keys)
        said = asked.reconcile(number, tree.close(salt, tree.root(self.below(cutoff))))[0]
        return kind, next(name for name in tree.KINDS if tree.is_kind(said, name))

    def exchange(self, asked, number, salt, answer, keys):
        """What the list of the other side names and is not here is asked for, all else pushed."""
        cut, at = link.read_varint(answer, 1)
        count, at = link.read_varint(answer, at)
        # Only a hello without spine was sent: all or nothing is shared.
        ours = keys if cut else []
        margin = bits_of(len(ours)) + 10
        bits, last, listed = Bits(answer[at:]), 0, []
        for _ in range(count if cut else 0):
            last += bits.rice(margin)
            listed.append(last)
        names = {short_id(salt, key, bits_of(count) + margin): key for key in ours}
        places = [place for place, name in enumerate(listed) if name not in names]
        lacked = [self.events[key] for name, key in names.items() if name not in listed]
        if places or not cut:
            request = tree.want(places, len(listed), gifts=not cut)
            while values := asked.fetch(number, request):
                self.add(values)
                request = b""
        if lacked:
            asked.push(lacked)

    # As the responder

    def answer(self, request):
        self.asked += 1
        tag, *fields = request
        if tag == 2:
            self.add(fields[0])
            return [2, [0] * len(fields[0])]
        if tag == 5:
            return [4, self.hear(fields[0], fields[2]), 0]
        if tag == 6:
            return [5, self.give(fields[0], fields[1])]
        return [7, "busy", "not answered", None]

    def hear(self, number, message):
        kind = message[0] >> 3
        if kind == tree.KINDS["hello"]:
            return self.listed(number, message)
        if kind == tree.KINDS["close"]:
            salt, cutoff = self.sessions[number][:2]
            root = self.root(cutoff)
            if tree.salted(2, salt, root)[:4] == message[1:5]:
                return tree.first("closed") + tree.salted(3, salt, root)
            return tree.first("differs")
        return tree.first("unknown")

    def listed(self, number, message):
        flags, salt, root = message[0] & 7, message[1:9], message[9:17]
        count, at = link.read_varint(message, 17)
        cutoff = None
        if flags & 1:
            physical, at = link.read_varint(message, at)
            counter, at = link.read_varint(message, at)
            cutoff = physical, counter
        keys = self.below(cutoff)
        spine = (len(message) - at) // 3 if flags & 2 else 0
        if tree.salted(0, salt, tree.root(keys)) == root:
            self.sessions[number] = salt, cutoff, []
            return tree.first("equal") + tree.salted(1, salt, tree.root(keys))[:4]
        if tree.salted(0, salt, tree.root(keys[:count])) == root:
            # All that the initiator has is here: what is above it is a gift.
            self.sessions[number] = salt, cutoff, keys[count:]
            return tree.first("list") + b"\0" + tree.varint(len(keys) - count)
        width = bits_of(count) + 10
        names = sorted((short_id(salt, key, bits_of(len(keys)) + width), key) for key in keys)
        self.sessions[number] = salt, cutoff, [key for _, key in names]
        text, last = "", 0
        for name, _ in names:
            text, last = text + tree.rice(name - last, width), name
        return (tree.first("list") + tree.varint(spine + 1) + tree.varint(len(names))
                + tree.pack(text))

    def give(self, number, message):
        if not message:
            return []
        flags, bits, keys = message[0] & 7, Bits(message[1:]), self.sessions[number][2]
        if flags == 4:
            return [self.events[key].value for key in keys]
        is_complement, base, length = bits.take(1), bits.gamma(), bits.gamma()
        places = bits.ascending(length)
        if is_complement:
            places = sorted(set(range(length)) - set(places))
        return [self.events[keys[base + place]].value for place in places]


class Listener:
    """A stranger's own door for links; whoever speaks HTTP is hung up on."""

    def __init__(self, identity, wanted, host="127.0.0.1"):
        self.identity, self.wanted = identity, wanted
        made, key = certificate.make(identity)
        self.tls_key = certificate.tls_key(certificate.subject_key(made))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.set_alpn_protocols([link.ALPN])
        with tempfile.NamedTemporaryFile() as file:
            file.write(made.public_bytes(Encoding.PEM) + key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            self.context.load_cert_chain(file.name)
        self.listener = socket.create_server((host, 0))
        self.url = f"https://{host}:{self.listener.getsockname()[1]}"

    def accept(self, seconds):
        """The first link whose opening holds."""
        self.listener.settimeout(seconds)
        while True:
            raw, _ = self.listener.accept()
            raw.settimeout(10)
            try:
                stream = self.context.wrap_socket(raw, server_side=True,
                                                  suppress_ragged_eofs=False)
            except OSError:
                raw.close()
                continue
            if stream.selected_alpn_protocol() == link.ALPN and self.open(stream):
                return link.Link(stream)
            stream.close()

    def open(self, stream):
        nonce = os.urandom(32)
        stream.sendall(nonce)
        try:
            said = link.exactly(stream, 112)
        except link.Ended:
            return False
        caller = link.read_opening(said, self.identity.id, self.tls_key, nonce)
        if caller != self.wanted:
            stream.sendall(bytes([link.ANSWERS.index("unknown-peer")]))
            return False
        stream.sendall(b"\0")
        return True

    def close(self):
        self.listener.close()
