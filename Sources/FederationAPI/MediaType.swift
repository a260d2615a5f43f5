/// The types of bodies.
enum MediaType {
    static let cbor = "application/cbor"
    static let json = "application/json"
    static let problem = "application/problem+json"
    static let events = "text/event-stream"
}
