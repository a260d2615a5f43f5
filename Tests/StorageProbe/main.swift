import Core
import Foundation
import Storage

// A process to be killed. `append FOLDER SEED` writes batches for ever and prints each acknowledged
// position; `snapshot FOLDER SEED` does the same and keeps a snapshot after each; `lock FOLDER`
// takes the folder's lock, says so and waits.

let arguments = CommandLine.arguments
guard arguments.count >= 3 else { exit(2) }
let lock = try DataFolderLock(folder: arguments[2])

switch arguments[1] {
case "append":
    try append(in: arguments[2], seed: UInt64(arguments.last ?? "") ?? 1)
case "snapshot":
    try append(
        in: arguments[2], seed: UInt64(arguments.last ?? "") ?? 1, keepsSnapshots: true)
case "lock":
    say("locked")
    _ = readLine()
    lock.release()
default: exit(2)
}

/// Writes a line at once: a buffer would die with the process.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// Every write carries the cursor and the clock of its last event, so that a torn transaction
/// shows.
func append(in folder: String, seed: UInt64, keepsSnapshots: Bool = false) throws {
    let isThere = FileManager.default.fileExists(atPath: folder + "/log.sqlite")
    var secrets = Secrets.system()
    let (log, state) =
        isThere
        ? try EventLog.open(in: folder)
        : try EventLog.create(in: folder, id: .fresh(&secrets))
    guard let key = SecretKey(seed: [UInt8](repeating: 7, count: 32)) else { exit(3) }
    var dice = Dice(seed: seed)
    var position = state.lastPosition
    var previous = try log.latest(1).first?.event.id
    while true {
        var write = LogWrite()
        for _ in 0...dice.below(60) {
            position += 1
            let event = event(at: position, after: previous, by: key)
            previous = event.id
            write.entries.append(LogEntry(position: position, event: event, sender: nil))
        }
        let cursor = Cursor(log: log.id, position: position)
        write.peers = [PeerRecord(node: key.node, state: .active, cursor: cursor)]
        write.clock = Timestamp(physical: position, counter: 0)
        try log.write(write)
        if keepsSnapshots { try log.keepSnapshot() }
        say("\(position)")
    }
}

func event(at position: UInt64, after previous: EventID?, by key: SecretKey) -> Event {
    let bytes = Array("position \(position)".utf8) + [UInt8](repeating: 46, count: 280)
    let body = Body(salt: [UInt8](repeating: 0, count: 16), bytes: bytes)
    guard let author = Author(role: .node, name: "probe") else { exit(3) }
    let header = Header(
        origin: key.node, sequence: position, previous: previous,
        time: Timestamp(physical: position, counter: 0), author: author, kind: "test.position",
        bodyLength: bytes.count, bodyHash: body.hash)
    return Event(signing: header, body: body, with: key)
}
