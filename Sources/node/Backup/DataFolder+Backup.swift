import Core
import Federation
import FederationAPI
import Foundation
import Logging
import Storage

/// What a backup takes from a folder, and the folder that it becomes again.
extension DataFolder {
    /// Key, settings and peers of the folder's node, running or not; and the peers that did not fit
    /// in.
    ///
    /// Nodes that only introduced themselves are left out: anybody can do that.
    func makeBackup() async throws -> (backup: Backup, leftOut: [PeerRecord]) {
        let (status, views) = try await withNode { node in
            (try await node.status(), try await node.peers())
        }
        // Not before: opening the folder may have finished a rotation.
        let key = try readKey()
        guard key.node.hex == status.node else {
            throw UserError("\(keyPath) is not the key of the node that runs here: start it anew")
        }
        let configuration: String
        do {
            configuration = try String(contentsOfFile: configurationPath, encoding: .utf8)
        } catch {
            throw UserError("\(configurationPath) can't be read: \(error.localizedDescription)")
        }
        let order: [PeerRecord.State] = [.active, .revoked, .removed, .rejected, .pending]
        var peers: [PeerRecord] = []
        for view in views {
            let peer = try PeerRecord(view)
            if peer.state != .pending || peer.isApprovedHere { peers.append(peer) }
        }
        let sorted = order.flatMap { state in peers.filter { $0.state == state } }
        let backup = Backup(
            key: key, label: status.label, configuration: configuration,
            peers: Array(sorted.prefix(Backup.maximumPeers)),
            lastSequence: status.counters["ownSequence"] ?? 0,
            predecessors: try predecessors(of: key.node))
        return (backup, Array(sorted.dropFirst(Backup.maximumPeers)))
    }

    /// Makes the node of `backup` in this folder, which must be empty or not there. Unless
    /// `isAlone`, it is marked: it signs nothing before it has caught up with a peer.
    func restore(_ backup: Backup, isAlone: Bool, now: WallTime) throws {
        guard !isInitialized else {
            throw UserError(
                "\(path) holds a node already; it was not changed. Name a new folder with --data")
        }
        let lock = try DataFolderLock(folder: path)
        defer { lock.release() }
        guard try FileManager.default.contentsOfDirectory(atPath: path) == ["lock"] else {
            throw UserError(
                "\(path) is not empty; it was not changed. Name a new folder with --data")
        }
        do {
            try fill(with: backup, isAlone: isAlone, now: now)
        } catch {
            // The folder was empty: all that is in it was made here, and is of no use.
            for name in try FileManager.default.contentsOfDirectory(atPath: path)
            where name != "lock" {
                try FileManager.default.removeItem(atPath: path + "/" + name)
            }
            throw error
        }
    }

    private func fill(with backup: Backup, isAlone: Bool, now: WallTime) throws {
        try writeNew(backup.configuration, to: configurationPath)
        var secrets = Secrets.system()
        // A new name: no position in the lost log means anything in this one.
        let (log, _) = try EventLog.create(in: path, id: .fresh(&secrets))
        var write = LogWrite()
        write.peers = backup.peers.map { peer in
            var peer = peer
            peer.since = now.microseconds
            return peer
        }
        try log.write(write)
        try log.close()
        if !isAlone { try writeNew("\(backup.lastSequence)\n", to: restoredPath) }
        if !backup.predecessors.isEmpty { try self.write(predecessors: backup.predecessors) }
        // The mark is there for good before the folder becomes a node by its key.
        try sync()
        var seed = backup.key.seed()
        defer { SecretKey.wipe(&seed) }
        try writeNew(Hex.encode(seed) + "\n", to: keyPath)
        try sync()
    }
}

/// The mark of a restored node: a file that holds how far its own chain went when the backup was
/// made.
extension DataFolder {
    var restoredPath: String { path + "/restored" }

    /// What the mark says; nil where there is none.
    func restoredSequence() throws(UserError) -> UInt64? {
        guard FileManager.default.fileExists(atPath: restoredPath) else { return nil }
        // What can't be read is damaged, which is said.
        let text = try? String(contentsOfFile: restoredPath, encoding: .utf8)
        guard let text, text.hasSuffix("\n"), let sequence = UInt64(text.dropLast()),
            sequence <= Limits.integer
        else {
            throw UserError(
                "\(restoredPath) is damaged: it must hold one number. Write 0 into it, and let the "
                    + "node sync with every peer before you post")
        }
        return sequence
    }

    /// Removes the mark for good.
    func removeRestoredMark() throws(UserError) {
        guard unsafe unlink(restoredPath) == 0 || errno == ENOENT else {
            let why = unsafe String(cString: strerror(errno))
            throw UserError("\(restoredPath) can't be removed: \(why)")
        }
        try sync()
    }

    /// Makes the names in the folder last through a loss of power.
    func sync() throws(UserError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            let why = unsafe String(cString: strerror(errno))
            throw UserError("\(path) can't be made durable: \(why)")
        }
    }
}

extension NodeShell {
    /// What the operator should know while nothing may be posted; empty otherwise.
    var restoreWarning: [String] {
        engine.settings.restoredSequence == nil
            ? []
            : ["from a backup: nothing is posted here before it has caught up with a peer"]
    }

    /// The node may sign again, now and after a restart.
    func forgetRestore() {
        do throws(UserError) {
            try DataFolder(log.folder).removeRestoredMark()
            logger.notice("caught up after the restore")
        } catch {
            // It stays marked: after a restart it has to catch up again, which is safe.
            logger.error("the mark of the restore stays", metadata: ["error": "\(error)"])
        }
    }
}

extension PeerRecord {
    /// The record behind a view. Throws for what a newer node says of a peer: leaving it out could
    /// let somebody back in.
    fileprivate init(_ view: PeerView) throws(UserError) {
        let approval = view.approval.flatMap { Approval(rawValue: $0) }
        let cutID = view.cutID.flatMap { EventID(hex: $0) }
        let cut = view.cutSequence.flatMap { Cut(sequence: $0, id: cutID) }
        guard let node = NodeID(hex: view.node), let state = State(rawValue: view.state),
            (approval == nil) == (view.approval == nil), (cut == nil) == (view.cutSequence == nil)
        else {
            throw UserError(
                "what the running node says of peer \(view.node) is not understood: use the "
                    + "federate that it runs")
        }
        self.init(
            node: node, state: state, approval: approval, isApprovedThere: view.approvedThere,
            given: view.given, endpoints: view.endpoints, label: view.label, cut: cut)
    }
}
