import Foundation
import Testing

@testable import Core

/// Sealing and opening, one file of another implementation, and every kind of damage.
@Suite(.timeLimit(.minutes(5)))
struct BackupTests {
    private static let passphrase = Array("correct horse battery".utf8)

    /// Little, so that a test can try many.
    private static var cheap: PassphraseCost {
        get throws { try #require(PassphraseCost(operations: 1, memoryKiB: 8)) }
    }

    private static func key(_ byte: UInt8) throws -> SecretKey {
        try #require(SecretKey(seed: [UInt8](repeating: byte, count: 32)))
    }

    /// The event by which key `byte` names `successor`; its proof is of no account here.
    private static func rotation(of byte: UInt8, to successor: NodeID) throws -> Event {
        let old = try key(byte)
        let author = try #require(Author(role: .node, name: "operator"))
        let body = Body(
            salt: [UInt8](repeating: byte, count: 16),
            bytes: Item.array([
                .data(successor.bytes), .data([UInt8](repeating: byte, count: 64)),
            ]).encoded)
        let header = Header(
            origin: old.node, sequence: 1, previous: nil, time: Timestamp(physical: 1, counter: 0),
            parents: [], author: author, kind: EventKind.rotate, bodyLength: body.bytes.count,
            bodyHash: body.hash)
        return Event(signing: header, body: body, with: old)
    }

    private static func backup(peers: Int = 2) throws -> Backup {
        let states = PeerRecord.State.allCases
        let approvals = PeerRecord.Approval.allCases
        let cut = Cut(through: EventID(words: 1, 2, 3, 4), at: 7)
        let cursor = try #require(Cursor(String(repeating: "0", count: 32) + ".7"))
        var records: [PeerRecord] = []
        for number in 0..<peers {
            var record = PeerRecord(node: NodeID(words: UInt64(number), 1, 2, 3))
            record.state = states[number % states.count]
            record.approval = number.isMultiple(of: 2) ? approvals[number / 2 % 6] : nil
            record.isApprovedThere = number.isMultiple(of: 3)
            record.given = (0..<number % 7).map { "https://given\($0):7443" }
            record.cut = record.isOver ? number.isMultiple(of: 2) ? cut : .nothing : nil
            record.endpoints = (0..<number % 9).map { "https://n\($0):7443" }
            record.label = "ünï \(number)"
            record.cursor = cursor
            record.since = 9
            records.append(record)
        }
        return Backup(
            key: try key(1), label: "workshop", configuration: "label = \"workshop\"\n",
            peers: records.reversed(), lastSequence: 42,
            predecessors: [
                try rotation(of: 3, to: key(2).node), try rotation(of: 2, to: key(1).node),
            ])
    }

    private static func sealed(_ backup: Backup) throws -> SealedBackup {
        var secrets = Secrets(seed: .zero)
        return try SealedBackup(
            sealing: backup, passphrase: passphrase, cost: try cheap, made: 1_700_000_000_000_000,
            secrets: &secrets)
    }

    private func problem(_ body: () throws(BackupError) -> some Any) -> BackupError? {
        do throws(BackupError) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    @Test func whatWasSealedComesBackFromItsText() throws {
        for count in [0, 1, 2, 40, 1024] {
            let backup = try Self.backup(peers: count)
            let text = try Self.sealed(backup).text
            let read = try SealedBackup(text: Array(text.utf8))
            #expect(read.node == backup.key.node)
            #expect(read.made == 1_700_000_000_000_000)
            let opened = try read.open(passphrase: Self.passphrase)
            #expect(opened == backup)
            #expect(opened.key.seed() == [UInt8](repeating: 1, count: 32))
            #expect(opened.peers.allSatisfy { $0.cursor == nil && $0.since == 0 })
            #expect(opened.peers.count == count)
            #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= 70 })
        }
    }

    @Test func aFileOfAnotherImplementationIsOpened() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/backup.txt")
        let sealed = try SealedBackup(text: [UInt8](try Data(contentsOf: url)))
        #expect(sealed.cost == PassphraseCost(operations: 2, memoryKiB: 64))
        let backup = try sealed.open(passphrase: Array("correct horse bätterY".utf8))
        #expect(backup.key.seed() == Array(0..<32))
        #expect(backup.label == "workshop")
        #expect(backup.configuration == "label = \"workshop\"\n")
        #expect(backup.lastSequence == 42)
        let (seven, eight, old) = (
            try Self.key(7).node, try Self.key(8).node, try Self.key(9).node
        )
        let rotation = try #require(backup.predecessors.first)
        #expect(backup.predecessors.count == 1)
        #expect(rotation.header.origin == old && rotation.isSigned() && rotation.bodyMatches)
        #expect(rotation.header.kind == EventKind.rotate)
        let three = SHA256.hash(Array("three".utf8)) as EventID
        #expect(
            backup.peers == [
                PeerRecord(node: eight, state: .revoked, cut: Cut(through: three, at: 3)),
                PeerRecord(
                    node: seven, state: .active, approval: .invite, isApprovedThere: true,
                    given: ["https://seven.example:7443"],
                    endpoints: ["https://192.0.2.7:7443", "https://[2001:db8::7]:7443"],
                    label: "seven"),
                PeerRecord(
                    node: old, state: .removed, label: "workshop",
                    cut: Cut(through: rotation.id, at: 1)),
            ])
    }

