import Core
import Foundation

/// The file that a backup is kept in.
enum BackupFile {
    /// Throws where `path` may not be written, before anybody is asked for a passphrase.
    static func check(_ path: String, replaces: Bool) throws(UserError) {
        guard replaces || !FileManager.default.fileExists(atPath: path) else {
            throw UserError("\(path) exists; it was not changed. Name another, or add --force")
        }
    }

    /// Writes the file, which only its owner may read, in one step: `path` is what it was or all of
    /// `text`, on disk. Without `replaces` nothing that exists is replaced.
    static func write(_ text: String, to path: String, replaces: Bool) throws(UserError) {
        let temporary = "\(path).new-\(getpid())"
        if !replaces {
            // Takes the name, so that nobody else's file can come under it meanwhile.
            let place = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            if place < 0, errno == EEXIST { try check(path, replaces: false) }
            guard place >= 0 else { throw failure(path) }
            close(place)
        }
        do throws(UserError) {
            try writeNew(Array(text.utf8), to: temporary)
            guard unsafe rename(temporary, path) == 0 else { throw failure(path) }
        } catch {
            unsafe unlink(temporary)
            if !replaces { unsafe unlink(path) }
            throw error
        }
    }

    /// The backup in the file.
    static func read(_ path: String) throws(UserError) -> SealedBackup {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw UserError("\(path) can't be read")
        }
        let text: Data
        do {
            text = try handle.read(upToCount: SealedBackup.maximumTextBytes + 1) ?? Data()
        } catch {
            throw UserError("\(path) can't be read: \(error.localizedDescription)")
        }
        do throws(BackupError) {
            return try SealedBackup(text: [UInt8](text))
        } catch {
            throw UserError("\(path): \(error)")
        }
    }

    private static func writeNew(_ bytes: [UInt8], to path: String) throws(UserError) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(path) }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Foundation.write(file, $0.baseAddress, $0.count)
            }
            guard count > 0 else { throw failure(path) }
            rest = rest.dropFirst(count)
        }
        guard fsync(file) == 0 else { throw failure(path) }
    }

    private static func failure(_ path: String) -> UserError {
        let why = unsafe String(cString: strerror(errno))
        return UserError("\(path) can't be written: \(why)")
    }
}
