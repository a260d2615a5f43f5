/// Reads server-sent events (WHATWG HTML section 9.2) from pieces of bytes, with a bound on each
/// line.
package struct StreamParser {
    /// One event; comments give none.
    package struct Frame: Equatable {
        package var event = ""
        package var id: String?
        package var data = ""
    }

    /// Why a stream is refused.
    package enum Problem: Error {
        case lineTooLong
        case severalDataLines
    }

    let lineBytes: Int
    private var line: [UInt8] = []
    private var frame = Frame()
    private var hasContent = false

    package init(lineBytes: Int) { self.lineBytes = lineBytes }

    /// Takes bytes in and gives the events that they complete. Lines end with LF or CR LF.
    package mutating func feed(_ bytes: some Collection<UInt8>) throws(Problem) -> [Frame] {
        var found: [Frame] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0a) {
            try append(rest[..<end])
            rest = rest[rest.index(after: end)...]
            if let frame = try endLine() { found.append(frame) }
        }
        try append(rest)
        return found
    }

    private mutating func append(_ bytes: some Collection<UInt8>) throws(Problem) {
        guard line.count + bytes.count <= lineBytes else { throw .lineTooLong }
        line.append(contentsOf: bytes)
    }

    private mutating func endLine() throws(Problem) -> Frame? {
        defer { line.removeAll(keepingCapacity: true) }
        if line.last == 0x0d { line.removeLast() }
        guard !line.isEmpty else {
            defer { (frame, hasContent) = (Frame(), false) }
            return hasContent ? frame : nil
        }
        // A comment, which keeps the connection alive.
        guard line[0] != UInt8(ascii: ":") else { return nil }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": frame.event = text
        case "id": frame.id = text
        case "data":
            guard frame.data.isEmpty else { throw .severalDataLines }
            frame.data = text
        default: return nil
        }
        hasContent = true
        return nil
    }
}
