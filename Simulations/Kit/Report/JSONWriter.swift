/// Writes one line of JSON (RFC 8259), keys in the order of the calls.
struct JSONWriter {
    private(set) var text = ""
    private var needsComma = false

    mutating func object(_ body: (inout JSONWriter) -> Void) {
        separate()
        text += "{"
        needsComma = false
        body(&self)
        text += "}"
        needsComma = true
    }

    mutating func object(_ key: String, _ body: (inout JSONWriter) -> Void) {
        name(key)
        object(body)
    }

    /// An array of objects.
    mutating func array<Element>(
        _ key: String, _ elements: [Element], _ body: (inout JSONWriter, Element) -> Void
    ) {
        name(key)
        text += "["
        for element in elements { object { body(&$0, element) } }
        text += "]"
        needsComma = true
    }

    mutating func field(_ key: String, _ value: some BinaryInteger) { put(key, "\(value)") }
    mutating func field(_ key: String, _ value: Bool) { put(key, value ? "true" : "false") }
    mutating func field(_ key: String, _ value: String) { put(key, Self.quoted(value)) }

    /// A number that is written already; null where there is none.
    mutating func field(_ key: String, number: String?) { put(key, number ?? "null") }

    /// An array of whole numbers.
    mutating func numbers(_ key: String, _ values: [Int]) { put(key, Self.list(values)) }

    /// An array of such arrays.
    mutating func lists(_ key: String, _ values: [[Int]]) {
        put(key, "[" + values.map(Self.list).joined(separator: ",") + "]")
    }

    /// An array of strings.
    mutating func strings(_ key: String, _ values: [String]) {
        put(key, "[" + values.map(Self.quoted).joined(separator: ",") + "]")
    }

    private static func list(_ values: [Int]) -> String {
        "[" + values.map(String.init).joined(separator: ",") + "]"
    }

    private mutating func put(_ key: String, _ value: String) {
        name(key)
        text += value
        needsComma = true
    }

    private mutating func name(_ key: String) {
        separate()
        text += Self.quoted(key) + ":"
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { text += "," }
    }

    private static func quoted(_ value: String) -> String {
        var quoted = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
