import SwiftASN1

/// The two dates of a certificate, before they are turned into points of time.
enum CertificateDates {
    /// Whether both can be: X.509 knows seconds up to 59, ASN.1 up to 61, and the certificate
    /// library's arithmetic stops the process of a debug build at 61.
    static func areOrdinary(in certificate: [UInt8]) -> Bool {
        // What can't be read is not ordinary, for whatever reason.
        guard let seconds = try? seconds(in: certificate) else { return false }
        return seconds.count == 2 && seconds.allSatisfy { $0 < 60 }
    }

    private static func seconds(in certificate: [UInt8]) throws -> [Int] {
        guard case .constructed(let parts) = try DER.parse(certificate).content,
            let signed = first(of: parts), case .constructed(let fields) = signed.content
        else { return [] }
        // A version stands first where it is not the oldest; then serial number, algorithm, issuer.
        var rest = fields.makeIterator()
        var next = rest.next()
        if next?.identifier.tagClass == .contextSpecific { next = rest.next() }
        for _ in 0..<3 { next = rest.next() }
        guard let validity = next, case .constructed(let dates) = validity.content else {
            return []
        }
        return try dates.map { node in
            switch node.identifier {
            case .utcTime: try UTCTime(derEncoded: node).seconds
            default: try GeneralizedTime(derEncoded: node).seconds
            }
        }
    }

    private static func first(of nodes: ASN1NodeCollection) -> ASN1Node? {
        var iterator = nodes.makeIterator()
        return iterator.next()
    }
}
