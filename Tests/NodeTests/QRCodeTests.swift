import Core
import Foundation
import Testing

@testable import node

/// What is drawn is read again by a decoder of others.
@Suite(.timeLimit(.minutes(1)))
struct QRCodeTests {
    private static let code =
        "FED1:GP0PWC9S68Q30BHJ5RVKMDSM6GSNG803M43VZWYE22Z1TW6X33KMQG4SCZJDCC4VMM6NY7EWGSJ14N9HQ140"
        + "00820C20A1G7A08124GK2GAHC5RR34D1P70X3RFHMTT9T8059WXEH0"

    /// Debian's zbar-tools; nil where they are not installed.
    private static let decoder: String? = {
        let path = ["/usr/bin/zbarimg", "/usr/local/bin/zbarimg"].first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
        if path == nil { print("skipped: zbarimg is missing (Debian's zbar-tools)") }
        return path
    }()

    /// The picture that the characters paint: true is dark.
    private func modules(_ lines: [String]) throws -> [[Bool]] {
        try lines.flatMap { line -> [[Bool]] in
            let pairs = try line.map { character -> (Bool, Bool) in
                switch character {
                case "█": return (true, true)
                case "▀": return (true, false)
                case "▄": return (false, true)
                case " ": return (false, false)
                default: throw UserError("\(character) is no part of a code")
                }
            }
            return [pairs.map(\.0), pairs.map(\.1)]
        }
    }

    /// A picture in the format PGM, 4 pixels a module.
    private func picture(_ modules: [[Bool]]) -> Data {
        let scale = 4
        let width = (modules.first?.count ?? 0) * scale
        var pixels = Data("P5\n\(width) \(modules.count * scale)\n255\n".utf8)
        for row in modules {
            let line = row.flatMap { [UInt8](repeating: $0 ? 0 : 255, count: scale) }
            for _ in 0..<scale { pixels.append(contentsOf: line) }
        }
        return pixels
    }

    private func decoded(_ modules: [[Bool]], with decoder: String) throws -> String {
        let path = NSTemporaryDirectory() + "federate-qr-\(UUID().uuidString)"
        let files = [path + ".pgm", path + ".txt"]
        defer {
            for file in files { try? FileManager.default.removeItem(atPath: file) }  // temporary
        }
        try picture(modules).write(to: URL(fileURLWithPath: files[0]))
        #expect(FileManager.default.createFile(atPath: files[1], contents: nil))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: decoder)
        process.arguments = ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", files[0]]
        process.standardOutput = FileHandle(forWritingAtPath: files[1])
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return try String(contentsOfFile: files[1], encoding: .utf8)
    }

    @Test(.enabled(if: decoder != nil), arguments: [code, "A", "federate://x?y=Z", "0123456789"])
    func anotherProgramReadsWhatIsDrawn(_ text: String) throws {
        let decoder = try #require(Self.decoder)
        let code = try #require(QRCode(text))
        let plain = code.lines(.plain)
        let drawn = try modules(plain)
        #expect(try decoded(drawn, with: decoder) == text + "\n")
        // The test can fail: a picture that was changed reads otherwise, or not at all.
        let inner = drawn.indices.map { row in
            drawn[row].indices.map { (8..<code.width).contains(row) != drawn[row][$0] }
        }
        #expect(try decoded(inner, with: decoder) != text + "\n")
    }

    @Test func coloursAreExplicitAndThePictureIsTheSame() throws {
        let code = try #require(QRCode(Self.code))
        let bare = code.lines(.colours).map { line in
            #expect(line.hasPrefix("\u{1b}[38;5;16;48;5;231m") && line.hasSuffix("\u{1b}[0m"))
            return String(line.dropFirst("\u{1b}[38;5;16;48;5;231m".count).dropLast(4))
        }
        #expect(bare == code.lines(.plain))
    }

    @Test func aQuietZoneOfFourModulesSurroundsIt() throws {
        let code = try #require(QRCode("A"))
        #expect(code.width == 21)
        #expect(code.columns == 29)
        let drawn = try modules(code.lines(.plain))
        #expect(drawn.allSatisfy { $0.count == 29 })
        // An odd number of rows: the last one is doubled by a light one.
        #expect(drawn.count == 30)
        let dark = drawn.indices.flatMap { row in
            drawn[row].indices.filter { drawn[row][$0] }.map { (row, $0) }
        }
        #expect(dark.map(\.0).min() == 4 && dark.map(\.0).max() == 24)
        #expect(dark.map(\.1).min() == 4 && dark.map(\.1).max() == 24)
    }

    /// An invite with one address fits a terminal of 80 columns and 24 lines, because its text is
    /// packed as digits and capitals; in small letters it takes more.
    @Test func anInviteIsPackedDensely() throws {
        let code = try #require(QRCode(Self.code))
        #expect(code.width == 37)
        #expect(code.lines(.plain).count == 23)
        #expect(try #require(QRCode(Self.code.lowercased())).width > code.width)
    }

    @Test func whatNoCodeHoldsMakesNone() {
        #expect(QRCode(String(repeating: "A", count: 4296))?.width == 177)
        #expect(QRCode(String(repeating: "A", count: 4297)) == nil)
        #expect(QRCode("") == nil)
    }
}
