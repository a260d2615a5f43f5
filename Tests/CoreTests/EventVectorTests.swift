import Core
import Testing

/// The format can never silently change: these bytes were made by another implementation.
@Suite(.timeLimit(.minutes(5)))
struct EventVectorTests {
    private let fixture: EventFixture

    init() throws { fixture = try EventFixture() }

    @Test(arguments: ["first", "full", "bodiless", "later"])
    func anEventOfAnotherImplementationIsReadAndWrittenIdentically(_ name: String) throws {
        let event = try fixture.event(name)
        #expect(event.id.bytes == fixture.bytes(name, "id"))
        #expect(event.headerBytes == fixture.bytes(name, "header"))
        #expect(event.signature == fixture.bytes(name, "signature"))
        #expect(event.header.bodyHash.bytes == fixture.bytes(name, "bodyHash"))
        #expect(event.header.origin.bytes == fixture.bytes("", "origin"))
        #expect(event.encoded() == fixture.bytes(name, "wire"))
        #expect(event.wireSize >= event.encoded().count)
        #expect(event.wireSize <= event.encoded().count + 16)
        #expect(event.isSigned())
        #expect(event.bodyMatches)
    }

    @Test func theFirstEventIsMadeIdentically() throws {
        let body = Body(salt: Array(0..<16), bytes: Array("hello, federation".utf8))
        let header = Header(
            origin: fixture.key.node, sequence: 1, previous: nil,
            time: Timestamp(physical: 1_700_000_000_000_000, counter: 0),
            author: try #require(Author("ai:assistant-1")), kind: "message.post",
            bodyLength: body.bytes.count, bodyHash: body.hash)
        let event = Event(signing: header, body: body, with: fixture.key)
        #expect(event.encoded() == fixture.bytes("first", "wire"))
        #expect(event.id.bytes == fixture.bytes("first", "id"))
    }

    @Test func theFullEventIsMadeIdentically() throws {
        let read = try fixture.event("full").header
        #expect(read.parents.count == 16)
        #expect(read.scope == Array(100..<132))
        #expect(read.author == Author(role: .human, name: String(repeating: "z", count: 64)))
        #expect(read.sequence == Limits.integer)
        #expect(read.time == Timestamp(physical: Limits.integer, counter: .max))
        #expect(read.authorProof?.deviceKey.bytes == fixture.bytes("", "device"))
        #expect(read.encoded() == fixture.bytes("full", "header"))
        let body = Body(salt: [UInt8](repeating: 0, count: 16), bytes: [])
        let event = Event(signing: read, body: body, with: fixture.key)
        #expect(event.encoded() == fixture.bytes("full", "wire"))
    }

    @Test func theDevicesProofIsMadeIdentically() throws {
        let header = try fixture.event("full").header
        let proof = try #require(header.authorProof)
        let device = try #require(SecretKey(seed: fixture.bytes("", "deviceSeed")))
        #expect(device.node == proof.deviceKey)
        var other = header
        other.kind = "k"
        let body = Body(salt: [UInt8](repeating: 0, count: 16), bytes: [])
        #expect(!Event(signing: other, body: body, with: fixture.key).isSigned())
    }

    @Test func aLaterVersionKeepsItsOwnBytes() throws {
        let event = try fixture.event("later")
        #expect(event.header.version == 2)
        #expect(event.header.kind == "message.post")
        #expect(event.encoded() == fixture.bytes("later", "wire"))
        #expect(event.id.bytes == fixture.bytes("later", "id"))
    }

    @Test func anEventWithoutItsBodyKeepsIdAndSignature() throws {
        var event = try fixture.event("first")
        let id = event.id
        event.body = nil
        let read = try Event(decoding: event.encoded())
        #expect(read.id == id)
        #expect(read.isSigned())
        #expect(read.body == nil)
        #expect(read.bodyMatches)
    }

    @Test func anEmptyBodyIsNotAMissingOne() throws {
        let full = try fixture.event("full")
        #expect(full.body == Body(salt: [UInt8](repeating: 0, count: 16), bytes: []))
        #expect(try fixture.event("bodiless").body == nil)
    }
}
