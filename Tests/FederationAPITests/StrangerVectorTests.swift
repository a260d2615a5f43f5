import Core
import Foundation
import Gossip
import MerkleSearchTree
import Testing

@testable import Federation
@testable import FederationAPI

/// A client that was written from the documents alone makes the bytes that nodes make.
@Suite(.timeLimit(.minutes(2)))
struct StrangerVectorTests {
    let vectors: StrangerVectors
    let a: SecretKey
    let b: SecretKey

    init() throws {
        vectors = try StrangerVectors()
        let keys = vectors.one("keys")
        a = try #require(SecretKey(seed: keys.bytes("seedA")))
        b = try #require(SecretKey(seed: keys.bytes("seedB")))
        try #require(a.node == keys.node("a") && b.node == keys.node("b"))
    }

    @Test func eventsAreReadAndWrittenIdentically() throws {
        let found = vectors.all("event")
        #expect(found.count == 5)
        for (name, vector) in found {
            let event = try Event(decoding: vector.bytes("wire"))
            #expect(event.encoded() == vector.bytes("wire"), "\(name)")
            #expect(event.id.bytes == vector.bytes("id"), "\(name)")
            #expect(event.headerBytes == vector.bytes("header"), "\(name)")
            #expect(event.isSigned(), "\(name)")
            #expect(event.bodyMatches, "\(name)")
            #expect(
                a.sign(Event.signedBytes(event.headerBytes)) == vector.bytes("signature"), "\(name)"
            )
            var key: [UInt8] = []
            event.key.append(to: &key)
            #expect(key == vector.bytes("key"), "\(name)")
            let isLater = event.header.version > 1
            if !isLater { #expect(event.header.encoded() == event.headerBytes, "\(name)") }
        }
    }

    @Test func statementsAreReadAndWrittenIdentically() throws {
        let found = vectors.all("statement")
        #expect(found.count == 6)
        for (name, vector) in found {
            let kind = String(name.prefix { $0 != " " })
            let statement = try #require(Statement(kind: kind, body: vector.bytes("body")))
            #expect(statement.target == b.node || name == "peer.revoke own", "\(name)")
            #expect(statement.encoded() == vector.bytes("body"), "\(name)")
        }
        let rotation = vectors.one("statement peer.rotate").bytes("body")
        let proof = b.sign(Statement.rotationMessage(from: a.node))
        #expect(rotation == Statement.rotate(successor: b.node, proof: proof).encoded())
    }

    @Test func whatIsNoStatementSaysNothing() {
        let found = vectors.all("no statement")
        #expect(found.count == 5)
        for (name, vector) in found {
            let kind = String(name.prefix { $0 != " " })
            #expect(Statement(kind: kind, body: vector.bytes("body")) == nil, "\(name)")
        }
    }

    @Test func theSameSignaturesAreValid() throws {
        let found = vectors.all("signature")
        #expect(found.count == 24)
        for (name, vector) in found {
            let key = try #require(vector.node("key"))
            let isValid = Core.Signature.verify(
                vector.bytes("signature"), of: vector.bytes("message"), by: key)
            #expect(isValid == (vector.text("verdict") == "valid"), "\(name)")
        }
    }

