"""The tree of a set, and the messages that begin and end a session (docs/PROTOCOL-tree.md)."""

import hashlib

DEEPEST = 10
WIDEST = 64


def key(event):
    physical, counter = event.fields[5]
    return physical.to_bytes(8, "big") + counter.to_bytes(2, "big") + event.id


def digits(data):
    return data.hex()


def level(key):
    name = digits(key[10:])
    return min(len(name) - len(name.lstrip("0")), DEEPEST)


def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


EMPTY = sha256(b"teambook-mst-page-v1\0", bytes([0, 0]), bytes(8))


def root(keys):
    keys = sorted(keys)
    if not keys:
        return EMPTY
    highest = max(map(level, keys))
    top = [k for k in keys if level(k) == highest]
    count = len(keys).to_bytes(8, "big")
    if len(top) <= WIDEST:
        gaps, at = [], 0
        for bound in [*top, None]:
            end = len(keys) if bound is None else keys.index(bound, at)
            gaps.append(keys[at:end])
            at = end + 1
        roots = [root(gap) for gap in gaps] if any(gaps) else []
        return sha256(b"teambook-mst-page-v1\0", bytes([highest, len(top)]), count, *top, *roots)
    shared = 0
    while digits(keys[0])[shared] == digits(keys[-1])[shared]:
        shared += 1
    parts = {}
    for k in keys:
        parts.setdefault(digits(k)[shared], []).append(k)
    roots = [root(parts[digit]) for digit in sorted(parts)]
    return sha256(b"teambook-mst-fan-v1\0", bytes([shared, len(parts)]), count, *roots)


def varint(number):
    data = bytearray()
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    return bytes(data + bytes([number]))


def salted(purpose, salt, data):
    return sha256(b"teambook-reconcile-v1\0", bytes([purpose]), salt, data)[:8]


KINDS = {"hello": 1, "known": 2, "equal": 3, "list": 4, "sketch": 5, "descend": 6, "unknown": 7,
         "size": 8, "enumerate": 9, "extend": 10, "body": 11, "piece": 12, "part": 13,
         "descent": 14, "want": 15, "close": 16, "closed": 17, "differs": 18}


def first(kind, flags=0):
    """The first byte of a message."""
    return bytes([KINDS[kind] << 3 | flags])


def is_kind(message, kind):
    return message[0] >> 3 == KINDS[kind]


def hello(salt, root, count, cutoff=None, no_sketch=False):
    tail = b"" if cutoff is None else varint(cutoff[0]) + varint(cutoff[1])
    flags = (0 if cutoff is None else 1) | (4 if no_sketch else 0)
    return (first("hello", flags) + salt + salted(0, salt, root)
            + varint(count) + tail)


def close(salt, root):
    return first("close") + salted(2, salt, root)[:4]


def gamma(number):
    bits = f"{number + 1:b}"
    return "0" * (len(bits) - 1) + bits


def rice(number, k):
    low = f"{number & (1 << k) - 1:0{k}b}" if k else ""
    return "1" * (number >> k) + "0" + low


def least_bits(count):
    """The least bits that can count so many things."""
    return max(count - 1, 0).bit_length()


def ascending(numbers, bound):
    if not numbers:
        return gamma(0)
    k = max(0, least_bits(bound // len(numbers)) - 1)
    text, last = gamma(len(numbers)), -1
    for number in numbers:
        text += rice(number - last - 1, k)
        last = number
    return text


def pack(bits):
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""


def want(places=(), length=0, gifts=True, base=0):
    bits = "0" + gamma(base) + gamma(length) + ascending(places, length) if places else ""
    return first("want", (1 if places else 0) | (4 if gifts else 0)) + pack(bits)