    /// Every bound at once: the text is not too long to be read.
    @Test func theLargestBackupIsReadAgain() throws {
        let endpoints = (0..<8).map { "\($0)" + String(repeating: "x", count: 299) }
        var backup = try Self.backup(peers: 1024)
        backup.configuration = String(repeating: "#", count: 65_536)
        backup.predecessors = try (0..<8).map { try Self.rotation(of: $0, to: backup.key.node) }
        for place in backup.peers.indices {
            backup.peers[place].label = String(repeating: "y", count: 64)
            backup.peers[place].given = endpoints
            backup.peers[place].endpoints = endpoints
            backup.peers[place].cut = Cut(
                through: EventID(words: 1, 2, 3, 4), at: Limits.integer)
        }
        let read = try SealedBackup(text: Array(try Self.sealed(backup).text.utf8))
        #expect(try read.open(passphrase: Self.passphrase) == backup)
    }

    @Test func theUsualCostIsModerate() throws {
        var secrets = Secrets(seed: .zero)
        let sealed = try SealedBackup(
            sealing: try Self.backup(), passphrase: Self.passphrase, made: 1, secrets: &secrets)
        #expect(sealed.cost == PassphraseCost(operations: 3, memoryKiB: 262_144))
        #expect(try sealed.open(passphrase: Self.passphrase) == Self.backup())
    }

    @Test func twoBackupsOfOneNodeShareNothingSecret() throws {
        var secrets = Secrets.system()
        let texts = try (0..<2).map { _ in
            try SealedBackup(
                sealing: try Self.backup(), passphrase: Self.passphrase, cost: try Self.cheap,
                made: 1, secrets: &secrets
            ).text.split(separator: "\n").dropFirst(2).dropLast()
        }
        #expect(Set(texts[0]).intersection(texts[1]).isEmpty)
    }

