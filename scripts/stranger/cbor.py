"""Deterministic CBOR, as docs/PROTOCOL.md "Encoding" restricts it."""

LARGEST = 2**53 - 1
DEEPEST = 8


class Malformed(ValueError):
    """Bytes that are not the one encoding of a value."""


class Raw:
    """Bytes that stand in an encoding as they are: for what no encoder would write."""

    def __init__(self, encoded):
        self.encoded = encoded


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    raise Malformed(f"{number} is too large")


def encode(value):
    if isinstance(value, Raw):
        return value.encoded
    if value is None:
        return b"\xf6"
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        if not 0 <= value <= LARGEST:
            raise Malformed(f"{value} is not 0 to 2^53-1")
        return head(0, value)
    if isinstance(value, (bytes, bytearray)):
        return head(2, len(value)) + bytes(value)
    if isinstance(value, str):
        text = value.encode()
        return head(3, len(text)) + text
    if isinstance(value, (list, tuple)):
        return head(4, len(value)) + b"".join(map(encode, value))
    raise TypeError(f"no encoding for {type(value)}")


def decode(data):
    """The one value that `data` is; raises Malformed for anything else."""
    value, end = _decode(bytes(data), 0, 1)
    if end != len(data):
        raise Malformed(f"{len(data) - end} bytes are left over")
    return value


def _decode(data, at, depth):
    major, number, at = _head(data, at)
    if major == 0:
        if number > LARGEST:
            raise Malformed("an integer above 2^53-1")
        return number, at
    if major == 1:
        # No message holds one; a later version's header may.
        if number >= LARGEST:
            raise Malformed("an integer below -(2^53-1)")
        return -1 - number, at
    if major in (2, 3):
        if number > len(data) - at:
            raise Malformed("the bytes end too early")
        piece, at = data[at:at + number], at + number
        if major == 2:
            return piece, at
        try:
            return piece.decode("utf-8"), at
        except UnicodeDecodeError as error:
            raise Malformed("text that is not UTF-8") from error
    if major == 4:
        if depth > DEEPEST:
            raise Malformed("too deep")
        if number > len(data) - at:
            raise Malformed("the bytes end too early")
        values = []
        for _ in range(number):
            value, at = _decode(data, at, depth + 1)
            values.append(value)
        return values, at
    if major == 5:
        return _map(data, at, number, depth)
    simple = {20: False, 21: True, 22: None}
    if major == 7 and number in simple:
        return simple[number], at
    raise Malformed(f"major type {major} with {number}: not in this protocol")


def _map(data, at, count, depth):
    if depth > DEEPEST:
        raise Malformed("too deep")
    values, last = {}, b""
    for _ in range(count):
        start = at
        key, at = _decode(data, at, depth + 1)
        if not isinstance(key, str) or data[start:at] <= last:
            raise Malformed("keys that are no text or do not ascend")
        last = data[start:at]
        values[key], at = _decode(data, at, depth + 1)
    return values, at


def _head(data, at):
    if at >= len(data):
        raise Malformed("the bytes end too early")
    major, code = data[at] >> 5, data[at] & 31
    at += 1
    if code < 24:
        return major, code, at
    if code > 27 or major == 7:
        raise Malformed("an indefinite length, a float or a reserved head")
    size = 1 << code - 24
    if size > len(data) - at:
        raise Malformed("the bytes end too early")
    number = int.from_bytes(data[at:at + size], "big")
    if head(major, number) != data[at - 1:at + size]:
        raise Malformed("a head that is not the shortest")
    return major, number, at + size
