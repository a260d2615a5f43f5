import Core
import Federation
import FederationAPI
import Foundation
import Logging
import Storage

/// A change of the node's key, in steps that a crash may come between.
///
/// 1. The next key is on disk, as identity.key.new. Nobody knows it.
/// 2. The log holds the event by which the old key names it, durable. The old key signs nothing
///    more: the engine refuses. Every start from here on goes through the steps that follow, before
///    anything else happens.
/// 3. The file `predecessors` holds that event, and the log the old key as a removed peer whose
///    events count up to it.
/// 4. identity.key.old-… is a second name of identity.key.
/// 5. identity.key.new takes the name identity.key.
struct Rotation: Equatable {
    /// The key that has ended.
    var old: NodeID
    var new: NodeID
    /// The event by which it did.
    var event: EventID
    /// Where the old key is kept.
    var keptAt: String
}

/// What a rotation would find.
struct RotationPlan: Equatable {
    /// The key that ends.
    var node: NodeID
    /// The event by which it has ended already, where that rotation was cut short.
    var unfinished: EventID?
    var activePeers: Int
    /// Invites that nobody has used yet.
    var openInvites: Int
}

extension DataFolder {
    var nextKeyPath: String { keyPath + ".new" }

    func formerKeyPath(_ node: NodeID) -> String { "\(keyPath).old-\(node.short)" }

    /// What `rotate` would find; changes nothing. Throws where it would refuse. The caller holds
    /// the lock.
    func planRotation() throws -> RotationPlan {
        let node = try readKey().node
        let (log, state) = try EventLog.open(in: path)
        try log.close()
        guard try restoredSequence() == nil else {
            throw UserError(
                "this node came out of a backup and does not know yet what its key has signed: "
                    + "let it catch up with a peer first")
        }
        let end = state.controls.first { $0.isRotation(of: node) }
        guard end == nil || FileManager.default.fileExists(atPath: nextKeyPath) else {
            throw UserError(
                "the key \(node.hex) has ended, and \(nextKeyPath) is not there: look for it in a "
                    + "copy of the folder")
        }
        let now = WallTime.system().microseconds
        return RotationPlan(
            node: node, unfinished: end?.id,
            activePeers: state.peers.count { $0.state == .active },
            openInvites: state.invites.count { $0.usedBy == nil && $0.expires > now })
    }

    /// Gives the node another key. The caller holds the lock.
    ///
    /// Where an earlier rotation was cut short, it is finished and there is no second one.
    func rotate(now: WallTime) async throws -> Rotation {
        let before = try readKey().node
        let shell = try await openShell(isAutomatic: false, logger: Logger.silent)
        do {
            let rotation = try await rotate(shell, from: before, now: now)
            try shell.log.close()
            return rotation
        } catch {
            try shell.log.close()
            throw error
        }
    }

