import ArgumentParser
import Core
import FederationAPI
import Foundation
import Storage

/// `federate identity`
struct Identity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the node's identity; back it up, restore it, change its key.",
        subcommands: [Show.self, Export.self, Import.self, Alone.self, Rotate.self],
        defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the node's identity.")

        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag

        func run() async throws {
            let view = try await location.folder.withNode { try await $0.identity() }
            if format.json { return try Terminal.json(view) }
            Terminal.out("node      \(view.node)")
            Terminal.out("label     \(view.label)")
            for endpoint in view.endpoints { Terminal.out("endpoint  \(endpoint)") }
            if let tlsKey = view.tlsKey { Terminal.out("TLS key   \(tlsKey)") }
        }
    }
}

extension Identity {
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write key, settings and peers to a file, encrypted with a passphrase.",
            discussion: """
                The file is text: it can be printed. It holds no events; those a restored node \
                has again from its peers. The node may run meanwhile.
                """)

        @OptionGroup var location: DataOption
        @OptionGroup var passphrase: PassphraseOption

        @Argument(help: "Where to write (default: standard output).", completion: .file())
        var file: String?

        @Flag(help: "Replace the file where there is one.")
        var force = false

        func run() async throws {
            let folder = location.folder
            if let file { try BackupFile.check(file, replaces: force) }
            let (backup, leftOut) = try await folder.makeBackup()
            var secret = try passphrase.read(isNew: true)
            defer { SecretKey.wipe(&secret) }
            var secrets = Secrets.system()
            let sealed: SealedBackup
            do throws(BackupError) {
                sealed = try SealedBackup(
                    sealing: backup, passphrase: secret, made: WallTime.system().microseconds,
                    secrets: &secrets)
            } catch {
                throw UserError("no backup was made: \(error)")
            }
            tell(leftOut)
            guard let file else { return Terminal.out(sealed.text, terminator: "") }
            try BackupFile.write(sealed.text, to: file, replaces: force)
            let active = backup.peers.count { $0.state == .active }
            Terminal.note("wrote \(file): node \(backup.key.node.hex), \(active) active peers")
            Terminal.note(
                "Keep the passphrase elsewhere: without it nobody can open the file, you included.")
        }

        /// Names the peers that the file does not hold.
        private func tell(_ leftOut: [PeerRecord]) {
            guard !leftOut.isEmpty else { return }
            Terminal.note(
                "\(leftOut.count) peers did not fit in; a backup holds \(Backup.maximumPeers).")
            let ended = leftOut.filter(\.isOver)
            guard !ended.isEmpty else { return }
            Terminal.note(
                "A node restored from it does not know that these are not to come back:")
            for peer in ended { Terminal.note("  \(peer.node.hex) \(peer.state.rawValue)") }
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the node of a backup in a new folder.",
            discussion: """
                Use it where the old folder is lost. Never let two nodes run with one key: what \
                they sign differs, which every peer records for good. So the restored node posts \
                nothing before it has caught up with a peer; --alone is for one that has no peer \
                left.
                """)

        @OptionGroup var location: DataOption
        @OptionGroup var passphrase: PassphraseOption
        @OptionGroup var format: JSONFlag

        @Argument(help: "A file of `federate identity export`.", completion: .file())
        var file: String

        @Flag(help: "No peer holds events of this node: let it post at once.")
        var alone = false

        func run() throws {
            let folder = location.folder
            guard !folder.isInitialized else {
                throw UserError(
                    "\(folder.path) holds a node already; it was not changed. Name a new folder "
                        + "with --data")
            }
            let sealed = try BackupFile.read(file)
            let date = Timestamp(physical: sealed.made, counter: 0).date
            Terminal.note("a backup of node \(sealed.node.hex), made \(date)")
            var secret = try passphrase.read(isNew: false)
            defer { SecretKey.wipe(&secret) }
            let backup: Backup
            do throws(BackupError) {
                backup = try sealed.open(passphrase: secret)
            } catch {
                throw UserError("\(file): \(error)")
            }
            try folder.restore(backup, isAlone: alone, now: .system())
            try show(backup, in: folder)
        }

        private func show(_ backup: Backup, in folder: DataFolder) throws {
            let active = backup.peers.count { $0.state == .active }
            if format.json {
                try Terminal.json(["node": backup.key.node.hex, "data": folder.path])
            } else {
                Terminal.out("node   \(backup.key.node.hex) \(backup.label.printable)")
                Terminal.out("data   \(folder.path)")
                Terminal.out("peers  \(backup.peers.count), \(active) active")
            }
            do throws(UserError) {
                _ = try folder.readConfiguration()
            } catch {
                Terminal.note("mend the settings before the start: \(error.description)")
            }
            if !alone {
                Terminal.note("It posts nothing before it has caught up with a peer.")
                if active == 0 {
                    Terminal.note(
                        "It knows no active peer: add one, or run `federate identity alone`.")
                }
            }
            Terminal.note("Next: federate start --data \(folder.path)")
        }
    }

    struct Alone: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a restored node post although it has caught up with no peer.",
            discussion: """
                Only where no peer is left that may hold its events: should one turn up, it will \
                find two events at one place of the chain, for good. Stop the node first.
                """)

        @OptionGroup var location: DataOption

        func run() throws {
            let folder = location.folder
            guard folder.isInitialized else {
                throw UserError("\(folder.path) holds no node: run `federate init` first")
            }
            let lock = try DataFolderLock(folder: folder.path)
            defer { lock.release() }
            guard FileManager.default.fileExists(atPath: folder.restoredPath) else {
                return Terminal.note("nothing to do: this node does not wait for a peer")
            }
            try folder.removeRestoredMark()
            Terminal.out("this node may post again")
        }
    }
}

extension Timestamp {
    /// RFC 3339, to the second.
    fileprivate var date: String {
        Date(timeIntervalSince1970: Double(physical) / 1e6).formatted(.iso8601)
    }
}
