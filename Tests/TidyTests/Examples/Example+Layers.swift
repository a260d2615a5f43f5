extension Example {
    static let layers = [
        Example(importing, "import CSodium\npublic import Foundation", finds: [2]),
        Example(importing, "@preconcurrency import struct NIOCore.ByteBuffer", finds: [1]),
        Example(importing, "import Logging", at: "Simulations/Kit/A.swift", finds: [1]),
        Example(importing, "import Storage", at: "Sources/Federation/A.swift", finds: [1]),
        Example(importing, "import GRDB", at: "Sources/FederationAPI/A.swift", finds: [1]),
        Example(
            importing, "public import Core\nimport MerkleSearchTree",
            at: "Sources/Federation/A.swift",
            finds: []),
        Example(importing, "import GRDB", at: "Sources/node/A.swift", finds: []),
        Example(importing, "import CQREncode", at: "Sources/node/A.swift", finds: []),
        Example(importing, "import CQREncode", at: "Sources/FederationAPI/A.swift", finds: [1]),
        Example(
            "every folder of sources has its layer", "", at: "Sources/Extra/A.swift", finds: [1]),
        Example(
            "every folder of sources has its layer", "", at: "Sources/Gossip/A.swift", finds: []),
        Example("a pure module never suspends", "func f() async {}", finds: [1]),
        Example(
            "a pure module never suspends", "let async = 1", at: "Sources/node/A.swift", finds: []),
        Example("a pure module never suspends", "// async\nlet a = \"await\"", finds: []),
        Example(drawing, "let a = [1, 2].shuffled()", finds: [1]),
        Example(
            drawing, "var g = SystemRandomNumberGenerator()\nlet a = Int.random(in: 0..<9)",
            finds: [1, 2]),
        Example(drawing, "let a = ContinuousClock.now", finds: [1]),
        Example(
            drawing,
            "let a = [1].shuffled(using: &dice)\nlet b = event.time\nfunc random(below a: Int) {}",
            finds: []),
    ]

    private static let importing = "a target imports only what its layer may"
    private static let drawing = "a pure module reads no clock and draws no randomness of its own"
}
