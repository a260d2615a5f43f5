import Foundation

/// The folder that holds one node's key, log and lock.
enum DataFolder {
    /// Makes the folder, for its owner only, unless it is there.
    static func make(_ folder: String) throws(StorageError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw StorageError(errno: code(of: error), doing: "making the folder", path: folder)
        }
    }

    /// The `errno` under a Foundation error.
    static func code(of error: any Error) -> Int32 {
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        return Int32(clamping: cause?.code ?? Int(EIO))
    }

    /// Makes what was written to a file, or the names in a folder, last through a loss of power.
    static func sync(_ path: String) throws(StorageError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            let cause = StorageError(errno: errno, doing: "making the log durable", path: path)
            if descriptor >= 0 { close(descriptor) }
            throw cause
        }
        close(descriptor)
    }
}
