import Core
import Foundation

@testable import Storage

extension EventLog {
    /// Every entry, page by page.
    func all() throws -> [LogEntry] {
        var entries: [LogEntry] = []
        var position: UInt64 = 0
        while true {
            let page = try self.entries(after: position, limit: 100, maxBytes: 1 << 20)
            entries += page.entries
            position = page.lastPosition
            if page.isEnd { return entries }
        }
    }

    /// A new log with `count` events, closed unless it is wanted open.
    static func filled(
        _ count: Int, in folder: TemporaryFolder, seed: UInt64 = 1
    ) throws -> (log: EventLog, entries: [LogEntry]) {
        var source = EventSource(seed: seed)
        let log = try EventLog.create(in: folder.path, id: try source.logID()).log
        let entries = try source.entries(count)
        var write = LogWrite()
        write.entries = entries
        try log.write(write)
        return (log, entries)
    }
}

extension LogWrite {
    init(_ entries: [LogEntry]) {
        self.init()
        self.entries = entries
    }
}
