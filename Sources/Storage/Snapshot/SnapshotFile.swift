import Core
import Foundation

/// `log.snapshot`: chunks of rows, appended as the log grows.
///
/// Nothing in it is ever changed but its end. What lies behind the chunk that the log names, such
/// as a chunk that a crash cut short, counts for nothing and is cut off by the next `append`.
struct SnapshotFile {
    let path: String

    init(folder: String) { path = folder + "/log.snapshot" }

    /// Hands the rows up to and with the chunk of `mark` to `take`, in the order of the log, and
    /// returns the length of what counts. `take` may have been called where this throws.
    func read(
        log: LogID, until mark: SnapshotMark, _ take: (UInt64, ChainPlace) -> Void
    ) throws(SnapshotFault) -> Int {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SnapshotFault("it can't be read") }
        defer { close(descriptor) }
        var length = 0
        var position: UInt64 = 0
        while true {
            let head = try Self.bytes(SnapshotChunk.headerBytes, of: descriptor, at: length)
            guard let header = SnapshotChunk.header(head) else {
                throw SnapshotFault("it holds something else")
            }
            guard header.log == log else { throw SnapshotFault("it is of another log") }
            length += head.count
            let body = try Self.bytes(header.bytes, of: descriptor, at: length)
            try SnapshotChunk.read(body, header, after: position, take)
            length += body.count
            position = header.lastPosition
            guard header.seal == mark.seal else { continue }
            guard position == mark.position else { throw SnapshotFault("another position") }
            return length
        }
    }

    private static func bytes(
        _ count: Int, of descriptor: Int32, at offset: Int
    ) throws(SnapshotFault) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let read = unsafe pread(descriptor, &bytes, count, off_t(offset))
        guard read == count else { throw SnapshotFault("it is shorter than the log says") }
        return bytes
    }

    /// Cuts off what lies behind `length`, adds `chunk` and makes it durable.
    func append(_ chunk: [UInt8], at length: Int) throws(StorageError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(errno) }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw failure(errno) }
        let written = unsafe pwrite(descriptor, chunk, chunk.count, off_t(length))
        guard written >= 0 else { throw failure(errno) }
        guard written == chunk.count else { throw failure(ENOSPC) }
        guard fsync(descriptor) == 0 else { throw failure(errno) }
    }

    private func failure(_ code: Int32) -> StorageError {
        StorageError(errno: code, doing: "writing the snapshot", path: path)
    }
}
