public import Core

/// Events that came in one message. One that is not canonical is refused alone, so it is counted
/// here by its place.
public struct Batch: Hashable, Sendable {
    /// What could be read, in order.
    public var events: [Event]
    /// Places in the message, ascending, of what could not.
    public var malformed: [Int]

    public init(_ events: [Event] = []) {
        self.events = events
        malformed = []
    }

    /// Events sent, readable or not.
    public var count: Int { events.count + malformed.count }

    func write(to writer: inout CBORWriter) {
        writer.array(events.count)
        for event in events { event.write(to: &writer) }
    }

    init(from reader: inout CBORReader) throws(CBORError) {
        self.init()
        for place in 0..<(try reader.array(0...Limits.batchEvents)) {
            let item = try reader.item(depth: 3)
            do throws(CBORError) {
                guard item.count <= Limits.wireBytes else { throw .outOfRange }
                events.append(try Event(decoding: Array(item)))
            } catch {
                malformed.append(place)
            }
        }
    }
}
