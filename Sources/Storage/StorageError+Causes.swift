import Core
import Foundation
import GRDB

/// A row that does not hold what the schema says.
struct Damage: Error {
    let detail: String
}

extension StorageError {
    /// What `error`, thrown while `doing` something with the file at `path`, means to the caller.
    init(_ error: any Error, doing: String, path: String) {
        switch error {
        case let error as StorageError: self = error
        case let error as Damage:
            self = .damaged(doing: doing, path: path, detail: error.detail)
        case is RowDecodingError:
            self = .damaged(doing: doing, path: path, detail: "a value has a wrong type")
        case let error as DatabaseError: self = Self.cause(error, doing, path)
        default: self = .failed(doing: doing, path: path, detail: "\(error)")
        }
    }

    /// What the system's `code`, an `errno`, means.
    init(errno code: Int32, doing: String, path: String) {
        switch code {
        case ENOSPC, EDQUOT: self = .full(doing: doing, path: path)
        case EROFS, EACCES, EPERM: self = .readOnly(doing: doing, path: path)
        default:
            let detail = unsafe String(cString: strerror(code))
            self = .failed(doing: doing, path: path, detail: detail)
        }
    }

    private static func cause(_ error: DatabaseError, _ doing: String, _ path: String) -> Self {
        let detail = error.message ?? "SQLite code \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL: return .full(doing: doing, path: path)
        case .SQLITE_READONLY: return .readOnly(doing: doing, path: path)
        // Everything that comes from outside was checked before.
        case .SQLITE_CONSTRAINT: return .invalidWrite(detail: detail)
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .busy(doing: doing, path: path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return .damaged(doing: doing, path: path, detail: detail)
        case .SQLITE_CANTOPEN where !LogFile.isWritable(path):
            return .readOnly(doing: doing, path: path)
        // SQLite's shared memory and its syncs report a full disk as an I/O error.
        case .SQLITE_IOERR, .SQLITE_CANTOPEN:
            return LogFile.isFull(path)
                ? .full(doing: doing, path: path)
                : .failed(doing: doing, path: path, detail: detail)
        default: return .failed(doing: doing, path: path, detail: detail)
        }
    }
}
