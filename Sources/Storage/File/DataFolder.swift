import Foundation

/// The folder that holds one node's key, log and lock.
enum DataFolder {
    /// Makes the folder and those above it, for its owner only, where they are missing.
    static func make(_ folder: String) throws(StorageError) {
        let parent = (folder as NSString).deletingLastPathComponent
        var code = makeOne(folder)
        if code == ENOENT, !parent.isEmpty, parent != folder {
            try make(parent)
            code = makeOne(folder)
        }
        guard code == 0 || code == EEXIST else {
            throw StorageError(errno: code, doing: "making the folder", path: folder)
        }
    }

    /// 0, or the `errno`.
    private static func makeOne(_ folder: String) -> Int32 {
        let mode: mode_t = 0o700
        return unsafe mkdir(folder, mode) == 0 ? 0 : errno
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
