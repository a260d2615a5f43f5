import Core
import Federation
import FederationAPI
import Foundation
import Logging
import Storage

/// What a backup takes from a folder, and the folder that it becomes again.
extension DataFolder {
    /// Key, settings and peers of the folder's node, running or not; and how many peers did not fit
    /// in.
    ///
    /// Nodes that only introduced themselves are left out: anybody can do that.
    func makeBackup() async throws -> (backup: Backup, leftOut: Int) {
        let key = try readKey()
        let configuration: String
        do {
            configuration = try String(contentsOfFile: configurationPath, encoding: .utf8)
        } catch {
            throw UserError("\(configurationPath) can't be read: \(error.localizedDescription)")
        }
        let (status, views) = try await withNode { node in
            (try await node.status(), try await node.peers())
        }
        let order: [PeerRecord.State] = [.active, .pending, .removed, .rejected]
        let peers = views.compactMap(PeerRecord.init).filter { peer in
            peer.state != .pending || peer.isApprovedHere
        }
        let sorted = order.flatMap { state in peers.filter { $0.state == state } }
        let backup = Backup(
            key: key, label: status.label, configuration: configuration,
            peers: Array(sorted.prefix(Backup.maximumPeers)),
            lastSequence: status.counters["ownSequence"] ?? 0)
        return (backup, sorted.count - backup.peers.count)
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
    private func sync() throws(UserError) {
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
    /// The record behind a view; nil for what is none.
    fileprivate init?(_ view: PeerView) {
        guard let node = NodeID(hex: view.node), let state = State(rawValue: view.state) else {
            return nil
        }
        self.init(
            node: node, state: state, approval: view.approvedHere ? .byOperator : nil,
            isApprovedThere: view.approvedThere, endpoints: view.endpoints, label: view.label)
    }
}
