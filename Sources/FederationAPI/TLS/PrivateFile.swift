import Core
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Files that only their owner may read.
enum PrivateFile {
    /// Replaces `path` in one step; the file has mode 0600 from its first moment and is on disk
    /// when this returns.
    static func write(_ bytes: [UInt8], to path: String) throws(IdentityError) {
        let temporary = path + ".new"
        func fail(_ what: String) -> IdentityError {
            let reason = unsafe String(cString: strerror(errno))
            return .file("\(path) can't be \(what): \(reason)")
        }
        unsafe unlink(temporary)
        let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw fail("created") }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(file, $0.baseAddress, $0.count)
            }
            guard count > 0 else { throw fail("written") }
            rest = rest.dropFirst(count)
        }
        guard fsync(file) == 0 else { throw fail("written") }
        guard unsafe rename(temporary, path) == 0 else { throw fail("put in place") }
    }
}
