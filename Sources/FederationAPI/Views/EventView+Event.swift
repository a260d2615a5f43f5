public import Core
public import Federation

extension EventView {
    /// The event that the view was made of. What is derived is checked, never trusted; the
    /// signature is not looked at.
    public func event() throws(Refusal) -> Event {
        guard let header = Base64URL.decode(raw), let signature = Base64URL.decode(signature),
            signature.count == 64
        else { throw Refusal(.malformed, "event \(id): raw or signature is not base64url") }
        let event: Event
        do throws(CBORError) {
            event = try Event(headerBytes: header, signature: signature, body: try heldBody())
        } catch {
            throw Refusal(.malformed, "event \(id): \(error.rawValue)")
        }
        guard event.id.hex == id else {
            throw Refusal(.malformed, "event \(id): raw hashes to another id")
        }
        return event
    }

    private func heldBody() throws(CBORError) -> Body? {
        guard let salt else { return nil }
        guard let salt = Base64URL.decode(salt), salt.count == Limits.saltBytes else {
            throw .outOfRange
        }
        if let body { return Body(salt: salt, bytes: Array(body.utf8)) }
        guard let bytes = bodyBase64.flatMap({ Base64URL.decode($0) }) else { throw .outOfRange }
        return Body(salt: salt, bytes: bytes)
    }
}
