/// What a target may import; imports point down only (ARCHITECTURE.md has the picture).
struct Layer {
    /// Nil: everything.
    var imports: Set<String>?
    /// Whether it is sans-I/O: reads no clock, draws no randomness of its own, never suspends.
    var isPure = false

    /// By folder. A folder that is not listed may not exist.
    static let all: [String: Layer] = [
        "Sources/Core": Layer(imports: ["CSodium", "Crypto"], isPure: true),
        "Sources/MerkleSearchTree": Layer(
            imports: ["Core", "CGalois", collections], isPure: true),
        "Sources/Gossip": Layer(imports: ["Core", collections], isPure: true),
        "Sources/Federation": Layer(
            imports: ["Core", "Gossip", "MerkleSearchTree", collections], isPure: true),
        "Simulations/Kit": Layer(
            imports: ["Core", "Gossip", "MerkleSearchTree", "Federation", collections],
            isPure: true),
        "Simulations/Scenarios": Layer(
            imports: ["Core", "Federation", "Gossip", "SimulationKit", "TOMLKit"]),
        "Sources/Discovery": Layer(
            imports: system.union(["Core", "CAvahi", "Logging", "ServiceLifecycle"])),
        "Sources/Storage": Layer(imports: system.union(["Core", "GRDB"])),
        "Sources/FederationAPI": Layer(
            imports: system.union([
                "Core", "Federation", "Crypto", "Hummingbird", "HummingbirdCore", "HummingbirdTLS",
                "HTTPTypes", "Logging", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOHTTPTypes", "NIOSSL",
                "NIOFoundationCompat", "NIOTLS", "ServiceLifecycle", "SwiftASN1", "X509",
            ])),
        // The only one that may import CQREncode.
        "Sources/node": Layer(imports: nil),
    ]

    private static let collections = "Collections"

    /// What comes with the toolchain and the system.
    private static let system: Set<String> = [
        "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Synchronization",
    ]
}

/// An `import` line.
struct Import {
    var module: String
    var line: Int

    static func all(in file: SourceFile) -> [Import] {
        let kinds: Set = ["struct", "class", "enum", "func", "protocol", "var", "let", "typealias"]
        return file.occurrences(of: ["import"]).compactMap { index in
            let rest = file.tokens[(index + 1)...].drop { kinds.contains($0.text) }
            return rest.first.map { Import(module: $0.text, line: file.tokens[index].line) }
        }
    }
}