    @Test func aWrongPassphraseIsSaidSo() throws {
        let sealed = try Self.sealed(try Self.backup())
        for wrong in ["correct horse batterx", "Correct horse battery", "short", ""] {
            #expect(
                problem { () throws(BackupError) in try sealed.open(passphrase: Array(wrong.utf8)) }
                    == .wrongPassphrase)
        }
    }

    @Test(arguments: [
        ("", false), ("1234567", false), ("äöüäöü1", false), ("12345678", true),
        ("äöüäöü12", true),
    ])
    func aPassphraseHasEightCharacters(_ text: String, isFit: Bool) throws {
        #expect(SealedBackup.isFit(Array(text.utf8)) == isFit)
        guard !isFit else { return }
        var secrets = Secrets(seed: .zero)
        let backup = try Self.backup()
        let cheap = try Self.cheap
        let found = problem { () throws(BackupError) in
            try SealedBackup(
                sealing: backup, passphrase: Array(text.utf8), cost: cheap, made: 1,
                secrets: &secrets)
        }
        #expect(found == .unfitPassphrase)
    }

    @Test func aPassphraseHasAtMost1024Bytes() {
        #expect(SealedBackup.isFit([UInt8](repeating: 97, count: 1024)))
        #expect(!SealedBackup.isFit([UInt8](repeating: 97, count: 1025)))
    }

    /// Each byte of the file: found at its line, or by the header's bounds; never opened.
    @Test func damageIsFoundWhereItIs() throws {
        let text = Array(try Self.sealed(try Self.backup()).text.utf8)
        var line = 1
        for place in text.indices {
            if text[place] == 0x0a { line += 1 }
            var damaged = text
            damaged[place] = text[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : 0x41
            let found = problem { () throws(BackupError) in try SealedBackup(text: damaged) }
            #expect(found != nil, "\(place)")
            if line > 3, text[place] != 0x0a, text[place...].count > 32 {
                #expect(found == .damagedLine(line), "\(place)")
            }
        }
    }

    @Test func linesThatMovedOrAreMissingAreFound() throws {
        var lines = try Self.sealed(try Self.backup()).text.split(
            separator: "\n", omittingEmptySubsequences: false
        ).map(String.init)
        func found(_ lines: [String]) -> BackupError? {
            let text = Array(lines.joined(separator: "\n").utf8)
            return problem { () throws(BackupError) in try SealedBackup(text: text) }
        }
        #expect(found(lines) == nil)
        #expect(found(lines + lines) == .malformed("it holds more than one backup"))
        let last = lines.count - 3
        lines.swapAt(4, 5)
        #expect(found(lines) == .damagedLine(5))
        lines.swapAt(4, 5)
        #expect(found(Array(lines[..<4] + lines[5...])) == .damagedLine(5))
        #expect(
            found(Array(lines[..<last] + lines[(last + 1)...])) == .malformed("file: truncated"))
        #expect(found(Array(lines[..<last])) == .noBackup)
        #expect(found([]) == .noBackup)
        lines[1] = "node: " + String(repeating: "0", count: 64)
        #expect(
            found(lines) == .malformed("the line \"node:\" names another node than the rest"))
    }

    @Test func whatSurroundsItIsPassedOver() throws {
        let sealed = try Self.sealed(try Self.backup())
        let framed =
            "From: me\r\n\u{fffd}\r\n"
            + sealed.text.replacing("\n", with: " \t\r\n\r\n") + "-- \r\nbye"
        #expect(try SealedBackup(text: Array(framed.utf8)) == sealed)
    }

    @Test func aHostileHeaderOrdersNoWork() throws {
        func text(_ operations: UInt64, _ memoryKiB: UInt64, version: UInt64 = 1) throws -> [UInt8]
        {
            let node = try Self.key(1).node
            let header = Item.array([
                .unsigned(version), .data(node.bytes), .unsigned(1),
                .array([
                    .unsigned(1), .unsigned(operations), .unsigned(memoryKiB),
                    .data([UInt8](repeating: 0, count: 16)),
                ]), .data([UInt8](repeating: 0, count: 24)),
            ])
            let file = Item.array([
                .data(header.encoded), .data([UInt8](repeating: 0, count: 64)),
            ])
            return Array(ArmouredText(node: node, content: file.encoded).text.utf8)
        }
        let good = try text(8, 1_048_576)
        #expect(problem { () throws(BackupError) in try SealedBackup(text: good) } == nil)
        for (operations, memory) in [
            (9, 8), (0, 8), (1, 7), (1, 0), (1, 1_048_577), (1, 104_857_600),
            (1 << 53 - 1, 1 << 53 - 1),
        ] as [(UInt64, UInt64)] {
            let bytes = try text(operations, memory)
            #expect(
                problem { () throws(BackupError) in try SealedBackup(text: bytes) }
                    == .tooCostly(operations: operations, memoryKiB: memory))
        }
        let newer = try text(1, 8, version: 2)
        #expect(
            problem { () throws(BackupError) in try SealedBackup(text: newer) } == .newerVersion(2))
        let none = try text(1, 8, version: 0)
        #expect(
            problem { () throws(BackupError) in try SealedBackup(text: none) }
                == .malformed("header: out-of-range"))
        let huge = [UInt8](repeating: 0x0a, count: SealedBackup.maximumTextBytes + 1)
        #expect(
            problem { () throws(BackupError) in try SealedBackup(text: huge) }
                == .malformed("it has more than 8 MiB"))
    }

    /// Every check of the text is right, and yet the header was altered: only the cipher sees it.
    @Test func theHeaderIsAuthenticated() throws {
        let sealed = try Self.sealed(try Self.backup())
        let armour = try ArmouredText(reading: Array(sealed.text.utf8))
        var file = CBORReader(armour.content)
        try file.array(exactly: 2)
        let header = try file.data(1...1000)
        let content = try file.data(1...100_000)
        // The last byte of the time: not the salt, not the nonce.
        var altered = header
        altered[1 + 1 + 34 + 8] ^= 1
        for (header, content) in [
            (altered, content), (header, content.dropLast() + [content[content.count - 1] ^ 1]),
        ] {
            let bytes = Item.array([.data(header), .data(content)]).encoded
            let text = Array(ArmouredText(node: armour.node, content: bytes).text.utf8)
            let forged = try SealedBackup(text: text)
            #expect(
                problem { () throws(BackupError) in try forged.open(passphrase: Self.passphrase) }
                    == .wrongPassphrase)
        }
    }

    @Test func whatCouldNotBeReadAgainIsNotWritten() throws {
        let long = String(repeating: "x", count: 65)
        var bad: [Backup] = []
        for change: (inout Backup) -> Void in [
            { $0.label = long }, { $0.configuration = String(repeating: "x", count: 65_537) },
            { $0.peers[0].label = long }, { $0.peers[0].endpoints = [""] },
            { $0.peers.append($0.peers[0]) }, { $0.peers[0].node = $0.key.node },
            { $0.lastSequence = Limits.integer + 1 },
            { $0.peers[0].given = [String](repeating: "a", count: 9) },
            { $0.predecessors = [Event](repeating: $0.predecessors[0], count: 9) },
        ] {
            var backup = try Self.backup()
            change(&backup)
            bad.append(backup)
        }
        for backup in bad {
            let cheap = try Self.cheap
            var secrets = Secrets(seed: .zero)
            let found = problem { () throws(BackupError) in
                try SealedBackup(
                    sealing: backup, passphrase: Self.passphrase, cost: cheap, made: 1,
                    secrets: &secrets)
            }
            guard case .cannotHold? = found else {
                Issue.record("\(String(describing: found))")
                continue
            }
        }
        #expect(bad.count == 9)
    }

    @Test(arguments: Seeds.upTo(10))
    func randomBytesAreNoBackup(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        let node = try Self.key(1).node
        for _ in 0..<200 {
            let bytes = (0..<dice.below(200)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
            let text = Array(ArmouredText(node: node, content: bytes).text.utf8)
            #expect(problem { () throws(BackupError) in try SealedBackup(text: text) } != nil)
            #expect(
                problem { () throws(BackupError) in try SealedBackup(text: bytes) } == .noBackup)
            #expect(problem { () throws(BackupError) in try Backup(decoding: bytes) } != nil)
        }
    }
}
