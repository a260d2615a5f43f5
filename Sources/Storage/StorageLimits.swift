/// Every bound of this module, each with its reason.
enum StorageLimits {
    /// Refusals kept: a day of a busy peer's mistakes, at most 2 MB. Older ones are dropped and
    /// counted.
    static let refusals = 10_000
    /// Rows that one page looks at: a reader that is excluded from most of a log gets an empty page
    /// that moves its cursor, instead of holding a connection for a million rows.
    static let scannedRows = 10_000
    /// Concurrent reads; further ones wait. Each costs a connection with its cache.
    static let readers = 4
    /// Page caches: an id's place in its index is random, so the writer gains from a large one
    /// (measured with 64 MB).
    static let writerCacheKiB = 65_536
    static let readerCacheKiB = 8_192
    /// A write-ahead log that a slow reader let grow is cut back to this after its checkpoint.
    static let walBytes = 64 << 20
    /// A file up to this size is checked whenever it is opened (about 0.1 s); a larger one only
    /// after a crash.
    static let checkedBytes: UInt64 = 64 << 20
    /// New rows that are worth a snapshot when the log is closed: a tenth of a second at the next
    /// start.
    static let snapshotRows = 10_000
    /// Rows for which room is made before they are read: positions may have gaps, so the last one
    /// may claim far too much.
    static let reservedRows = 4_000_000
    /// Rows of one chunk of the snapshot: 4 MB in memory at a time.
    static let snapshotChunkRows = 65_536
    /// Seconds to wait for another process, such as a backup, to let go of the file.
    static let busySeconds = 5.0
    /// Less free space than this makes an unclear I/O error a full disk.
    static let fullBytes: UInt64 = 256 << 10
    /// Pages of 4 KiB in the write-ahead log before they are folded into the file: each page that
    /// several commits changed is then written once.
    static let checkpointPages = 4096
}
