import Core

/// Bounds of what travels between nodes, each with its reason.
public enum MessageLimits {
    /// Any request or response: a full batch and its heads.
    public static let messageBytes = Limits.batchBytes + 65_536
    /// One message of a reconcile session; larger differences take more messages.
    public static let reconcileBytes = 1 << 20
    /// Addresses that a node may claim for itself: several networks, both families.
    public static let endpoints = 8
    /// "https://" + the longest host name + port.
    public static let endpointBytes = 300
    /// Rotations of a key that a peer may have slept through.
    public static let predecessors = 8
    /// What a refusal may say.
    public static let detailCharacters = 300
    /// Ids in one request for bodies.
    public static let bodyRequests = 256
    /// Events in a page: half a batch, so that a page is verified while the next one travels.
    public static let pageEvents = 500
    /// Bytes of events in a page.
    public static let pageBytes = 1 << 20
}

extension CBORWriter {
    mutating func cursor(_ cursor: Cursor) {
        array(2)
        data(cursor.log.bytes)
        unsigned(cursor.position)
    }

    mutating func admissions(_ list: [AdmittedOrigin]) {
        array(list.count)
        for line in list { line.write(to: &self) }
    }

    /// Eight bytes: a session's number is random, and larger than the integers of the format.
    mutating func session(_ session: UInt64) {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: session)
        data(bytes)
    }
}

extension CBORReader {
    mutating func cursor() throws(CBORError) -> Cursor {
        try array(exactly: 2)
        guard let log = LogID(bytes: try data(16...16)) else { throw .outOfRange }
        return Cursor(log: log, position: try unsigned())
    }

    mutating func session() throws(CBORError) -> UInt64 {
        try data(8...8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Whom somebody admits, strictly ascending by origin.
    mutating func admissions() throws(CBORError) -> [AdmittedOrigin] {
        var list: [AdmittedOrigin] = []
        for _ in 0..<(try array(0...MembershipLimits.origins)) {
            let line = try AdmittedOrigin(from: &self)
            if let last = list.last, last.origin >= line.origin { throw .outOfRange }
            list.append(line)
        }
        return list
    }

    mutating func message() throws(CBORError) -> [UInt8] {
        try data(0...MessageLimits.reconcileBytes)
    }

    mutating func ids() throws(CBORError) -> [EventID] {
        var ids: [EventID] = []
        for _ in 0..<(try array(0...MessageLimits.bodyRequests)) { ids.append(try identifier()) }
        return ids
    }
}