    private func rotate(
        _ shell: NodeShell, from before: NodeID, now: WallTime
    ) async throws -> Rotation {
        let old = shell.key
        guard old.node == before else {
            guard let event = try predecessors(of: old.node).last else {
                throw UserError("\(predecessorsPath) lost the event of \(before.hex)")
            }
            return Rotation(
                old: before, new: old.node, event: event.id, keptAt: formerKeyPath(before))
        }
        let next = try makeNextKey()
        let proof = next.sign(Statement.rotationMessage(from: old.node))
        let event = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await shell.run() }
            let result = await Result { try await shell.rotate(to: next.node, proof: proof) }
            group.cancelAll()
            try await group.waitForAll()
            return try result.get()
        }
        try finishRotation(from: old.node, with: event, in: shell.log, now: now)
        return Rotation(
            old: old.node, new: next.node, event: event.id, keptAt: formerKeyPath(old.node))
    }

    /// The key to go on with. One that an earlier attempt made and did not come to name is taken:
    /// nobody knows it.
    private func makeNextKey() throws -> SecretKey {
        if FileManager.default.fileExists(atPath: nextKeyPath) {
            // What can't be read was not written to its end, or it would have been named.
            if let key = try? readKey(at: nextKeyPath) { return key }
            try FileManager.default.removeItem(atPath: nextKeyPath)
        }
        let key = SecretKey.generate()
        var seed = key.seed()
        defer { SecretKey.wipe(&seed) }
        try writeNew(Hex.encode(seed) + "\n", to: nextKeyPath)
        try sync()
        return key
    }

    /// Steps 3 to 5 where the log says that the folder's key has named another one; else nothing.
    /// Says whether there was anything to do.
    func resumeRotation(in log: EventLog, _ state: LogState) throws -> Bool {
        let key = try readKey()
        guard let event = state.controls.first(where: { $0.isRotation(of: key.node) }),
            FileManager.default.fileExists(atPath: nextKeyPath)
        else { return false }
        try finishRotation(from: key.node, with: event, in: log, now: .system())
        return true
    }

    private func finishRotation(
        from old: NodeID, with event: Event, in log: EventLog, now: WallTime
    ) throws {
        let next = try readKey(at: nextKeyPath).node
        guard case .rotate(next, _)? = Statement(event) else {
            throw UserError(
                "\(nextKeyPath) is not the key that event \(event.id.hex) names: the node has no "
                    + "key to go on with. Look for that file in a copy of the folder")
        }
        let former = try predecessors(of: old).suffix(Backup.maximumPredecessors - 1)
        try self.write(predecessors: former + [event])
        var write = LogWrite()
        write.peers = [
            PeerRecord(
                node: old, state: .removed, label: "this node's former key",
                since: now.microseconds,
                cut: Cut(through: event.id, at: event.header.sequence))
        ]
        try log.write(write)
        try keepKey(of: old)
        guard unsafe rename(nextKeyPath, keyPath) == 0 else { throw failure(keyPath, "replaced") }
        try sync()
    }

    /// A second name, so that no moment is without the key.
    private func keepKey(of old: NodeID) throws {
        let path = formerKeyPath(old)
        if unsafe link(keyPath, path) != 0 {
            guard errno == EEXIST, try readKey(at: path).node == old else {
                throw failure(path, "made")
            }
        }
        try sync()
    }

    private func failure(_ path: String, _ what: String) -> UserError {
        let why = unsafe String(cString: strerror(errno))
        return UserError("\(path) can't be \(what): \(why)")
    }
}

/// The file `predecessors`: the events by which the node's former keys named the next one, one a
/// line in base64url, oldest first.
extension DataFolder {
    var predecessorsPath: String { path + "/predecessors" }

    /// The events that lead to the key `node`; none where it is the first one.
    func predecessors(of node: NodeID) throws(UserError) -> [Event] {
        guard FileManager.default.fileExists(atPath: predecessorsPath) else { return [] }
        var events: [Event] = []
        do {
            let text = try String(contentsOfFile: predecessorsPath, encoding: .utf8)
            for line in text.split(separator: "\n") {
                guard let bytes = Base64URL.decode(line) else { throw CBORError.outOfRange }
                events.append(try Event(decoding: bytes))
            }
        } catch {
            throw UserError(
                "\(predecessorsPath) is damaged. Without it the node runs as well, but peers that "
                    + "have not heard of its new key have to approve it: move the file away")
        }
        // A rotation that was cut short has written one more.
        while let last = events.last, Statement(last)?.target != node { events.removeLast() }
        return events
    }

    func write(predecessors: [Event]) throws(UserError) {
        let text = predecessors.map { Base64URL.encode($0.encoded()) + "\n" }.joined()
        try BackupFile.write(text, to: predecessorsPath, replaces: true)
        try sync()
    }
}

extension Event {
    /// Whether the key of `node` names its successor here.
    fileprivate func isRotation(of node: NodeID) -> Bool {
        guard header.origin == node, case .rotate? = Statement(self) else { return false }
        return true
    }
}

extension NodeShell {
    /// Ends this node's key; the event that does so, durable.
    func rotate(to successor: NodeID, proof: [UInt8]) async throws -> Event {
        let token = Token(number: number())
        let result = await withCheckedContinuation { continuation in
            appends[token] = continuation
            deliver(.operate(token, .rotate(to: successor, proof: proof)))
        }
        switch result {
        case .success(let entries):
            guard let event = entries.first?.event else { throw UserError("nothing was signed") }
            return event
        case .failure(let refusal):
            throw UserError(
                "the key was not changed (\(refusal.code.rawValue)): \(refusal.detail)")
        }
    }
}
