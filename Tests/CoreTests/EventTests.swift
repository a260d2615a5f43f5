import Core
import Testing

@Suite(.timeLimit(.minutes(5)))
struct EventTests {
    private let fixture: EventFixture

    init() throws { fixture = try EventFixture() }

    /// Whether `bytes` are a valid event with its body right.
    private func valid(_ bytes: [UInt8]) -> Event? {
        guard let event = attempt({ try Event(decoding: bytes) }) else { return nil }
        return event.isSigned() && event.bodyMatches ? event : nil
    }

    @Test(arguments: ["first", "full", "bodiless", "later"])
    func aFlippedBitAnywhereOnTheWireIsNotAccepted(_ name: String) {
        let wire = fixture.bytes(name, "wire")
        for place in wire.indices {
            for bit in 0..<8 {
                var changed = wire
                changed[place] ^= 1 << UInt8(bit)
                #expect(valid(changed) == nil, "\(name): byte \(place), bit \(bit)")
            }
        }
    }

    @Test(arguments: ["first", "full", "later"])
    func aFlippedBitInTheHeaderGivesAnotherIdWhoseSignatureFails(_ name: String) {
        let header = fixture.bytes(name, "header")
        let signature = fixture.bytes(name, "signature")
        for place in header.indices {
            var changed = header
            changed[place] ^= 1
            // Most are not even canonical.
            guard
                let event = attempt({
                    try Event(headerBytes: changed, signature: signature, body: nil)
                })
            else { continue }
            #expect(event.id.bytes != fixture.bytes(name, "id"))
            #expect(!event.isSigned(), "\(name): byte \(place)")
        }
    }

    @Test func aFlippedBitInTheSignatureFailsAndKeepsTheId() throws {
        let header = fixture.bytes("first", "header")
        let signature = fixture.bytes("first", "signature")
        let id = fixture.bytes("first", "id")
        let good = try Event(headerBytes: header, signature: signature, body: nil)
        for place in signature.indices {
            var changed = signature
            changed[place] ^= 0x10
            let event = try Event(headerBytes: header, signature: changed, body: nil)
            #expect(event.id.bytes == id)
            #expect(!event.isSigned())
            #expect(event.verificationKey != good.verificationKey)
        }
    }

    @Test func aFlippedBitInTheBodyOrSaltDoesNotMatch() throws {
        let event = try fixture.event("first")
        let body = try #require(event.body)
        for place in body.bytes.indices {
            var changed = event
            changed.body?.bytes[place] ^= 0x80
            #expect(!changed.bodyMatches)
            #expect(changed.isSigned())
        }
        for place in body.salt.indices {
            var changed = event
            changed.body?.salt[place] ^= 1
            #expect(!changed.bodyMatches)
        }
        var longer = event
        longer.body?.bytes.append(0)
        #expect(!longer.bodyMatches)
    }

    @Test func bytesMovedFromSaltToBodyDoNotMatch() throws {
        var event = try fixture.event("first")
        let body = try #require(event.body)
        event.body = Body(salt: Array(body.salt.dropLast()), bytes: [body.salt[15]] + body.bytes)
        #expect(!event.bodyMatches)
    }

    @Test(arguments: ["first", "full", "bodiless", "later"])
    func theWireCutAnywhereIsRefused(_ name: String) {
        let wire = fixture.bytes(name, "wire")
        for end in wire.indices {
            #expect(throws: CBORError.self) { _ = try Event(decoding: Array(wire[..<end])) }
        }
        #expect(throws: CBORError.trailing) { _ = try Event(decoding: wire + [0xf6]) }
    }

    @Test func theWiresBoundsHold() throws {
        let header = fixture.bytes("first", "header")
        func wire(_ header: [UInt8], _ signature: Int, _ salt: Int, _ body: Int) -> [UInt8] {
            func data(_ count: Int) -> Item { .data([UInt8](repeating: 1, count: count)) }
            return Item.array([.data(header), data(signature), .array([data(salt), data(body)])])
                .encoded
        }
        #expect(throws: Never.self) { _ = try Event(decoding: wire(header, 64, 16, 65_536)) }
        #expect(throws: CBORError.self) { _ = try Event(decoding: wire(header, 64, 16, 65_537)) }
        #expect(throws: CBORError.self) { _ = try Event(decoding: wire(header, 63, 16, 0)) }
        #expect(throws: CBORError.self) { _ = try Event(decoding: wire(header, 65, 16, 0)) }
        #expect(throws: CBORError.self) { _ = try Event(decoding: wire(header, 64, 15, 0)) }
        #expect(throws: CBORError.self) { _ = try Event(decoding: wire(header, 64, 17, 0)) }
        #expect(throws: CBORError.self) { _ = try Event(decoding: wire([], 64, 16, 0)) }
        #expect(throws: CBORError.self) {
            _ = try Event(decoding: wire([UInt8](repeating: 0, count: 4097), 64, 16, 0))
        }
        #expect(wire(header, 64, 16, 65_536).count <= Limits.wireBytes)
    }

    @Test func anotherNodesSignatureFails() throws {
        let event = try fixture.event("first")
        let other = try #require(SecretKey(seed: [UInt8](repeating: 9, count: 32)))
        let signature = other.sign(Event.signedBytes(event.headerBytes))
        let forged = try Event(headerBytes: event.headerBytes, signature: signature, body: nil)
        #expect(!forged.isSigned())
    }

    @Test func aSignatureOfTheBareHeaderFails() throws {
        let event = try fixture.event("first")
        let signature = fixture.key.sign(event.headerBytes)
        let forged = try Event(headerBytes: event.headerBytes, signature: signature, body: nil)
        #expect(!forged.isSigned())
    }

    @Test func anAuthorsProofOfAnotherDeviceFails() throws {
        var header = try fixture.event("full").header
        header.authorProof?.signature[5] ^= 1
        let body = Body(salt: [UInt8](repeating: 0, count: 16), bytes: [])
        #expect(!Event(signing: header, body: body, with: fixture.key).isSigned())
        header.authorProof?.signature[5] ^= 1
        #expect(Event(signing: header, body: body, with: fixture.key).isSigned())
        header.authorProof?.deviceKey = .zero
        #expect(!Event(signing: header, body: body, with: fixture.key).isSigned())
        header.authorProof = nil
        #expect(Event(signing: header, body: body, with: fixture.key).isSigned())
    }

    @Test(arguments: Seeds.upTo(10))
    func randomBytesAreNeverAnEventAndNeverACrash(seed: UInt64) {
        var dice = Dice(seed: seed)
        let wires = ["first", "full", "bodiless", "later"].map { fixture.bytes($0, "wire") }
        for round in 0..<400 {
            var bytes = wires[dice.below(wires.count)]
            switch dice.below(4) {
            case 0: bytes.removeSubrange(dice.below(bytes.count)...)
            case 1:
                bytes.insert(UInt8(truncatingIfNeeded: dice.next()), at: dice.below(bytes.count))
            case 2:
                let start = dice.below(bytes.count)
                bytes.replaceSubrange(start..<min(bytes.count, start + 9), with: wires[0].prefix(9))
            default:
                for _ in 0...dice.below(4) {
                    bytes[dice.below(bytes.count)] ^= 1 << UInt8(dice.below(8))
                }
            }
            guard !wires.contains(bytes) else { continue }
            #expect(valid(bytes) == nil, "seed \(seed), round \(round): \(Hex.encode(bytes))")
        }
    }
}
