/// What went wrong with the data folder: each case says what was being done and, in `description`,
/// what to do next.
public enum StorageError: Error, Equatable, Sendable {
    /// There is no log at `path`.
    case missing(path: String)
    /// There is a log at `path` already; it was not touched.
    case alreadyThere(path: String)
    /// The file is an SQLite database of something else; it was not touched.
    case notALog(path: String, detail: String)
    /// A later program wrote the file; it was not touched.
    case newerVersion(path: String, found: Int, known: Int)
    /// The file's content is broken; when it was being opened, it was not touched.
    case damaged(doing: String, path: String, detail: String)
    /// No space was left: nothing of the write was kept. It may be tried again once there is room.
    case full(doing: String, path: String)
    /// The folder or a file in it can't be written.
    case readOnly(doing: String, path: String)
    /// Another process held the file for longer than 5 seconds.
    case busy(doing: String, path: String)
    /// Another process owns the folder; its id, where the lock's text tells it.
    case inUse(path: String, pid: Int32?)
    /// The caller asked for what a log can't hold: nothing was written.
    case invalidWrite(detail: String)
    /// Anything else that the system reported.
    case failed(doing: String, path: String, detail: String)
}

extension StorageError: CustomStringConvertible {
    /// One sentence of what happened and one of what to do.
    public var description: String {
        switch self {
        case .missing(let path):
            "There is no log at \(path). Restore the folder from a backup, or name another one "
                + "with --data."
        case .alreadyThere(let path):
            "There is a log at \(path) already; it was not changed. Use it, or name another "
                + "folder with --data."
        case .notALog(let path, let detail):
            "\(path) is not a federate log (\(detail)); it was not changed. Move it away, or "
                + "name another folder with --data."
        case .newerVersion(let path, let found, let known):
            "\(path) has version \(found), and this program knows versions up to \(known); it was "
                + "not changed. Install a newer federate."
        case .damaged(let doing, let path, let detail):
            "While \(doing): \(path) is damaged (\(detail)). Keep the folder, then restore "
                + "a backup, or make a new node with `federate init --data OTHER` and sync from a "
                + "peer. (A new log under the old key would sign places of its chain twice.)"
        case .full(let doing, let path):
            "While \(doing): no space is left for \(path). Nothing that was acknowledged is "
                + "lost; free some space and try again."
        case .readOnly(let doing, let path):
            "While \(doing): \(path) can't be written. Give this user the right to write to the "
                + "folder and its files, or mount the file system for writing."
        case .busy(let doing, let path):
            "While \(doing): another process holds \(path). End it (a backup, an SQLite shell), "
                + "then try again."
        case .inUse(let path, let pid):
            "\(path) is in use by \(pid.map { "process \($0)" } ?? "another process"). Stop that "
                + "one, or name another folder with --data."
        case .invalidWrite(let detail):
            "A write to the log was refused and nothing of it kept: \(detail). This is a mistake "
                + "of the program; please report it."
        case .failed(let doing, let path, let detail):
            "While \(doing): \(path): \(detail). See that the disk and the folder are in order, "
                + "then try again."
        }
    }
}
