import Core

extension FuzzTarget {
    /// The reader of single items against a second one, written from the grammar alone.
    static let cbor = FuzzTarget(
        name: "cbor", longest: 512, mutations: 4000,
        seeds: {
            let items = [
                "00", "1818", "1903e8", "1a000f4240", "1b000000e8d4a51000", "1b001fffffffffffff",
                "20", "3863", "3b001ffffffffffffe", "40", "4401020304", "60", "6449455446",
                "64f0908591", "80", "8301820203820405", "a0", "a26161016162820203",
                "826161a161626163", "a561616141616261426163614361646144616561 45", "f4", "f5", "f6",
                "8181818181818100", "9fff", "fb3ff199999999999a", "c249010000000000000000",
                "81a16161a1616281a1616300",
            ]
            return items.compactMap { Hex.decode($0.filter { $0 != " " }) }
        },
        body: .plain { input in
            var reader = CBORReader(input)
            let item = attempt { () throws(CBORError) in try reader.item() }
            let model = CBORModel.end(of: input)
            try check(item.map(\.count) == model, "the reader and the grammar disagree")
            guard let item else { return }
            try check(Array(item) == Array(input.prefix(item.count)), "an item is not its bytes")
            try check(reader.position == item.count, "the position is not after the item")
            let isWhole = attempt { () throws(CBORError) in try reader.finish() } != nil
            try check(isWhole == (item.count == input.count), "what follows is not seen")
            // No item is the beginning of another one.
            var shorter = CBORReader(Array(item.dropLast()))
            try check(
                attempt { () throws(CBORError) in try shorter.item() } == nil,
                "an item without its end is one")
        })
}

/// RFC 8949 section 4.2.1 with the restrictions of docs/PROTOCOL, as short as it can be said.
enum CBORModel {
    /// Where the item ends that begins at `start`; nil where none does.
    static func end(of bytes: [UInt8], from start: Int = 0, depth: Int = 1) -> Int? {
        guard depth <= 8, let (major, value, next) = head(bytes, start) else { return nil }
        switch major {
        case 0: return value < 1 << 53 ? next : nil
        case 1: return value < 1 << 53 - 1 ? next : nil
        case 2, 3:
            guard value <= UInt64(bytes.count - next) else { return nil }
            let end = next + Int(value)
            let isText = String(validating: bytes[next..<end], as: UTF8.self) != nil
            return major == 2 || isText ? end : nil
        case 4:
            var place = next
            for _ in 0..<min(value, UInt64(bytes.count) + 1) {
                guard let end = end(of: bytes, from: place, depth: depth + 1) else { return nil }
                place = end
            }
            return place
        case 5: return map(bytes, value, next, depth)
        default: return major == 7 && (20...22).contains(value) && next == start + 1 ? next : nil
        }
    }

    private static func map(
        _ bytes: [UInt8], _ count: UInt64, _ start: Int, _ depth: Int
    ) -> Int? {
        var place = start
        var keys: [[UInt8]] = []
        for _ in 0..<min(count, UInt64(bytes.count) + 1) {
            guard place < bytes.count, bytes[place] >> 5 == 3,
                let afterKey = end(of: bytes, from: place, depth: depth + 1),
                let afterValue = end(of: bytes, from: afterKey, depth: depth + 1)
            else { return nil }
            keys.append(Array(bytes[place..<afterKey]))
            place = afterValue
        }
        let isSorted = zip(keys, keys.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) }
        return isSorted ? place : nil
    }

    /// Major type, value and the place after the head; nil where it is not the shortest one.
    private static func head(_ bytes: [UInt8], _ place: Int) -> (UInt8, UInt64, Int)? {
        guard place < bytes.count else { return nil }
        let (major, short) = (bytes[place] >> 5, bytes[place] & 31)
        guard short >= 24 else { return (major, UInt64(short), place + 1) }
        guard short <= 27 else { return nil }
        let width = [1, 2, 4, 8][Int(short) - 24]
        guard place + 1 + width <= bytes.count else { return nil }
        let value = bytes[place + 1..<place + 1 + width].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let least: [UInt64] = [24, 1 << 8, 1 << 16, 1 << 32]
        return value < least[Int(short) - 24] ? nil : (major, value, place + 1 + width)
    }
}
