import Core
import Testing

@testable import Gossip

@Suite(.timeLimit(.minutes(1)))
struct FrameTests {
    private static let node = NodeID(words: 1, 2, 3, 4)

    static let frames: [Frame] = [
        .hello(versions: [1, 2], .urgent), .welcome(version: 1), .bye(.evicted), .ping(7), .pong(7),
        .event(hop: 3, [1, 2, 3]), .announce([1]), .graft([2]), .want([3]), .prune([4]),
        .shuffle([node]), .shuffleReply([]), .part(isEnd: true, [9]), .part(isEnd: false, []),
    ]

    @Test(arguments: frames)
    func aFrameReadsBackAsItWasWritten(_ frame: Frame) throws {
        #expect(try Frame(decoding: frame.encoded()) == frame)
    }

    @Test(arguments: frames)
    func aFrameThatIsCutOrLongerIsRefused(_ frame: Frame) {
        let bytes = frame.encoded()
        #expect(throws: CBORError.self) { try Frame(decoding: Array(bytes.dropLast())) }
        #expect(throws: CBORError.self) { try Frame(decoding: bytes + [0]) }
    }

    @Test(arguments: [
        [0x82, 0x18, 0x0d, 0], [0x83, 1, 1, 1], [0x82, 5, 0], [0x82, 2, 0x18, 99], [0x82, 6, 0x40],
        [0x83, 0, 0x80, 0], [0x83, 0, 0x81, 1, 3],
    ])
    func whatIsOutsideOfTheGrammarIsRefused(_ bytes: [UInt8]) {
        #expect(throws: CBORError.self) { try Frame(decoding: bytes) }
    }

    @Test func framesAreCutOutOfBytesHoweverTheyCome() throws {
        var all: [UInt8] = []
        for frame in Self.frames { FrameBuffer.write(frame.encoded(), to: &all) }
        for size in [1, 3, 7, all.count] {
            var buffer = FrameBuffer()
            var found: [Frame] = []
            for start in stride(from: 0, to: all.count, by: size) {
                buffer.append(Array(all[start..<min(start + size, all.count)]))
                while let bytes = try buffer.next() { found.append(try Frame(decoding: bytes)) }
            }
            #expect(found == Self.frames)
            #expect(buffer.count == 0)
        }
    }

    @Test(arguments: [[0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0, 2, 0, 0]])
    func aLengthThatNoFrameHasIsRefused(_ bytes: [UInt8]) {
        var buffer = FrameBuffer()
        buffer.append(bytes)
        #expect(throws: FrameBuffer.BadLength.self) { try buffer.next() }
    }

    @Test func aMessageReadsBackAsItWasWritten() throws {
        for message in [LinkMessage.ask(number: 5, [0x80]), .answer(number: 6, [0x81, 0x01])] {
            #expect(try LinkMessage(decoding: message.encoded()) == message)
        }
        #expect(throws: CBORError.self) { try LinkMessage(decoding: [0x83, 2, 0, 0x80]) }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct OriginTableTests {
    private let origins = (0..<300).map { NodeID(words: UInt64($0), 1, 2, 3) }

    @Test func rangesReadBackAndAnOriginIsNamedByItsKeyOnlyOnce() throws {
        var (writer, reader) = (OriginTable(), OriginTable())
        var dice = Dice(seed: 1)
        for round in 0..<20 {
            let ranges = (0..<50).map { _ in
                PlaceRange(
                    origin: origins[dice.below(300)], from: UInt64(dice.below(100_000) + 1),
                    count: UInt64(dice.below(3)), hop: UInt8(dice.below(128)),
                    isLarge: dice.below(2) == 0)
            }
            var bytes: [UInt8] = []
            for range in ranges { writer.write(range, to: &bytes) }
            #expect(try reader.read(bytes) == ranges)
            if round == 19 { #expect(bytes.count < 50 * 9 + 3 * 32) }
        }
    }

    @Test(arguments: [
        [5, 1, 1, 0], [0, 1, 2, 3], [0x80, 0x00, 1, 1], [0x80], [0xff, 0xff, 0xff, 0xff, 0xff],
    ])
    func whatCanNotBeReadIsRefused(_ bytes: [UInt8]) {
        var table = OriginTable()
        #expect(throws: PackedError.self) { try table.read(bytes) }
    }

    @Test func sequencesThatNoEventHasAreRefused() {
        var bytes: [UInt8] = [0]
        origins[0].append(to: &bytes)
        var table = OriginTable()
        #expect(throws: PackedError.self) { try table.read(bytes + [0, 1, 0]) }
        #expect(throws: PackedError.self) {
            try table.read(bytes + [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 0])
        }
    }
}
