// swift-tools-version: 6.2
import PackageDescription

// The house is drawn in ARCHITECTURE.md: imports point down only, and the dependencies below
// enforce it.

let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let certificates = Target.Dependency.product(name: "X509", package: "swift-certificates")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let signals = Target.Dependency.product(
    name: "UnixSignals", package: "swift-service-lifecycle")

// Part of the program, so that it needs no folder beside it. The tests compare with the folder.
let scenarioFiles: [Resource] = [
    "steady", "cold-start", "single-origin", "all-origins", "burst", "loss-5", "loss-20",
    "loss-burst", "churn-5", "churn-20", "churn-60", "churn-empty", "crash-30", "crash-50",
    "crash-80", "crash-90", "partition-10", "partition-60", "partition-300", "partition-1800",
    "isolate", "one-way", "flapping", "late-joiner", "slow-peer", "disk-lies", "crash-disk",
    "disk-full", "clock-5s", "clock-59s", "clock-61s", "clock-hour", "clock-frozen", "join-storm",
    "reconnect", "duplication", "restore", "removed", "ring", "star", "streams", "regions",
    "slow-lines", "soak", "byz-forge", "byz-mutate-relay", "byz-replay", "byz-clock",
    "byz-equivocate", "byz-flood", "byz-ihave", "byz-graft", "byz-prune", "byz-silent",
    "byz-withhold", "byz-eclipse", "byz-root-lie", "byz-slowloris", "byz-joinstorm", "byz-rollback",
].map { .embedInCode("\($0).toml") }

// The report's page is part of the program too.
let pageFiles: [Resource] = [
    "page.html", "page.css", "core.js", "bars.js", "lines.js", "latency.js", "layout.js",
    "network.js", "canvas.js", "timeline.js", "main.js",
].map { .embedInCode("Report/Page/\($0)") }

