import Core

/// A run of the log's rows in a form that is read fifty times faster than SQLite's.
///
/// All numbers are big-endian:
///
///     "FEDRKEYS", log id (16), seal (16), rows (8), chains (8), last position (8), bytes that
///         follow (8), checksum of those bytes (8)
///     chains times: origin (32), length of the scope (1), scope
///     rows times: position (8), chain (4), sequence (8), physical (8), counter (2), id (32)
///
/// The seal is drawn anew for each chunk; the log's own row of `snapshot` names the last one that
/// counts.
struct SnapshotChunk {
    struct Row: Equatable {
        var position: UInt64
        var place: ChainPlace
    }

    static let headerBytes = 80
    static let rowBytes = 62
    static let sealBytes = 16
    private static let magic = Array("FEDRKEYS".utf8)

    /// What a chunk begins with.
    struct Header: Equatable {
        var log: LogID
        var seal: [UInt8]
        var rows: Int
        var chains: Int
        var lastPosition: UInt64
        var bytes: Int
        var checksum: UInt64
    }

    let log: LogID
    let seal: [UInt8]
    private var chains: [ChainPlace.Chain: UInt32] = [:]
    private var names: [UInt8] = []
    private var body: [UInt8] = []
    private(set) var rows = 0
    private(set) var lastPosition: UInt64 = 0

    init(log: LogID, seal: [UInt8]) {
        self.log = log
        self.seal = seal
        body.reserveCapacity(StorageLimits.snapshotChunkRows * Self.rowBytes)
    }

    mutating func append(_ row: Row) {
        let place = row.place
        body.append(bigEndian: row.position)
        body.append(bigEndian: number(of: place.chain))
        body.append(bigEndian: place.sequence)
        place.key.append(to: &body)
        rows += 1
        lastPosition = row.position
    }

    private mutating func number(of chain: ChainPlace.Chain) -> UInt32 {
        if let number = chains[chain] { return number }
        let number = UInt32(chains.count)
        chains[chain] = number
        chain.origin.append(to: &names)
        names.append(UInt8(chain.scope.count))
        names += chain.scope
        return number
    }

    func encoded() -> [UInt8] {
        let content = names + body
        var bytes = Self.magic + log.bytes + seal
        bytes.reserveCapacity(Self.headerBytes + content.count)
        bytes.append(bigEndian: UInt64(rows))
        bytes.append(bigEndian: UInt64(chains.count))
        bytes.append(bigEndian: lastPosition)
        bytes.append(bigEndian: UInt64(content.count))
        bytes.append(bigEndian: Checksum.of(content))
        return bytes + content
    }
}

/// Reading.
extension SnapshotChunk {
    /// Takes a header apart; nil where it is none, or claims more than a chunk can hold.
    static func header(_ bytes: [UInt8]) -> Header? {
        guard bytes.count == headerBytes, bytes.starts(with: magic),
            let log = LogID(bytes: Array(bytes[8..<24]))
        else { return nil }
        let header = Header(
            log: log, seal: Array(bytes[24..<40]), rows: Int(clamping: bytes.word(40)),
            chains: Int(clamping: bytes.word(48)), lastPosition: bytes.word(56),
            bytes: Int(clamping: bytes.word(64)), checksum: bytes.word(72))
        guard (1...StorageLimits.snapshotChunkRows).contains(header.rows),
            (1...header.rows).contains(header.chains),
            header.bytes <= header.rows * (rowBytes + 33 + Limits.scopeBytes)
        else { return nil }
        return header
    }

    /// Hands each row to `take`; throws where the bytes are not what the header says.
    static func read(
        _ bytes: [UInt8], _ header: Header, after position: UInt64,
        _ take: (UInt64, ChainPlace) -> Void
    ) throws(SnapshotFault) {
        guard Checksum.of(bytes) == header.checksum else { throw SnapshotFault("a bad checksum") }
        let start = bytes.count - header.rows * rowBytes
        let chains = try chains(bytes, header.chains, end: start)
        var last = position
        for row in 0..<header.rows {
            let at = start + row * rowBytes
            let number = Int(bytes.word(at + 4) & 0xffff_ffff)
            guard bytes.word(at) > last, number < chains.count else {
                throw SnapshotFault("a row out of order")
            }
            last = bytes.word(at)
            let counter = UInt16(bytes[at + 28]) << 8 | UInt16(bytes[at + 29])
            let id = EventID(
                words: bytes.word(at + 30), bytes.word(at + 38), bytes.word(at + 46),
                bytes.word(at + 54))
            let key = EventKey(physical: bytes.word(at + 20), counter: counter, id: id)
            take(
                last,
                ChainPlace(
                    origin: chains[number].origin, scope: chains[number].scope,
                    sequence: bytes.word(at + 12), key: key))
        }
        guard last == header.lastPosition else { throw SnapshotFault("another last position") }
    }

    private static func chains(
        _ bytes: [UInt8], _ count: Int, end: Int
    ) throws(SnapshotFault) -> [ChainPlace.Chain] {
        var chains: [ChainPlace.Chain] = []
        var at = 0
        for _ in 0..<count {
            guard at + 33 <= end, at + 33 + Int(bytes[at + 32]) <= end,
                let origin = NodeID(bytes: bytes[at..<at + 32])
            else { throw SnapshotFault("a chain's name is cut short") }
            let scope = Array(bytes[at + 33..<at + 33 + Int(bytes[at + 32])])
            chains.append(ChainPlace.Chain(origin: origin, scope: scope))
            at += 33 + scope.count
        }
        guard at == end else { throw SnapshotFault("another length") }
        return chains
    }
}

/// Why a snapshot is not used: it is a cache, so the rows are read instead.
struct SnapshotFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension ChainPlace {
    /// Which chain a place is in.
    struct Chain: Hashable {
        var origin: NodeID
        var scope: [UInt8]
    }

    var chain: Chain { Chain(origin: origin, scope: scope) }
}

/// A checksum against torn writes and flipped bits, not against people: whoever can write to the
/// folder can change the log itself. A byte costs a tenth of a nanosecond.
enum Checksum {
    private static let factor: UInt64 = 0x9e37_79b9_7f4a_7c15

    static func of(_ bytes: [UInt8]) -> UInt64 {
        var sums: (UInt64, UInt64) = (factor, UInt64(bytes.count))
        var at = 0
        while at + 16 <= bytes.count {
            sums.0 = mix(sums.0, bytes.word(at))
            sums.1 = mix(sums.1, bytes.word(at + 8))
            at += 16
        }
        while at < bytes.count {
            sums.0 = mix(sums.0, UInt64(bytes[at]))
            at += 1
        }
        return mix(sums.0, sums.1)
    }

    private static func mix(_ sum: UInt64, _ word: UInt64) -> UInt64 {
        let next = (sum ^ word) &* factor
        return next ^ next >> 32
    }
}

extension [UInt8] {
    /// The big-endian word at a place.
    fileprivate func word(_ at: Int) -> UInt64 {
        // The span checks the bounds; any eight bytes are a number.
        let word = unsafe span.bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self)
        return UInt64(bigEndian: word)
    }

    fileprivate mutating func append(bigEndian number: UInt32) {
        append(UInt8(truncatingIfNeeded: number >> 24))
        append(UInt8(truncatingIfNeeded: number >> 16))
        append(UInt8(truncatingIfNeeded: number >> 8))
        append(UInt8(truncatingIfNeeded: number))
    }
}
