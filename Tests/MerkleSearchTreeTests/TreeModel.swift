import Core

/// The tree's definition, word by word from docs/PROTOCOL, without any cleverness: what the real
/// one is held against.
enum TreeModel {
    static func root(_ keys: [EventKey]) -> Digest { summarize(keys.sorted()) }

    private static func level(_ key: EventKey) -> Int {
        min(10, key.id.hex.prefix { $0 == "0" }.count)
    }

    private static func text(_ key: EventKey) -> [Character] {
        var bytes: [UInt8] = []
        key.append(to: &bytes)
        return Array(Hex.encode(bytes))
    }

    private static func number(_ value: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: UInt64(value))
        return bytes
    }

    private static func summarize(_ keys: [EventKey]) -> Digest {
        let top = keys.map(level).max() ?? 0
        let own = keys.filter { level($0) == top }
        return own.count > 64 ? fan(keys) : page(keys, top, own)
    }

    private static func page(_ keys: [EventKey], _ top: Int, _ own: [EventKey]) -> Digest {
        var bytes = Array("teambook-mst-page-v1\0".utf8) + [UInt8(top), UInt8(own.count)]
        bytes += number(keys.count)
        for key in own { key.append(to: &bytes) }
        if own.count < keys.count {
            var rest = keys[...]
            for key in own {
                let gap = rest.prefix { $0 < key }
                bytes += summarize(Array(gap)).bytes
                rest = rest.dropFirst(gap.count + 1)
            }
            bytes += summarize(Array(rest)).bytes
        }
        return SHA256.hash(bytes)
    }

    private static func fan(_ keys: [EventKey]) -> Digest {
        let texts = keys.map(text)
        var shared = 0
        while texts.allSatisfy({ $0[shared] == texts[0][shared] }) { shared += 1 }
        var parts: [Digest] = []
        for digit in "0123456789abcdef" {
            let part = zip(keys, texts).filter { $0.1[shared] == digit }.map(\.0)
            if !part.isEmpty { parts.append(summarize(part)) }
        }
        let head = Array("teambook-mst-fan-v1\0".utf8) + [UInt8(shared), UInt8(parts.count)]
        return SHA256.hash(head + number(keys.count) + parts.flatMap(\.bytes))
    }
}
