import Core
import Foundation

/// Events that another implementation made: `Fixtures/events.txt`.
struct EventFixture {
    let sections: [String: [String: [UInt8]]]

    init() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/events.txt")
        var sections: [String: [String: [UInt8]]] = [:]
        var section = ""
        for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("#") { continue }
            if line.hasPrefix("[") {
                section = String(line.dropFirst().dropLast())
                continue
            }
            let parts = line.split(separator: " ")
            sections[section, default: [:]][String(parts[0])] = Hex.decode(parts[2])
        }
        self.sections = sections
    }

    func bytes(_ section: String, _ name: String) -> [UInt8] { sections[section]?[name] ?? [] }

    /// The key that signed them all.
    var key: SecretKey {
        guard let key = SecretKey(seed: bytes("", "seed")) else {
            preconditionFailure("the fixture names a seed of 32 bytes")
        }
        return key
    }

    func event(_ section: String) throws -> Event {
        try Event(decoding: bytes(section, "wire"))
    }
}
