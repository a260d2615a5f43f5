import Core
import Foundation

/// `Fixtures/stranger.txt`: sections of `name = hexadecimal` or `name = "text"`, written by
/// `scripts/vectors` with code that the nodes don't share.
struct StrangerVectors {
    static let path = "Fixtures/stranger.txt"
    /// In the order of the file.
    let sections: [(name: String, values: [String: String])]

    init() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../\(Self.path)")
        var sections: [(name: String, values: [String: String])] = []
        for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("[") {
                sections.append((String(line.dropFirst().dropLast()), [:]))
            } else if let mark = line.firstRange(of: " = "), !line.hasPrefix("#") {
                let value = line[mark.upperBound...]
                sections[sections.count - 1].values[String(line[..<mark.lowerBound])] =
                    String(value)
            }
        }
        self.sections = sections
    }

    /// The sections whose name begins with a word, by the rest of their names.
    func all(_ word: String) -> [(name: String, vector: StrangerVector)] {
        sections.filter { $0.name.hasPrefix(word + " ") }.map {
            (String($0.name.dropFirst(word.count + 1)), StrangerVector(values: $0.values))
        }
    }

    func one(_ name: String) -> StrangerVector {
        StrangerVector(values: sections.first { $0.name == name }?.values ?? [:])
    }
}

/// One section. What is missing is empty, which no expectation takes.
struct StrangerVector {
    let values: [String: String]

    func text(_ name: String) -> String {
        let value = values[name] ?? ""
        return value.hasPrefix("\"") ? String(value.dropFirst().dropLast()) : value
    }

    func bytes(_ name: String) -> [UInt8] { Hex.decode(Substring(text(name))) ?? [] }

    /// Bytes that are ASCII.
    func string(_ name: String) -> String { String(decoding: bytes(name), as: UTF8.self) }

    func digest(_ name: String) -> Core.Digest? { Core.Digest(bytes: bytes(name)) }
    func node(_ name: String) -> NodeID? { NodeID(bytes: bytes(name)) }
}