    @Test func theSameEncodingsAreTakenAndRefused() throws {
        let taken = vectors.all("taken encoding")
        #expect(taken.count == 10)
        for (name, vector) in taken {
            var reader = CBORReader(vector.bytes("bytes"))
            #expect(try reader.item().elementsEqual(vector.bytes("bytes")), "\(name)")
            try reader.finish()
        }
        let found = vectors.all("refused encoding")
        #expect(found.count == 31)
        for (name, vector) in found {
            #expect(throws: CBORError.self, "\(name)") {
                var reader = CBORReader(vector.bytes("bytes"))
                _ = try reader.item()
                try reader.finish()
            }
        }
    }

    @Test func requestsAreReadAndWrittenIdentically() throws {
        let found = vectors.all("request")
        #expect(found.count == 17)
        for (name, vector) in found {
            let request = try Federation.Request(decoding: vector.bytes("bytes"))
            #expect(request.encoded() == vector.bytes("bytes"), "\(name)")
            let kind = name.prefix { $0 != " " }
            #expect("\(request)".hasPrefix(kind), "\(name)")
        }
    }

    @Test func responsesAreReadAndWrittenIdentically() throws {
        let found = vectors.all("response")
        #expect(found.count == 10)
        for (name, vector) in found {
            let response = try Federation.Response(decoding: vector.bytes("bytes"))
            #expect(response.encoded() == vector.bytes("bytes"), "\(name)")
            let kind = name.prefix { $0 != " " }
            #expect("\(response)".hasPrefix(kind), "\(name)")
        }
    }

    /// The fixture's codes and statuses are those of the documents' tables.
    @Test func theDocumentsListEachRefusalWithItsStatus() throws {
        let found = vectors.all("refusal")
        #expect(Set(found.map(\.name)) == Set(RefusalCode.allCases.map(\.rawValue)))
        for (name, vector) in found {
            let code = try #require(RefusalCode(rawValue: name))
            #expect(vector.text("status") == "\(code.httpStatus)", "\(name)")
            let response = Federation.Response.refused(Refusal(code, "detail"))
            #expect(response.encoded() == vector.bytes("bytes"), "\(name)")
        }
    }

    @Test func aRegistrationSignsTheSame() throws {
        let vector = vectors.one("registration")
        let told = try transcript(vector)
        #expect(told.hash.bytes == vector.bytes("transcript"))
        #expect(b.sign(told.challenge) == vector.bytes("challengeSignature"))
        #expect(a.sign(told.confirmation(isApproved: true)) == vector.bytes("confirmApproved"))
        #expect(a.sign(told.confirmation(isApproved: false)) == vector.bytes("confirmPending"))
        let secret = vector.bytes("joinSecret")
        let proofs = [
            ("joinProofB", told.secondJoin, secret), ("joinProofA", told.firstJoin, secret),
            ("inviteProof", told.invite, vector.bytes("inviteSecret")),
        ]
        for (name, message, secret) in proofs {
            let code = Authentication.code(of: message, secret: secret)
            #expect(code.bytes == vector.bytes(name), "\(name)")
        }
    }

    private func transcript(_ vector: StrangerVector) throws -> Transcript {
        guard
            case .introduce(let said) = try Federation.Request(decoding: vector.bytes("introduce"))
        else { throw CBORError.wrongType }
        let card = NodeCard(versions: [1, 2], label: "bé", endpoints: [])
        var writer = CBORWriter()
        card.write(to: &writer)
        #expect(writer.bytes == vector.bytes("cardB"))
        return Transcript(
            first: said, second: b.node, nonce: try #require(vector.digest("nonceB")), card: card,
            time: WallTime(microseconds: 1_800_000_000_000_001),
            tlsKey: try #require(vector.digest("tlsKey")))
    }

    @Test func contextsAreTheSame() throws {
        for (name, vector) in vectors.all("context") {
            let request =
                [0x83, 0x0b, 0x48] + [UInt8](repeating: 0, count: 8) + vector.bytes("list")
            guard case .admissions(_, let list) = try Federation.Request(decoding: request) else {
                throw CBORError.wrongType
            }
            var context: [UInt8] = []
            context.append(bigEndian: Membership.context(of: list))
            #expect(context == vector.bytes("context"), "\(name)")
        }
        #expect(vectors.all("context").count == 2)
    }

    @Test func cursorsAreTheSame() throws {
        for (name, vector) in vectors.all("cursor") {
            let cursor = try #require(Cursor(vector.text("text")))
            #expect(cursor.text == vector.text("text"))
            #expect("\(cursor.position)" == name)
            var writer = CBORWriter()
            writer.cursor(cursor)
            #expect(writer.bytes == vector.bytes("bytes"), "\(name)")
        }
        #expect(vectors.all("cursor").count == 3)
    }

    @Test func rootsAreTheSame() throws {
        let found = vectors.all("tree")
        #expect(found.count == 7)
        for (name, vector) in found {
            let bytes = vector.bytes("keys")
            let keys = try stride(from: 0, to: bytes.count, by: EventKey.byteCount).map { at in
                let id = try #require(EventID(bytes: bytes[at + 10..<at + EventKey.byteCount]))
                let number = { (range: Range<Int>) in
                    bytes[range].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                }
                return EventKey(
                    physical: number(at..<at + 8), counter: UInt16(number(at + 8..<at + 10)), id: id
                )
            }
            #expect(
                MerkleSearchTree(sorted: keys.sorted()).root.bytes == vector.bytes("root"),
                "\(name)")
        }
    }

    @Test func safetyNumbersAndInvitesAreTheSame() throws {
        for (name, vector) in vectors.all("safety") {
            let a = try #require(vector.node("a"))
            let b = try #require(vector.node("b"))
            #expect(SafetyNumber(a: b, b: a).description == vector.text("number"), "\(name)")
        }
        #expect(vectors.all("safety").count == 2)
        let invite = try InviteCode(vectors.one("invite").text("code"))
        #expect(invite.text == vectors.one("invite").text("code"))
        #expect(invite.node == b.node)
        #expect(invite.expires == 1_800_000_000)
    }

    @Test func signedRequestsAreTheSame() throws {
        let found = vectors.all("signed request")
        #expect(found.count == 4)
        for (name, vector) in found {
            let challenge = vector.text("challenge")
            let fields = RequestSignature.headers(
                method: vector.text("method"), target: vector.text("target"),
                contentType: "application/cbor",
                body: vector.text("body") == "-" ? [] : vector.bytes("body"), to: b.node,
                challenge: challenge.isEmpty ? nil : challenge, key: a,
                now: WallTime(microseconds: 1_800_000_000_000_000), nonce: Nonce(bytes: 0..<16))
            let values = Dictionary(fields.map { ($0.name, $0.value) }) { first, _ in first }
            #expect(values["content-digest"] == vector.string("digest"), "\(name)")
            #expect(values["signature-input"] == vector.string("input"), "\(name)")
            #expect(values["signature"] == vector.string("signature"), "\(name)")
        }
    }

    @Test func theCertificatesExtensionIsTheSame() throws {
        let vector = vectors.one("binding")
        let made = TLSBinding(key: b, publicKey: vector.bytes("publicKey"))
        #expect(made.encoded == vector.bytes("extension"))
        #expect(TLSBinding(decoding: made.encoded)?.holds(for: vector.bytes("publicKey")) == true)
        #expect("\(TLSBinding.identifier)" == vector.text("oid"))
        let hash: Core.Digest = Core.SHA256.hash(vector.bytes("publicKey"))
        #expect(hash.bytes == vector.bytes("tlsKey"))
    }

    @Test func aLinkIsOpenedByTheSameBytes() throws {
        let vector = vectors.one("link opening")
        let tlsKey = try #require(vector.digest("tlsKey"))
        let hello = LinkHello(
            signing: vector.bytes("nonce"), to: b.node, tlsKey: tlsKey, key: a,
            at: 1_800_000_000, instance: 0x0001_0203_0405_0607)
        #expect(hello.encoded == vector.bytes("hello"))
        let read = try #require(LinkHello(decoding: vector.bytes("hello")))
        let holds = read.holds(for: vector.bytes("nonce"), to: b.node, tlsKey: tlsKey) {
            $0 == a.node
        }
        #expect(holds)
    }

    @Test func framesAreReadAndWrittenIdentically() throws {
        let found = vectors.all("frame")
        #expect(found.count == 17 + ByeCause.allCases.count)
        for (name, vector) in found {
            let frame = try #require(try frame(vector))
            var bytes: [UInt8] = []
            FrameBuffer.write(frame.encoded(), to: &bytes)
            #expect(bytes == vector.bytes("bytes"), "\(name)")
            let words = name.split(separator: " ").map(String.init)
            let kind = words[0] == "shuffled" ? "shuffleReply" : words[0]
            #expect("\(frame)".hasPrefix(kind), "\(name)")
            if case .bye(let cause) = frame { #expect(cause.word == words[1]) }
        }
        let refused = vectors.all("refused frame")
        #expect(refused.count == 13)
        for (name, vector) in refused {
            #expect(throws: CBORError.self, "\(name)") { try frame(vector) }
        }
    }

    private func frame(_ vector: StrangerVector) throws -> Frame? {
        var buffer = FrameBuffer()
        buffer.append(vector.bytes("bytes"))
        return try buffer.next().map { try Frame(decoding: $0) }
    }

    @Test func placesArePackedIdentically() throws {
        let found = vectors.all("packed")
        #expect(found.count == 5)
        var (writer, reader) = (OriginTable(), OriginTable())
        for (name, vector) in found {
            let ranges = try reader.read(vector.bytes("bytes"))
            #expect(ranges.count == 1, "\(name)")
            let range = try #require(ranges.first)
            #expect(range.origin == vector.node("origin"), "\(name)")
            var rest = CBORWriter()
            rest.array(3)
            rest.unsigned(range.from)
            rest.unsigned(range.count)
            rest.unsigned(Int(range.hop) + (range.isLarge ? 128 : 0))
            #expect(rest.bytes == vector.bytes("rest"), "\(name)")
            var bytes: [UInt8] = []
            writer.write(range, to: &bytes)
            #expect(bytes == vector.bytes("bytes"), "\(name)")
        }
    }

    @Test func messagesOfLinksAreReadAndWrittenIdentically() throws {
        let ask = vectors.one("message ask")
        #expect(LinkMessage.ask(number: 300, ask.bytes("said")).encoded() == ask.bytes("bytes"))
        let answer = vectors.one("message answer")
        let expected = LinkMessage.answer(number: 300, answer.bytes("said"))
        #expect(try LinkMessage(decoding: answer.bytes("bytes")) == expected)
        #expect(expected.encoded() == answer.bytes("bytes"))
        #expect(try LinkMessage(decoding: ask.bytes("bytes")) == .ask(number: 300, [0x81, 0x08]))
    }

    @Test func scriptsVectorsWritesThisVeryFixture() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../..").standardizedFileURL
        let check = Process()
        check.executableURL = root.appendingPathComponent("scripts/vectors")
        check.arguments = ["--check"]
        let output = Pipe()
        check.standardError = output
        do { try check.run() } catch {
            print("skipped: scripts/vectors can't be run: no /usr/bin/python3")
            return
        }
        let said = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        check.waitUntilExit()
        if said.contains("needs python3-cryptography") {
            print("skipped: \(said.split(separator: "\n").first ?? "")")
            return
        }
        #expect(check.terminationStatus == 0, "\(said)")
    }
}
