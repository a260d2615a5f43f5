/// The part of RFC 8941 dictionaries that request signatures need, read strictly: one space between
/// items, none around "=", ";" or inside parentheses. What is legal there but not needed here is
/// refused.
package struct SignatureFields {
    /// A value of a parameter.
    package enum Value: Equatable {
        case integer(Int64)
        case string(String)
    }

    /// One member of `Signature-Input`.
    package struct Input: Equatable {
        package var label: String
        package var components: [String]
        package var parameters: [String: Value]
        /// The member's value as it came: the last line of the signature base.
        package var text: String
    }

    /// Members that one field may hold: proxies may add theirs.
    static let members = 4

    private var rest: Substring.UTF8View

    private init(_ text: String) { rest = Substring(text).utf8 }

    /// Reads `Signature-Input`; nil for anything that is not of the subset.
    package static func inputs(_ text: String) -> [Input]? {
        var fields = SignatureFields(text)
        return fields.dictionary { fields, label in
            let start = fields.rest
            guard let components = fields.components() else { return nil }
            guard let parameters = fields.parameters() else { return nil }
            let length = start.count - fields.rest.count
            let value = String(decoding: start.prefix(length), as: UTF8.self)
            return Input(
                label: label, components: components, parameters: parameters, text: value)
        }
    }

    /// Reads `Signature`: labels and their base64 texts.
    package static func signatures(_ text: String) -> [(label: String, base64: String)]? {
        var fields = SignatureFields(text)
        return fields.dictionary { fields, label in
            guard fields.take(UInt8(ascii: ":")) else { return nil }
            let value = fields.run { $0 != UInt8(ascii: ":") }
            guard fields.take(UInt8(ascii: ":")) else { return nil }
            return (label, value)
        }
    }

    private mutating func dictionary<Member>(
        _ member: (inout SignatureFields, String) -> Member?
    ) -> [Member]? {
        var found: [Member] = []
        var labels: [String] = []
        repeat {
            let label = key()
            guard !label.isEmpty, !labels.contains(label), take(UInt8(ascii: "=")),
                let value = member(&self, label), found.count < Self.members
            else { return nil }
            labels.append(label)
            found.append(value)
            guard !rest.isEmpty else { return found }
            guard take(UInt8(ascii: ",")) else { return nil }
            while take(UInt8(ascii: " ")) {}
        } while true
    }

    private mutating func components() -> [String]? {
        guard take(UInt8(ascii: "(")) else { return nil }
        var names: [String] = []
        while !take(UInt8(ascii: ")")) {
            guard names.isEmpty || take(UInt8(ascii: " ")), let name = string() else { return nil }
            names.append(name)
        }
        return names
    }

    private mutating func parameters() -> [String: Value]? {
        var found: [String: Value] = [:]
        while take(UInt8(ascii: ";")) {
            let name = key()
            guard !name.isEmpty, found[name] == nil, take(UInt8(ascii: "=")) else { return nil }
            if rest.first == UInt8(ascii: "\"") {
                guard let text = string() else { return nil }
                found[name] = .string(text)
            } else {
                let digits = run { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                guard let number = Int64(digits), String(number) == digits, digits.count <= 15
                else { return nil }
                found[name] = .integer(number)
            }
        }
        return found
    }

    /// A string without escapes: none of ours needs one.
    private mutating func string() -> String? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let text = run { (0x20...0x7e).contains($0) && $0 != 0x22 && $0 != 0x5c }
        return take(UInt8(ascii: "\"")) ? text : nil
    }

    private mutating func key() -> String {
        run { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "*"):
                true
            default: false
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard rest.first == byte else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func run(while allowed: (UInt8) -> Bool) -> String {
        let found = rest.prefix(while: allowed)
        rest = rest.dropFirst(found.count)
        return String(decoding: found, as: UTF8.self)
    }
}