let package = Package(
    name: "federate",
    products: [
        // `node` as a program's name would shadow Node.js.
        .executable(name: "federate", targets: ["node"])
    ],
    dependencies: [
        // Why each of them: docs/decisions/0001-dependencies.md
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // Without its default trait, which would add swift-configuration.
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Module maps with one shim header each, no code.
        .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CAvahi", providers: [.apt(["libavahi-client-dev"])]),
        .systemLibrary(name: "CQREncode", providers: [.apt(["libqrencode-dev"])]),

        // Carry-less multiplication, which Swift has no word for.
        .target(name: "CGalois"),

        // The engine: no I/O, no clock, no Foundation.
        .target(name: "Core", dependencies: ["CSodium", crypto]),
        .target(name: "MerkleSearchTree", dependencies: ["Core", "CGalois"]),
        .target(name: "Gossip", dependencies: ["Core"]),
        .target(name: "Federation", dependencies: ["Core", "Gossip", "MerkleSearchTree"]),

        // The shells.
        .target(name: "Discovery", dependencies: ["Core", "CAvahi", logging, lifecycle]),
        .target(name: "Storage", dependencies: ["Core", grdb]),
        .target(
            name: "FederationAPI",
            dependencies: [
                "Core", "Federation", asn1, certificates, crypto, httpTypes, hummingbird,
                hummingbirdTLS, lifecycle, logging, nioCore, nioHTTP1, nioPosix, nioSSL, nioTLS,
            ]),
        .target(
            name: "SimulationKit",
            dependencies: ["Core", "Gossip", "MerkleSearchTree", "Federation"],
            path: "Simulations/Kit", resources: pageFiles),
        .target(
            name: "Scenarios",
            dependencies: [
                "Core", "Federation", "Gossip", "SimulationKit",
                .product(name: "TOMLKit", package: "TOMLKit"),
            ],
            path: "Simulations/Scenarios", resources: scenarioFiles),
        .executableTarget(
            name: "node",
            dependencies: [
                "CQREncode", "Core", "Discovery", "Federation", "FederationAPI", "Gossip",
                "MerkleSearchTree", "Scenarios", "SimulationKit", "Storage", lifecycle, logging,
                nioCore, signals,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]),

        // Tests, and the small programs that they start and kill.
        .testTarget(
            name: "CoreTests", dependencies: ["Core"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "MerkleSearchTreeTests", dependencies: ["CGalois", "Core", "MerkleSearchTree"],
            resources: [.copy("Fixtures")]),
        .testTarget(name: "GossipTests", dependencies: ["Core", "Gossip"]),
        .testTarget(
            name: "FederationTests",
            dependencies: ["Core", "Federation", "Gossip", "MerkleSearchTree"]),
        .executableTarget(
            name: "storage-probe", dependencies: ["Core", "Storage"], path: "Tests/StorageProbe"),
        .testTarget(
            name: "StorageTests", dependencies: ["Core", "Storage", "storage-probe", grdb]),
        .executableTarget(
            name: "discovery-probe",
            dependencies: ["Core", "Discovery", lifecycle, logging, signals],
            path: "Tests/DiscoveryProbe"),
        .testTarget(
            name: "DiscoveryTests",
            dependencies: ["Core", "Discovery", "discovery-probe", lifecycle, logging]),
        .testTarget(
            name: "FederationAPITests",
            dependencies: [
                "Core", "Federation", "FederationAPI", "Gossip", "MerkleSearchTree", asn1,
                certificates, crypto, lifecycle, logging, nioCore, nioHTTP1, nioPosix, nioSSL,
                nioTLS,
            ]),
        .testTarget(
            name: "SimulationKitTests",
            dependencies: ["Core", "Federation", "Gossip", "MerkleSearchTree", "SimulationKit"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "ScenariosTests",
            dependencies: ["Core", "Federation", "Gossip", "Scenarios", "SimulationKit"]),
        .testTarget(
            name: "NodeTests",
            dependencies: [
                "Core", "FederationAPI", "Gossip", "Scenarios", "SimulationKit", "node",
            ]),
        .testTarget(
            name: "EndToEndTests", dependencies: ["Core", "FederationAPI", "Storage", "node"]),
        .testTarget(name: "TidyTests"),

        // What must hold for every input: tests replay it, libFuzzer looks for more.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Core", "Discovery", "Federation", "FederationAPI", "Gossip", "MerkleSearchTree",
                "SimulationKit", logging, nioCore, nioEmbedded,
                .product(name: "TOMLKit", package: "TOMLKit"),
            ], path: "Fuzz/Targets"),
        .testTarget(name: "FuzzTests", dependencies: ["Core", "FuzzTargets"]),
    ]
)

// One loop for all: a setting that holds for one target holds for every target.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    // `any` is written where dispatch is dynamic.
    .enableUpcomingFeature("ExistentialAny"),
    // An import is part of the interface only where it says `public`.
    .enableUpcomingFeature("InternalImportsByDefault"),
    // A member is visible only through a module that the file imports.
    .enableUpcomingFeature("MemberImportVisibility"),
    // An async function runs where its caller does.
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    // Each unsafe expression is marked.
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]
for target in package.targets where target.type != .system && target.name != "CGalois" {
    target.swiftSettings = settings
}

// `scripts/fuzz` builds with this set, in a folder of its own. libFuzzer counts the edges of the
// project's modules alone.
if Context.environment["FEDERATE_FUZZ"] != nil {
    let watched = [
        "Core", "MerkleSearchTree", "Federation", "FederationAPI", "Discovery", "FuzzTargets",
    ]
    for target in package.targets where watched.contains(target.name) {
        target.swiftSettings?.append(.unsafeFlags(["-O", "-sanitize=fuzzer"]))
    }
    package.targets.append(.systemLibrary(name: "CFuzzer", path: "Fuzz/CFuzzer"))
    package.targets.append(
        .executableTarget(
            name: "federate-fuzz", dependencies: ["CFuzzer", "FuzzTargets"], path: "Fuzz/Driver",
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library", "-sanitize=fuzzer"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
}
