import ArgumentParser
import Core
import FederationAPI
import Foundation
import Storage

extension Identity {
    /// `federate identity rotate`
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give the node a new key; peers that know the old one follow by themselves.",
            discussion: """
                Stop the node first. The old key signs one last event, which names the new one, \
                and nothing more, ever; what it signed before stays. Use it where the key may have \
                been read by others, before they use it, or as often as your rules ask for it.
                """)

        @OptionGroup var location: DataOption
        @OptionGroup var format: JSONFlag

        @Flag(help: "Say what would happen; change nothing.")
        var dryRun = false

        func run() async throws {
            let folder = location.folder
            guard folder.isInitialized else {
                throw UserError("\(folder.path) holds no node: run `federate init` first")
            }
            let lock: DataFolderLock
            do {
                lock = try DataFolderLock(folder: folder.path)
            } catch StorageError.inUse {
                throw UserError(
                    "stop the node first: a process uses \(folder.path), and a key is not changed "
                        + "under a running node")
            }
            defer { lock.release() }
            let plan = try folder.planRotation()
            if dryRun { return try show(plan, folder) }
            let rotation = try await folder.rotate(now: .system())
            try show(rotation, plan, folder)
        }

        private func show(_ plan: RotationPlan, _ folder: DataFolder) throws {
            let kept = folder.formerKeyPath(plan.node)
            if format.json {
                return try Terminal.json(
                    View(
                        node: nil, former: plan.node.hex, event: plan.unfinished?.hex, kept: kept,
                        activePeers: plan.activePeers, dryRun: true))
            }
            if let event = plan.unfinished {
                Terminal.out("would finish the rotation that event \(event.hex) began")
            } else {
                Terminal.out(
                    "would end the key \(plan.node.hex) with an event that names a new one")
            }
            Terminal.out("would keep the old key as \(kept)")
            Terminal.out("would tell \(plan.activePeers) active peers at the next start")
        }

        private func show(
            _ rotation: Rotation, _ plan: RotationPlan, _ folder: DataFolder
        ) throws {
            if format.json {
                return try Terminal.json(
                    View(
                        node: rotation.new.hex, former: rotation.old.hex,
                        event: rotation.event.hex, kept: rotation.keptAt,
                        activePeers: plan.activePeers, dryRun: false))
            }
            if plan.unfinished != nil {
                Terminal.note("finished the rotation that was cut short; there was no second one")
            }
            Terminal.out("node    \(rotation.new.hex)")
            Terminal.out("former  \(rotation.old.hex), ended by event \(rotation.event.hex)")
            Terminal.out("kept    \(rotation.keptAt)")
            Terminal.note("\(plan.activePeers) active peers hear of it when the node starts.")
            if plan.openInvites > 0 {
                Terminal.note("\(plan.openInvites) open invites name the old key: make new ones.")
            }
            Terminal.note(
                "Backups hold the old key: make one now, `federate identity export FILE`.")
            Terminal.note("Next: federate start --data \(folder.path)")
        }

        /// For programs.
        private struct View: Encodable {
            /// The new key's node id; absent in a dry run.
            var node: String?
            var former: String
            /// The last event of the former key; absent where it is yet to be made.
            var event: String?
            var kept: String
            var activePeers: Int
            var dryRun: Bool
        }
    }
}
