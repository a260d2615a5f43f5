import Core
import Testing

@testable import Gossip

/// The bytes of each kind of frame, written by hand after docs/PROTOCOL-link.md. If a line must
/// change, the protocol has changed.
@Suite(.timeLimit(.minutes(1)))
struct FrameVectorTests {
    private static let node = NodeID(words: 1, 2, 3, 4)
    private static let key =
        "0000000000000001" + "0000000000000002" + "0000000000000003" + "0000000000000004"

    struct Vector: CustomTestStringConvertible, Sendable {
        var frame: Frame
        /// Without the length.
        var hex: String

        init(_ frame: Frame, _ hex: String) {
            self.frame = frame
            self.hex = hex
        }

        var testDescription: String { hex }
    }

    static let vectors = [
        Vector(.hello(versions: [1], .neighbor), "83" + "00" + "8101" + "00"),
        Vector(.hello(versions: [1, 24], .urgent), "83" + "00" + "82011818" + "01"),
        Vector(.hello(versions: [1], .visit), "83" + "00" + "8101" + "02"),
        Vector(.welcome(version: 1), "82" + "01" + "01"),
        Vector(.bye(.shutdown), "82" + "02" + "00"),
        Vector(.bye(.done), "82" + "02" + "0c"),
        Vector(.ping(7), "82" + "03" + "07"),
        Vector(.pong(65_536), "82" + "04" + "1a00010000"),
        Vector(.event(hop: 3, [1, 2, 3]), "83" + "05" + "03" + "43010203"),
        Vector(.event(hop: 255, [0]), "83" + "05" + "18ff" + "4100"),
        Vector(.announce([1, 9, 1, 2]), "82" + "06" + "4401090102"),
        Vector(.graft([1, 0, 0, 0]), "82" + "07" + "4401000000"),
        Vector(.want([1, 9, 1, 128]), "82" + "08" + "4401090180"),
        Vector(.prune([1, 0, 0, 0]), "82" + "09" + "4401000000"),
        Vector(.shuffle([node]), "82" + "0a" + "81" + "5820" + key),
        Vector(.shuffle([]), "82" + "0a" + "80"),
        Vector(.shuffleReply([node]), "82" + "0b" + "81" + "5820" + key),
        Vector(.part(isEnd: false, [9]), "83" + "0c" + "f4" + "4109"),
        Vector(.part(isEnd: true, []), "83" + "0c" + "f5" + "40"),
    ]

    @Test(arguments: vectors)
    func aFrameHasTheseBytes(_ vector: Vector) throws {
        #expect(Hex.encode(vector.frame.encoded()) == vector.hex)
        let bytes = try #require(Hex.decode(vector.hex[...]))
        #expect(try Frame(decoding: bytes) == vector.frame)
    }

    @Test func aLengthPrecedesIt() {
        var bytes: [UInt8] = []
        FrameBuffer.write(Frame.ping(7).encoded(), to: &bytes)
        FrameBuffer.write([UInt8](repeating: 0, count: 258), to: &bytes)
        #expect(Hex.encode(bytes.prefix(11)) == "00000003" + "820307" + "00000102")
    }

    @Test func eachTagHasAVector() {
        let tags = Set(Self.vectors.map { $0.hex.dropFirst(2).prefix(2) })
        #expect(tags.count == 13)
    }

    @Test(arguments: zip(ByeCause.allCases, 0...12 as ClosedRange<UInt64>))
    func causesHaveTheseNumbers(_ cause: ByeCause, _ number: UInt64) {
        #expect(cause.rawValue == number)
        #expect(ByeCause.allCases.count == 13)
    }

    /// One direction of a link: entries in a row.
    @Test func placesArePackedIntoTheseBytes() throws {
        let other = NodeID(words: 5, 6, 7, 8)
        let rows: [(PlaceRange, String)] = [
            // An origin's key, which gets the number 1.
            (PlaceRange(origin: Self.node, from: 1, count: 1, hop: 2), "00" + Self.key + "010102"),
            // From then on its number; sequence 300 in two bytes of LEB128.
            (PlaceRange(origin: Self.node, from: 300, count: 2, hop: 127), "01" + "ac02" + "027f"),
            (
                PlaceRange(origin: Self.node, from: 16_384, count: 1, isLarge: true),
                "01808001" + "0180"
            ),
            // Another one: number 2, named alone.
            (
                PlaceRange(origin: other, from: 0, count: 0),
                "00" + "0000000000000005" + "0000000000000006" + "0000000000000007"
                    + "0000000000000008" + "000000"
            ),
            (PlaceRange(origin: other, from: 127, count: 1, hop: 1), "02" + "7f0101"),
            (
                PlaceRange(origin: Self.node, from: (1 << 53) - 1, count: 1),
                "01" + "ffffffffffffff0f" + "0100"
            ),
        ]
        var (writer, reader) = (OriginTable(), OriginTable())
        for (range, hex) in rows {
            var bytes: [UInt8] = []
            writer.write(range, to: &bytes)
            #expect(Hex.encode(bytes) == hex)
            #expect(try reader.read(#require(Hex.decode(hex[...]))) == [range])
        }
    }

    @Test func messagesHaveTheseBytes() throws {
        let vectors: [(LinkMessage, String)] = [
            (.ask(number: 5, [0x81, 0x08]), "83" + "00" + "05" + "8108"),
            (.answer(number: 300, [0x80]), "83" + "01" + "19012c" + "80"),
        ]
        for (message, hex) in vectors {
            #expect(Hex.encode(message.encoded()) == hex)
            #expect(try LinkMessage(decoding: #require(Hex.decode(hex[...]))) == message)
        }
    }
}
