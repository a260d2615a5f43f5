import Core
import Federation
import Testing

@testable import FederationAPI

@Suite(.timeLimit(.minutes(1)))
struct ViewTests {
    @Test func anEventIsShownWithEveryField() throws {
        let key = SecretKey.test(1)
        let event = Sample.event(key, 1)
        let text = String(decoding: ViewJSON.encode(EventView(event)), as: UTF8.self)
        let expected =
            #"{"author":"ai:assistant-1@\#(key.node.hex)","authorProof":"unproved","body":"hi","#
            + #""bodyHash":"\#(event.header.bodyHash.hex)","bodyLength":2,"id":"\#(event.id.hex)","#
            + #""kind":"message.post","origin":"\#(key.node.hex)","parents":[],"#
            + #""raw":"\#(Base64URL.encode(event.headerBytes))","#
            + #""salt":"AQEBAQEBAQEBAQEBAQEBAQ","scope":"","sequence":1,"#
            + #""signature":"\#(Base64URL.encode(event.signature))","#
            + #""time":{"counter":0,"physical":1700000000000001,"#
            + #""text":"2023-11-14T22:13:20.000001Z"}}"#
        #expect(text == expected)
    }

    @Test func aBodyThatIsNoTextIsShownInBase64AndAMissingOneSaysSo() throws {
        let event = Sample.event(.test(1), 1, body: [0xff, 0xfe])
        #expect(EventView(event).body == nil)
        #expect(EventView(event).bodyBase64 == "__4")
        let bodiless = try Event(
            headerBytes: event.headerBytes, signature: event.signature, body: nil)
        #expect(EventView(bodiless).bodyMissing == true)
        #expect(EventView(bodiless).body == nil)
        let empty = EventView(Sample.event(.test(1), 1, body: []))
        #expect(empty.body == "")
        #expect(empty.bodyMissing == nil)
    }

    @Test func theRawHeaderHashesToTheID() throws {
        let view = EventView(Sample.event(.test(1), 4))
        let raw = try #require(Base64URL.decode(view.raw))
        let hash: Digest = SHA256.hash(raw)
        #expect(hash.hex == view.id)
    }

    @Test func anEventComesBackFromItsView() throws {
        for body in [Array("hi".utf8), [0xff], []] {
            let event = Sample.event(.test(1), 2, body: body)
            #expect(try EventView(event).event() == event)
            let bare = try Event(
                headerBytes: event.headerBytes, signature: event.signature, body: nil)
            #expect(try EventView(bare).event() == bare)
        }
        var view = EventView(Sample.event(.test(1), 2))
        view.id = EventID.zero.hex
        #expect(throws: Refusal.self) { try view.event() }
    }

    @Test func viewsRoundTrip() throws {
        let view = PageView(Sample.page([Sample.event(.test(1), 1)], at: 3, isEnd: true))
        #expect(try ViewJSON.decode(ViewJSON.encode(view)) == view)
    }

    @Test func parentsAreSortedOnceEachAndBounded() throws {
        let ids = (1...17).map { EventID(words: UInt64($0), 0, 0, 0).hex }
        let draft = PostDraft(body: "", parents: [ids[2], ids[0], ids[2]])
        #expect(try draft.parentIDs().map(\.hex) == [ids[0], ids[2]])
        #expect(throws: Refusal.self) { try PostDraft(body: "", parents: ids).parentIDs() }
        #expect(throws: Refusal.self) { try PostDraft(body: "", parents: ["x"]).parentIDs() }
    }

    @Test func aBodyThatIsTooLargeIsRefused() {
        let draft = PostDraft(body: String(repeating: "a", count: Limits.bodyBytes + 1))
        #expect { try draft.bytes() } throws: { ($0 as? Refusal)?.code == .tooLarge }
    }
}
