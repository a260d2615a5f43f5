/// What brings a node back: its key, its settings and whom it knows. Its events it has again from
/// its peers.
///
/// `SealedBackup` encrypts it. docs/PROTOCOL-backup.md has the grammar.
public struct Backup: Equatable, Sendable {
    /// Peers that fit in; the caller chooses which.
    public static let maximumPeers = BackupLimits.peers

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

    public init(
        key: SecretKey, label: String, configuration: String, peers: [PeerRecord],
        lastSequence: UInt64
    ) {
        self.key = key
        self.label = label
        self.configuration = configuration
        self.peers = peers.sorted { $0.node < $1.node }
        self.lastSequence = lastSequence
        for index in self.peers.indices {
            self.peers[index].cursor = nil
            self.peers[index].since = 0
        }
    }

    /// The content in clear. It holds the seed: the caller wipes it.
    func encoded() -> [UInt8] {
        // Room for all of it: growing would leave copies of the seed behind.
        let room = 256 + configuration.utf8.count + peers.reduce(0) { $0 + Self.room(for: $1) }
        var writer = CBORWriter(capacity: room)
        writer.array(5)
        var seed = key.seed()
        writer.data(seed)
        SecretKey.wipe(&seed)
        writer.text(label)
        writer.text(configuration)
        writer.unsigned(lastSequence)
        writer.array(peers.count)
        for peer in peers { Self.write(peer, to: &writer) }
        return writer.bytes
    }

    /// Reads `encoded`; throws for anything else.
    init(decoding bytes: [UInt8]) throws(BackupError) {
        do throws(CBORError) {
            var reader = CBORReader(bytes)
            try reader.array(exactly: 5)
            var seed = try reader.data(SecretKey.seedBytes...SecretKey.seedBytes)
            let key = SecretKey(seed: seed)
            SecretKey.wipe(&seed)
            guard let key else { throw CBORError.outOfRange }
            self.key = key
            label = try reader.text(0...BackupLimits.labelBytes)
            configuration = try reader.text(0...BackupLimits.configurationBytes)
            lastSequence = try reader.unsigned()
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

    private static let states: [PeerRecord.State] = [
        .pending, .active, .rejected, .removed, .revoked,
    ]

    private static func room(for peer: PeerRecord) -> Int {
        64 + peer.label.utf8.count + peer.endpoints.reduce(0) { $0 + 3 + $1.utf8.count }
    }

    private static func write(_ peer: PeerRecord, to writer: inout CBORWriter) {
        writer.array(6)
        writer.data(peer.node)
        writer.unsigned(states.firstIndex(of: peer.state) ?? 0)
        writer.boolean(peer.isApprovedHere)
        writer.boolean(peer.isApprovedThere)
        writer.text(peer.label)
        writer.array(peer.endpoints.count)
        for endpoint in peer.endpoints { writer.text(endpoint) }
    }

    private static func readPeer(_ reader: inout CBORReader) throws(CBORError) -> PeerRecord {
        try reader.array(exactly: 6)
        var peer = PeerRecord(node: try reader.identifier())
        peer.state = states[Int(try reader.unsigned(in: 0...UInt64(states.count - 1)))]
        peer.approval = try reader.boolean() ? .byOperator : nil
        peer.isApprovedThere = try reader.boolean()
        peer.label = try reader.text(0...BackupLimits.labelBytes)
        for _ in 0..<(try reader.array(0...BackupLimits.endpoints)) {
            peer.endpoints.append(try reader.text(1...BackupLimits.endpointBytes))
        }
        return peer
    }
}
