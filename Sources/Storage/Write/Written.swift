/// What a write changed.
public struct Written: Hashable, Sendable {
    /// Entries that were new; the others' ids were held already.
    public var inserted = 0
    /// Bodies that were missing and now are there.
    public var filled = 0

    /// Nothing.
    public init() {}
}
