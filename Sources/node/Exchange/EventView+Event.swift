import Core
import FederationAPI

extension EventView {
    /// The event that the line was made of, or why there is none. What is derived is checked, never trusted.
    func event() throws(UserError) -> Event {
        guard let header = Base64URL.decode(raw), let signature = Base64URL.decode(signature),
            signature.count == 64
        else { throw UserError("event \(id): raw or signature is not base64url") }
        let event: Event
        do throws(CBORError) {
            event = try Event(headerBytes: header, signature: signature, body: try parsedBody())
        } catch {
            throw UserError("event \(id): \(error.rawValue)")
        }
        guard event.id.hex == id else { throw UserError("event \(id): the id is another's") }
        return event
    }

    private func parsedBody() throws(CBORError) -> Body? {
        guard let salt else { return nil }
        guard let salt = Base64URL.decode(salt), salt.count == Limits.saltBytes else {
            throw .outOfRange
        }
        if let body { return Body(salt: salt, bytes: Array(body.utf8)) }
        guard let bytes = bodyBase64.flatMap({ Base64URL.decode($0) }) else { throw .outOfRange }
        return Body(salt: salt, bytes: bytes)
    }
}
