package import Core

/// The TXT record of a `_teambook._tcp` service, as strictly read as it is unproven (RFC 6763
/// section 6).
package struct TextRecord: Equatable {
    package var node: NodeID
    package var label: String

    /// - Parameter items: in wire order; of two items with one key the first counts.
    /// - Throws: the first reason to pass the service over.
    package init(items: [[UInt8]]) throws(Refusal) {
        guard Self.value("txtvers", in: items) == "1" else { throw .wrongTextVersion }
        guard let node = Self.value("id", in: items).flatMap({ NodeID(hex: $0) }) else {
            throw .badIdentifier
        }
        guard let versions = Self.value("proto", in: items), Self.versions(versions, include: 1)
        else { throw .wrongProtocol }
        guard let label = Self.has("net", in: items) ? Self.value("net", in: items) : "",
            Advertisement.isLabel(label)
        else { throw .badLabel }
        self.node = node
        self.label = label
    }

    /// `text` is a version, or a first and a last one as in "1-3", and `version` is among them.
    private static func versions(_ text: String, include version: UInt16) -> Bool {
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { bound in
            bound.utf8.allSatisfy { (48...57).contains($0) } ? UInt16(bound) : nil
        }
        guard let first = bounds.first ?? nil, let last = bounds.last ?? nil, bounds.count <= 2
        else { return false }
        return first <= version && version <= last
    }

    private static func has(_ key: String, in items: [[UInt8]]) -> Bool {
        items.contains { name(of: $0).elementsEqual(key.utf8) }
    }

    /// The value of the first item with this key; nil where there is none or it is not UTF-8.
    private static func value(_ key: String, in items: [[UInt8]]) -> String? {
        guard let item = items.first(where: { name(of: $0).elementsEqual(key.utf8) }) else {
            return nil
        }
        return String(validating: item.dropFirst(key.utf8.count + 1), as: UTF8.self)
    }

    /// The key in lowercase: keys are ASCII and their case means nothing.
    private static func name(of item: [UInt8]) -> [UInt8] {
        item.prefix { $0 != UInt8(ascii: "=") }.map { (65...90).contains($0) ? $0 | 32 : $0 }
    }
}
