import Core
public import Federation

/// A piece of a log.
public struct PageView: Codable, Hashable, Sendable {
    public var events: [EventView]
    /// Where to go on, for `since=`.
    public var next: String
    /// Whether `next` was the end of the log.
    public var isEnd: Bool

    public init(_ page: Page) {
        events = page.events.events.map(EventView.init)
        next = page.next.text
        isEnd = page.isEnd
    }
}
