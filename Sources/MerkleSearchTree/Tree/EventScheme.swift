import Core

/// The tree of events: base 16, levels from ids, pages of at most 64 keys.
///
/// What is hashed stands in docs/PROTOCOL-tree, and roots of logs depend on every byte:
///
///     page = "teambook-mst-page-v1\0" level:1 width:1 count:8 key:42 × width [digest:32 × gaps]
///            gaps = width + 1
///     fan  = "teambook-mst-fan-v1\0" prefix:1 parts:1 count:8 digest:32 × parts
///
/// The digests of a page are there where any of its gaps holds keys; an empty gap has the empty
/// root, which is the digest of the page of level 0, width 0 and count 0.
enum EventScheme: TreeScheme {
    private static let pageTag = Array("teambook-mst-page-v1\0".utf8)
    private static let fanTag = Array("teambook-mst-fan-v1\0".utf8)

    static var highestLevel: Int { MerkleSearchTree.highestLevel }
    static var widestPage: Int { MerkleSearchTree.widestPage }
    static let emptyDigest: Digest = SHA256.hash(pageTag + [UInt8](repeating: 0, count: 10))

    static func level(of key: EventKey) -> Int { MerkleSearchTree.level(of: key) }
    static func successor(of key: EventKey) -> EventKey { key.successor }
    static func digit(of key: EventKey, at place: Int) -> UInt8 { key.digit(at: place) }
    static func sharedDigits(_ a: EventKey, _ b: EventKey) -> Int { a.sharedDigits(with: b) }
    static func replacing(_ key: EventKey, digitAt place: Int, by digit: UInt8) -> EventKey {
        key.replacing(digitAt: place, by: digit)
    }

    static func digest(ofPage page: TreeNode<Self>, _ piece: PagePiece) -> Digest {
        let (places, children) = (piece.keys, page.children)
        let gaps = children.isEmpty || piece.count == places.count ? 0 : places.count + 1
        let size = pageTag.count + 10 + places.count * EventKey.byteCount + gaps * 32
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            var out = unsafe Preimage(UnsafeMutableRawBufferPointer(buffer))
            out.append(pageTag)
            out.append(UInt8(page.level), UInt8(places.count), UInt64(piece.count))
            for place in places { out.append(page.keys[place]) }
            // By index: iterating copies each child, which touches memory of all of them.
            for gap in 0..<gaps {
                let place = places.lowerBound + gap
                if gap == 0, let low = piece.low {
                    out.append(low)
                } else if gap == gaps - 1, let high = piece.high {
                    out.append(high)
                } else {
                    out.append(children[place].digest)
                }
            }
            initialized = size
        }
        return SHA256.hash(bytes)
    }

    static func digest(ofFan fan: TreeNode<Self>) -> Digest {
        let children = fan.children
        let size = fanTag.count + 10 + children.count * 32
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            var out = unsafe Preimage(UnsafeMutableRawBufferPointer(buffer))
            out.append(fanTag)
            out.append(UInt8(fan.prefix), UInt8(children.count), UInt64(fan.count))
            for place in children.indices { out.append(children[place].digest) }
            initialized = size
        }
        return SHA256.hash(bytes)
    }
}

/// Writes words most significant byte first: appending byte by byte costs more than hashing.
@safe private struct Preimage: ~Copyable {
    private let buffer: UnsafeMutableRawBufferPointer
    private var place = 0

    init(_ buffer: UnsafeMutableRawBufferPointer) { unsafe self.buffer = unsafe buffer }

    mutating func append(_ bytes: [UInt8]) {
        for byte in bytes {
            unsafe buffer[place] = byte
            place += 1
        }
    }

    mutating func append(_ first: UInt8, _ second: UInt8, _ word: UInt64) {
        unsafe buffer[place] = first
        unsafe buffer[place + 1] = second
        store(word, at: place + 2)
        place += 10
    }

    mutating func append(_ key: EventKey) {
        store(key.physical, at: place)
        store(key.counter, at: place + 8)
        append(key.id, at: place + 10)
        place += EventKey.byteCount
    }

    mutating func append(_ digest: Digest) {
        append(digest, at: place)
        place += 32
    }

    private func append<Tag>(_ identifier: Identifier<Tag>, at start: Int) {
        store(identifier.w0, at: start)
        store(identifier.w1, at: start + 8)
        store(identifier.w2, at: start + 16)
        store(identifier.w3, at: start + 24)
    }

    private func store(_ word: some FixedWidthInteger & BitwiseCopyable, at start: Int) {
        unsafe buffer.storeBytes(of: word.bigEndian, toByteOffset: start, as: type(of: word))
    }
}
