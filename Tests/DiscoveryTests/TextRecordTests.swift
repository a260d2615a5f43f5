import Core
import Testing

@testable import Discovery

@Suite(.timeLimit(.minutes(1)))
struct TextRecordTests {
    private let hex = String(repeating: "0a", count: 32)

    private func read(_ items: [String]) throws(Refusal) -> TextRecord {
        try TextRecord(items: items.map { Array($0.utf8) })
    }

    @Test func whatWePublishIsUnderstood() throws {
        let node = try #require(NodeID(hex: hex))
        let advertisement = try Advertisement(node: node, port: 1, label: "büro")
        let record = try read(advertisement.text)
        #expect(record.node == node)
        #expect(record.label == "büro")
        #expect(advertisement.text.first == "txtvers=1")
        #expect(advertisement.instance == "teambook-0a0a0a0a0a")
    }

    @Test func theLabelMayBeAbsent() throws {
        #expect(try read(["txtvers=1", "id=\(hex)", "proto=1"]).label == "")
        #expect(try read(["txtvers=1", "id=\(hex)", "proto=1", "net="]).label == "")
    }

    @Test func keysIgnoreCaseAndTheFirstOfTwoCounts() throws {
        let other = String(repeating: "0b", count: 32)
        let record = try read(["TxtVers=1", "ID=\(hex)", "id=\(other)", "proto=1", "later=x", "="])
        #expect(record.node.hex == hex)
    }

    @Test(arguments: ["1", "1-1", "0-4", "1-9", "001"])
    func ourProtocolIsFoundInARange(proto: String) throws {
        #expect(try read(["txtvers=1", "id=\(hex)", "proto=\(proto)"]).node.hex == hex)
    }

    @Test(arguments: [
        "", "0", "2", "2-3", "3-1", "-1", "1-", "-", "1-2-3", "+1", "1.0", "one", "99999999999999",
        "١",
    ])
    func anotherProtocolIsRefused(proto: String) {
        #expect(throws: Refusal.wrongProtocol) {
            try read(["txtvers=1", "id=\(hex)", "proto=\(proto)"])
        }
    }

    @Test(arguments: ["", "2", "1.0", " 1"])
    func anotherTextVersionIsRefused(version: String) {
        #expect(throws: Refusal.wrongTextVersion) {
            try read(["txtvers=\(version)", "id=\(hex)", "proto=1"])
        }
        #expect(throws: Refusal.wrongTextVersion) { try read([]) }
        #expect(throws: Refusal.wrongTextVersion) { try read(["txtvers"]) }
    }

    @Test func aWrongIdentifierIsRefused() {
        let wrong = [
            "", "x", String(hex.dropLast()), hex + "0", hex.uppercased(),
            String(repeating: "é", count: 32),
        ]
        for id in wrong {
            #expect(throws: Refusal.badIdentifier) {
                try read(["txtvers=1", "id=\(id)", "proto=1"])
            }
        }
        #expect(throws: Refusal.badIdentifier) { try read(["txtvers=1", "proto=1"]) }
        #expect(throws: Refusal.badIdentifier) { try read(["txtvers=1", "id", "id=\(hex)"]) }
    }

    @Test func aLabelThatIsNotPlainTextIsRefused() {
        let good = ["txtvers=1", "id=\(hex)", "proto=1"].map { Array($0.utf8) }
        let labels: [[UInt8]] = [
            [0xff, 0xfe], [0xc3], Array("a\u{1b}[31m".utf8), Array("a\nb".utf8), [0],
            Array("\u{202e}evil".utf8), Array(repeating: 97, count: 65),
        ]
        for label in labels {
            #expect(throws: Refusal.badLabel) {
                try TextRecord(items: good + [Array("net=".utf8) + label])
            }
        }
    }

    @Test(arguments: 0..<500)
    func noiseIsRefusedAndNeverCrashes(seed: Int) {
        var dice = Dice(seed: UInt64(seed))
        let items = (0..<dice.next() % 8).map { _ in
            (0..<dice.next() % 80).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        }
        #expect(throws: Refusal.self) { try TextRecord(items: items) }
    }

    @Test func anAdvertisementThatAvahiWouldRefuseIsNotMade() throws {
        let node = NodeID.zero
        #expect(throws: DiscoveryError.invalidPort) { try Advertisement(node: node, port: 0) }
        for label in [String(repeating: "x", count: 65), "a\tb", "a\u{200b}b"] {
            #expect(throws: DiscoveryError.invalidLabel(label)) {
                try Advertisement(node: node, port: 1, label: label)
            }
        }
        for name in ["", String(repeating: "x", count: 64), "a\u{7}"] {
            #expect(throws: DiscoveryError.invalidInstance(name)) {
                try Advertisement(node: node, port: 1, instance: name)
            }
        }
    }
}
