// swift-tools-version: 6.2
import PackageDescription

// The house is drawn in ARCHITECTURE.md: imports point down only, and the target list below enforces it.

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "federate",
    products: [
        // `node` as a program name would shadow Node.js.
        //X .executable(name: "federate", targets: ["node"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Module maps with one shim header each, no code.
        .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
        .target(name: "Core", dependencies: ["CSodium", crypto]),
        .target(name: "MerkleSearchTree", dependencies: ["Core"]),
        .target(name: "Federation", dependencies: ["Core", "MerkleSearchTree"]),
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
for target in package.targets where ![.system, .plugin].contains(target.type) {
    target.swiftSettings = (target.swiftSettings ?? []) + settings
}
