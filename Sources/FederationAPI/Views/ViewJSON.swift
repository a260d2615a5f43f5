import Foundation

/// The one way in which views are written: keys sorted, so that output can be compared; nothing
/// absent is written.
public enum ViewJSON {
    /// The JSON text of a view, in UTF-8.
    public static func encode(_ view: some Encodable, isPretty: Bool = false) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        do {
            return Array(try encoder.encode(view))
        } catch {
            preconditionFailure("a view holds only text, numbers and lists: \(error)")
        }
    }

    /// Reads a view.
    public static func decode<View: Decodable>(
        _ bytes: [UInt8], as: View.Type = View.self
    ) throws -> View {
        try JSONDecoder().decode(View.self, from: Data(bytes))
    }

    /// RFC 3339 in UTC with microseconds.
    public static func time(_ microseconds: UInt64) -> String {
        let seconds = Date(timeIntervalSince1970: Double(microseconds / 1_000_000))
        let text = seconds.formatted(.iso8601).dropLast()
        let fraction = String(microseconds % 1_000_000)
        return text + "." + String(repeating: "0", count: 6 - fraction.count) + fraction + "Z"
    }
}
