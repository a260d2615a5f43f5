/// What brings a node back: its key, its settings and whom it knows, those included whom it has
/// turned away. Its events it has again from its peers.
///
/// `SealedBackup` encrypts it. docs/PROTOCOL-backup.md has the grammar.
public struct Backup: Equatable, Sendable {
    /// Peers that fit in; the caller chooses which, and says what it left out.
    public static let maximumPeers = BackupLimits.peers
    /// Former keys that fit in; the last ones count.
    public static let maximumPredecessors = BackupLimits.predecessors

    public var key: SecretKey
    /// How the node calls itself, at most 64 bytes.
    public var label: String
    /// The text of config.toml, at most 64 KiB; it may hold the join secret.
    public var configuration: String
    /// Without cursors and dates: they tell of this life of the log, and a restored node begins
    /// anew.
    public var peers: [PeerRecord]
    /// The highest place of the node's own chain when the backup was made, 0 for none. A restored
    /// node that holds less must not sign.
    public var lastSequence: UInt64
    /// The events by which the node's former keys named the next one, oldest first; with them it
    /// shows peers that know only a former key who it is.
    public var predecessors: [Event]

    public init(
        key: SecretKey, label: String, configuration: String, peers: [PeerRecord],
        lastSequence: UInt64, predecessors: [Event] = []
    ) {
        self.key = key
        self.label = label
        self.configuration = configuration
        self.peers = peers.sorted { $0.node < $1.node }
        self.lastSequence = lastSequence
        self.predecessors = predecessors
        for index in self.peers.indices {
            self.peers[index].cursor = nil
            self.peers[index].since = 0
        }
    }

    /// The content in clear. It holds the seed: the caller wipes it.
    func encoded() -> [UInt8] {
        // Room for all of it: growing would leave copies of the seed behind.
        let room =
            256 + configuration.utf8.count + peers.reduce(0) { $0 + Self.room(for: $1) }
            + predecessors.reduce(0) { $0 + $1.wireSize }
        var writer = CBORWriter(capacity: room)
        writer.array(6)
        var seed = key.seed()
        writer.data(seed)
        SecretKey.wipe(&seed)
        writer.text(label)
        writer.text(configuration)
        writer.unsigned(lastSequence)
        writer.array(predecessors.count)
        for event in predecessors { event.write(to: &writer) }
        writer.array(peers.count)
        for peer in peers { Self.write(peer, to: &writer) }
        return writer.bytes
    }

    /// Reads `encoded`; throws for anything else.
    init(decoding bytes: [UInt8]) throws(BackupError) {
        do throws(CBORError) {
            var reader = CBORReader(bytes)
            try reader.array(exactly: 6)
            var seed = try reader.data(SecretKey.seedBytes...SecretKey.seedBytes)
            let key = SecretKey(seed: seed)
            SecretKey.wipe(&seed)
            guard let key else { throw CBORError.outOfRange }
            self.key = key
            label = try reader.text(0...BackupLimits.labelBytes)
            configuration = try reader.text(0...BackupLimits.configurationBytes)
            lastSequence = try reader.unsigned()
            predecessors = []
            for _ in 0..<(try reader.array(0...BackupLimits.predecessors)) {
                predecessors.append(try Event(from: &reader))
            }
            peers = []
            for _ in 0..<(try reader.array(0...BackupLimits.peers)) {
                let peer = try Self.readPeer(&reader)
                // Ascending and without doubles: one encoding for one set of peers.
                guard peer.node != key.node, peers.last.map({ $0.node < peer.node }) ?? true else {
                    throw CBORError.outOfRange
                }
                peers.append(peer)
            }
            try reader.finish()
        } catch {
            throw .malformed("content: \(error.rawValue)")
        }
    }

    /// In the order of their numbers.
    private static let states: [PeerRecord.State] = [
        .pending, .active, .rejected, .removed, .revoked,
    ]
    private static let approvals: [PeerRecord.Approval] = [
        .byOperator, .invite, .lan, .vouched, .oneSided, .rotation,
    ]

    private static func room(for peer: PeerRecord) -> Int {
        128 + peer.label.utf8.count
            + (peer.given + peer.endpoints).reduce(0) { $0 + 3 + $1.utf8.count }
    }

    private static func write(_ peer: PeerRecord, to writer: inout CBORWriter) {
        writer.array(8)
        writer.data(peer.node)
        writer.unsigned(states.firstIndex(of: peer.state) ?? 0)
        writer.optional(peer.approval.flatMap { approvals.firstIndex(of: $0) }) {
            $0.unsigned($1)
        }
        writer.boolean(peer.isApprovedThere)
        writer.text(peer.label)
        for endpoints in [peer.given, peer.endpoints] {
            writer.array(endpoints.count)
            for endpoint in endpoints { writer.text(endpoint) }
        }
        writer.optional(peer.cut) { $0.cut($1) }
    }

    private static func readPeer(_ reader: inout CBORReader) throws(CBORError) -> PeerRecord {
        try reader.array(exactly: 8)
        var peer = PeerRecord(node: try reader.identifier())
        peer.state = states[Int(try reader.unsigned(in: 0...UInt64(states.count - 1)))]
        peer.approval = try reader.optional { r throws(CBORError) in
            approvals[Int(try r.unsigned(in: 0...UInt64(approvals.count - 1)))]
        }
        peer.isApprovedThere = try reader.boolean()
        peer.label = try reader.text(0...BackupLimits.labelBytes)
        peer.given = try readEndpoints(&reader)
        peer.endpoints = try readEndpoints(&reader)
        peer.cut = try reader.optional { r throws(CBORError) in try r.cut() }
        return peer
    }

    private static func readEndpoints(
        _ reader: inout CBORReader
    ) throws(CBORError) -> [String] {
        var endpoints: [String] = []
        for _ in 0..<(try reader.array(0...BackupLimits.endpoints)) {
            endpoints.append(try reader.text(1...BackupLimits.endpointBytes))
        }
        return endpoints
    }
}
