import Foundation

/// Reads a file or standard input line by line.
struct LineReader {
    private let handle: FileHandle
    private var rest: [UInt8] = []
    private var isAtEnd = false
    /// An event with the longest body and every byte escaped fits; whatever is longer is no line of
    /// ours.
    private static let limit = 1 << 20

    /// `path` "-" is standard input.
    init(_ path: String) throws(UserError) {
        if path == "-" {
            handle = .standardInput
        } else if let file = FileHandle(forReadingAtPath: path) {
            handle = file
        } else {
            throw UserError("\(path) can't be read")
        }
    }

    /// The next line without its end, or nil after the last one.
    mutating func next() throws -> [UInt8]? {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(rest[..<end])
                rest.removeFirst(end + 1)
                return line
            }
            guard !isAtEnd else {
                defer { rest = [] }
                return rest.isEmpty ? nil : rest
            }
            guard rest.count <= Self.limit else { throw UserError("a line is longer than 1 MiB") }
            let chunk = try handle.read(upToCount: 65_536) ?? Data()
            isAtEnd = chunk.isEmpty
            rest += chunk
        }
    }
}
