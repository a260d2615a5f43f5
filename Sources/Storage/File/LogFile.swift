import Foundation
import GRDB

/// The file of a log before it is opened for writing: whether it is there, ours, of a version we
/// know, and whole.
///
/// Nothing here changes the file. GRDB's pool writes as soon as it opens one, so all of this comes
/// first.
struct LogFile {
    let folder: String
    var path: String { folder + "/log.sqlite" }
    var walPath: String { path + "-wal" }

    private static let magic = Array("SQLite format 3\0".utf8)
    private static let doing = "opening the log"

    /// Throws where the file must not be opened for writing.
    func examine() throws(StorageError) {
        try examineHeader()
        let isChecked = size(walPath) > 0 || size(path) <= StorageLimits.checkedBytes
        do {
            let queue = try DatabaseQueue(path: path, configuration: Self.readOnly)
            try queue.read { db in
                let application = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
                let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
                try judge(application: application, version: version)
                if isChecked { try Self.check(db, "PRAGMA quick_check(1)") }
            }
            try queue.close()
        } catch {
            throw StorageError(error, doing: Self.doing, path: path)
        }
    }

    /// Throws `damaged` with SQLite's first finding.
    static func check(_ db: Database, _ pragma: String) throws {
        let finding = try String.fetchOne(db, sql: pragma) ?? "no answer"
        if finding != "ok" { throw Damage(detail: finding) }
    }

    /// Reads the first 100 bytes as they lie (sqlite.org/fileformat2.html section 1.3), so that a
    /// file that is not ours is not even opened by SQLite, which may leave files beside it.
    // Closing any file descriptor of a file drops this process's locks on it (fcntl's rule),
    // SQLite's too: this is safe because it comes before SQLite opens the file, and one process
    // opens a log once.
    private func examineHeader() throws(StorageError) {
        guard FileManager.default.fileExists(atPath: path) else {
            if size(walPath) > 0 {
                let detail = "log.sqlite is gone, its log.sqlite-wal is left"
                throw .damaged(doing: Self.doing, path: path, detail: detail)
            }
            throw .missing(path: path)
        }
        let header = try read(100)
        guard header.count == 100, header.starts(with: Self.magic) else {
            let detail = header.isEmpty ? "it is empty" : "it does not begin as an SQLite file"
            throw .damaged(doing: Self.doing, path: path, detail: detail)
        }
        func word(_ at: Int) -> Int { header[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
        try judge(application: word(68), version: word(60))
        // SQLite takes a last page that is cut short for one that ends in zeros. While there is a
        // write-ahead log, the file may rightly be shorter than it says.
        let whole = UInt64(word(28)) * UInt64(word(16) >> 16)
        if size(walPath) == 0, size(path) < whole {
            let detail = "\(whole - size(path)) of its \(whole) bytes are missing"
            throw .damaged(doing: Self.doing, path: path, detail: detail)
        }
    }

    private func judge(application: Int, version: Int) throws(StorageError) {
        guard application == Schema.application else {
            throw .notALog(path: path, detail: "its application id is \(application)")
        }
        guard version <= Schema.version else {
            throw .newerVersion(path: path, found: version, known: Schema.version)
        }
        guard version >= 1 else {
            throw .damaged(doing: Self.doing, path: path, detail: "its version is \(version)")
        }
    }

    private func read(_ count: Int) throws(StorageError) -> [UInt8] {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            // Closing after a read has nothing to report.
            defer { try? file.close() }
            return [UInt8](try file.read(upToCount: count) ?? Data())
        } catch {
            let detail = "it can't be read (\(error.localizedDescription))"
            throw .failed(doing: Self.doing, path: path, detail: detail)
        }
    }

    private static var readOnly: Configuration {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(StorageLimits.busySeconds)
        return configuration
    }
}

extension LogFile {
    /// Bytes of the log and what is not yet folded into it.
    var bytes: UInt64 { size(path) + size(walPath) }

    /// 0 where there is no file.
    private func size(_ path: String) -> UInt64 {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return 0 }
        return UInt64(clamping: status.st_size)
    }

    /// Whether this process may write both the file and its folder.
    static func isWritable(_ path: String) -> Bool {
        let folder = (path as NSString).deletingLastPathComponent
        return unsafe access(path, W_OK) == 0 && access(folder, W_OK) == 0
    }

    /// Whether the file system has next to no room.
    static func isFull(_ path: String) -> Bool {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return false }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize) < StorageLimits.fullBytes
    }
}
