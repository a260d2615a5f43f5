/// Bytes as lines of text that survive e-mail and paper: each line carries a check of its own, so
/// that a mistake in copying is found where it is.
struct ArmouredText: Hashable {
    static let begin = "-----BEGIN FEDERATE IDENTITY-----"
    static let end = "-----END FEDERATE IDENTITY-----"
    private static let nodeField = "node: "
    private static let checkBytes = 3

    /// Whose it is, in clear, for people; the content says so too.
    var node: NodeID
    var content: [UInt8]

    init(node: NodeID, content: [UInt8]) {
        self.node = node
        self.content = content
    }

    /// The lines, each ended by a line feed.
    var text: String {
        var lines = [Self.begin, Self.nodeField + node.hex, ""]
        var rest = Base64URL.encode(content)[...]
        while !rest.isEmpty {
            let part = rest.prefix(BackupLimits.lineCharacters)
            let number = lines.count - 2
            lines.append("\(part) \(Self.check(of: Array(part.utf8), number: number))")
            rest = rest.dropFirst(part.count)
        }
        lines.append(Self.end)
        return lines.joined(separator: "\n") + "\n"
    }

    /// Finds the one block in `text`. What stands around it is passed over, as are empty lines and
    /// white space at the ends of lines.
    init(reading text: [UInt8]) throws(BackupError) {
        guard text.count <= BackupLimits.textBytes else {
            throw .malformed("it has more than \(BackupLimits.textBytes >> 20) MiB")
        }
        let lines = text.split(separator: 0x0a, omittingEmptySubsequences: false)
            .map(Self.trimmed).enumerated().filter { !$0.element.isEmpty }
        let begins = lines.indices.filter { lines[$0].element.elementsEqual(Self.begin.utf8) }
        guard let first = begins.first else { throw .noBackup }
        guard begins.count == 1 else { throw .malformed("it holds more than one backup") }
        let last = lines[first...].firstIndex { $0.element.elementsEqual(Self.end.utf8) }
        guard let last, last > first + 2 else { throw .noBackup }
        let field = lines[first + 1].element
        guard field.starts(with: Self.nodeField.utf8),
            let name = String(
                validating: field.dropFirst(Self.nodeField.utf8.count), as: UTF8.self),
            let node = NodeID(hex: name)
        else { throw .malformed("its second line is not \"node:\" and an id") }
        self.node = node
        var characters: [UInt8] = []
        for (number, line) in lines[(first + 2)..<last].enumerated() {
            let isLast = first + 2 + number == last - 1
            guard let part = Self.part(of: line.element, number: number + 1, isLast: isLast) else {
                throw .damagedLine(line.offset + 1)
            }
            characters += part
        }
        guard let content = Base64URL.decode(String(decoding: characters, as: UTF8.self)) else {
            throw .malformed("it is not base64url")
        }
        self.content = content
    }

    /// The data characters of one line, or nil where its check or length is wrong.
    private static func part(
        of line: ArraySlice<UInt8>, number: Int, isLast: Bool
    ) -> ArraySlice<UInt8>? {
        let fields = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard fields.count == 2,
            check(of: Array(fields[0]), number: number).utf8.elementsEqual(fields[1]),
            fields[0].count == BackupLimits.lineCharacters
                || isLast && (1..<BackupLimits.lineCharacters).contains(fields[0].count)
        else { return nil }
        return fields[0]
    }

    /// Four characters. The line's number, from 1, goes in, so that lines that changed places or
    /// are missing are found.
    private static func check(of part: [UInt8], number: Int) -> String {
        var hash = SHA256()
        hash.update("teambook-backup-line-v1\0")
        var place: [UInt8] = []
        place.append(bigEndian: UInt64(number))
        hash.update(place)
        hash.update(part)
        return Base64URL.encode(Array(hash.finish(as: Digest.self).bytes[..<checkBytes]))
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0d].contains($0) }
        let start = line.drop(while: isSpace)
        let count = start.reversed().drop(while: isSpace).count
        return start.prefix(count)
    }
}
