import Core
import FederationAPI
import Foundation

extension FuzzTarget {
    /// The certificate that a server shows: accepted is only what the node that it names has
    /// signed, in time, alone.
    static let tls = FuzzTarget(
        name: "tls", longest: 2048, mutations: 600,
        seeds: {
            let valid = SampleCertificate.bytes
            return [valid, Array(valid.dropLast()), [0x30, 0x80, 0, 0], Array(valid[4...])]
        },
        body: .plain { input in
            let now = SampleCertificate.date
            guard let found = identity([input], now) else { return }
            try check(found.node == SampleCertificate.node, "a node that signed nothing")
            try check(found.tlsKey == SampleCertificate.tlsKey, "a key that the node did not sign")
            try check(identity([input, input], now) == nil, "a chain of two")
            try check(identity([input + [0]], now) == nil, "bytes after the certificate")
            for years in [-3.0, 3.0] {
                let other = now.addingTimeInterval(years * 366 * 86_400)
                try check(identity([input], other) == nil, "it is valid for ever")
            }
        })

    private static func identity(_ chain: [[UInt8]], _ now: Date) -> ProvenIdentity? {
        attempt { () throws(IdentityError) in try ProvenIdentity(chain: chain, now: now) }
    }
}
