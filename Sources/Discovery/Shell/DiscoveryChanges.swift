/// The changes of one `AvahiDiscovery`, each told once: for one reader, in one task at a time.
///
/// Ends when the reader's task is cancelled or its service shuts down, and only then, so reader and
/// discovery may stand in a `ServiceGroup` in either order; the last thing told of a discovery that
/// ended is `state(.stopped)`. A slow reader is told the newest truth instead of every step to it.
public struct DiscoveryChanges: AsyncSequence, Sendable {
    public typealias Element = DiscoveryChange
    public typealias Failure = Never

    let feed: DiscoveryFeed

    public func makeAsyncIterator() -> Iterator { Iterator(feed: feed) }

    /// Waits for the next change.
    public struct Iterator: AsyncIteratorProtocol {
        let feed: DiscoveryFeed

        public mutating func next() async -> DiscoveryChange? { await feed.next() }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async -> DiscoveryChange? {
            await feed.next()
        }
    }
}
