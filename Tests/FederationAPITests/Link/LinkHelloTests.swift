import Core
import Federation
import Testing

@testable import FederationAPI

/// What a client says of itself, byte by byte.
@Suite(.timeLimit(.minutes(1)))
struct LinkHelloTests {
    @Test func itsBytesAreThoseOfTheSpecification() throws {
        let key = SecretKey.test(3)
        let server = SecretKey.test(4).node
        let tlsKey: Digest = Core.SHA256.hash(Array("key".utf8))
        let nonce = [UInt8](0..<32)
        let hello = LinkHello(
            signing: nonce, to: server, tlsKey: tlsKey, key: key, at: 0x0102_0304_0506,
            instance: 0xf1f2_f3f4_f5f6_f7f8)
        var numbers: [UInt8] = [0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8]
        numbers += [0, 0, 1, 2, 3, 4, 5, 6] as [UInt8]
        var signed = Array("teambook-link-v1\0".utf8)
        signed += key.node.bytes
        signed += server.bytes
        signed += tlsKey.bytes
        signed += nonce
        signed += numbers
        let expected: [UInt8] = key.node.bytes + numbers + key.sign(signed)
        #expect(hello.encoded == expected)
        #expect(hello.encoded.count == 112)
        #expect(LinkHello(decoding: hello.encoded) == hello)
        #expect(LinkHello(decoding: hello.encoded.dropLast()) == nil)
        #expect(LinkHello(decoding: hello.encoded + [0]) == nil)
    }

    @Test func aKeyThatIsNotValidSignsNothing() {
        let key = SecretKey.test(3)
        let nonce = [UInt8](repeating: 1, count: 32)
        let hello = LinkHello(signing: nonce, to: key.node, tlsKey: .zero, key: key, at: 1)
        #expect(hello.holds(for: nonce, to: key.node, tlsKey: .zero) { _ in true })
        #expect(!hello.holds(for: nonce, to: key.node, tlsKey: .zero) { _ in false })
    }

    @Test func theCodesAreThoseOfTheSpecification() {
        let codes: [(RefusalCode, UInt8)] = [
            (.unknownPeer, 1), (.notActive, 2), (.unauthenticated, 3), (.misaddressed, 3),
            (.busy, 4), (.overBudget, 4),
        ]
        for (code, number) in codes { #expect(LinkAnswer(code).rawValue == number) }
        #expect(LinkAnswer.open.rawValue == 0)
        #expect(LinkAnswer.open.refusal == nil)
    }
}
