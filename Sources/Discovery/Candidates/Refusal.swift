/// Why an announcement on the LAN was passed over. Counted, because a LAN may hold many strange
/// services.
public enum Refusal: String, Error, Hashable, CaseIterable {
    /// A name or type that is not UTF-8, is too long, or is not ours.
    case badName
    /// Not in the domain `local`.
    case foreignDomain
    /// More services than `DiscoveryLimits.services` and as many waiting.
    case tooManyServices
    /// A TXT record over `DiscoveryLimits.textBytes` or `textItems`.
    case oversizeText
    /// TXT `txtvers` is missing or not 1.
    case wrongTextVersion
    /// TXT `id` is not 64 lowercase hexadecimal digits.
    case badIdentifier
    /// TXT `proto` is missing, malformed, or does not include ours.
    case wrongProtocol
    /// TXT `net` is not UTF-8, too long, or holds control characters.
    case badLabel
    /// Our own id from another program: a copied key, a reflector, or a lie.
    case ownIdentifier
    /// Port 0, or an address that no node of the LAN can have as seen from here.
    case uselessAddress
}
