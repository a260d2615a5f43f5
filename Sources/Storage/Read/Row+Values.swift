import Core
import Foundation
import GRDB

// GRDB's subscripts stop the process where a column holds something else than expected; in a
// damaged file it may.
extension Row {
    func optionalBytes(_ index: Int) throws -> [UInt8]? {
        try withUnsafeData(atIndex: index) { data in data.map { [UInt8]($0) } }
    }

    func bytes(_ index: Int) throws -> [UInt8] {
        guard let bytes = try optionalBytes(index) else {
            throw Damage(detail: "a value is missing")
        }
        return bytes
    }

    func optionalIdentifier<Tag>(_ index: Int) throws -> Identifier<Tag>? {
        try withUnsafeData(atIndex: index) { data in
            guard let data else { return nil }
            guard let identifier = Identifier<Tag>(bytes: data) else {
                throw Damage(detail: "an identifier has \(data.count) bytes")
            }
            return identifier
        }
    }

    func identifier<Tag>(_ index: Int) throws -> Identifier<Tag> {
        guard let identifier = try optionalIdentifier(index) as Identifier<Tag>? else {
            throw Damage(detail: "an identifier is missing")
        }
        return identifier
    }

    func optionalNumber(_ index: Int) throws -> UInt64? {
        guard let value = try decode(Int64?.self, atIndex: index) else { return nil }
        guard let number = UInt64(exactly: value) else {
            throw Damage(detail: "a number is negative")
        }
        return number
    }

    func number(_ index: Int) throws -> UInt64 {
        guard let number = try optionalNumber(index) else {
            throw Damage(detail: "a number is missing")
        }
        return number
    }

    func timestamp(_ index: Int) throws -> Timestamp {
        let counter = try number(index + 1)
        guard let counter = UInt16(exactly: counter) else {
            throw Damage(detail: "a counter is \(counter)")
        }
        return Timestamp(physical: try number(index), counter: counter)
    }

    /// The event whose id, header, signature, salt and body begin at `first`.
    ///
    /// Header and body are hashed again: a bit that flipped on the disk is damage here, not a bad
    /// event for a peer.
    func event(from first: Int = 2) throws -> Event {
        let id: EventID = try identifier(first)
        let salt = try optionalBytes(first + 3)
        let bytes = try optionalBytes(first + 4)
        let body = salt.flatMap { salt in bytes.map { Body(salt: salt, bytes: $0) } }
        do {
            let event = try Event(
                headerBytes: try self.bytes(first + 1), signature: try self.bytes(first + 2),
                body: body)
            if event.id == id, event.bodyMatches { return event }
        } catch is CBORError {}
        throw Damage(detail: "event \(id) is not what its hash says")
    }
}
