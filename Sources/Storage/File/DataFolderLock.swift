import Foundation
import Synchronization

/// Makes one process the owner of a data folder: take it before anything in the folder is opened.
///
/// It is a lock of the system on `<folder>/lock` (flock), so that it ends with the process however
/// that ends; the file stays, with the owner's process id as text.
public final class DataFolderLock: Sendable {
    /// The open file that carries the lock; nil once released.
    private let descriptor: Mutex<Int32?>

    /// Takes the lock and makes the folder, for its owner only, where there is none.
    ///
    /// Throws `inUse` with the owner's process id where another process, or another lock of this
    /// one, holds it.
    public init(folder: String) throws(StorageError) {
        try DataFolder.make(folder)
        let path = folder + "/lock"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StorageError(errno: errno, doing: "locking the data folder", path: path)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let owner = Self.owner(descriptor)
            close(descriptor)
            throw code == EWOULDBLOCK
                ? StorageError.inUse(path: folder, pid: owner)
                : StorageError(errno: code, doing: "locking the data folder", path: path)
        }
        self.descriptor = Mutex(descriptor)
        Self.sign(descriptor)
    }

    deinit { release() }

    /// Lets the next owner in. Safe to call again.
    public func release() {
        descriptor.withLock { held in
            if let held { close(held) }
            held = nil
        }
    }

    /// Writes who the owner is. The lock holds even where a full disk leaves no room for this text.
    private static func sign(_ descriptor: Int32) {
        let text = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = unsafe pwrite(descriptor, text, text.count, 0) }
    }

    private static func owner(_ descriptor: Int32) -> Int32? {
        var text = [UInt8](repeating: 0, count: 16)
        let count = unsafe pread(descriptor, &text, text.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: text.prefix(count).prefix { $0 != 10 }, as: UTF8.self))
    }
}
