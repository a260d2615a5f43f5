public import Core
public import MerkleSearchTree
public protocol ReconcileInitiating: Sendable {
    mutating func start() -> [UInt8]
    mutating func receive(_ message: [UInt8]) -> ReconcileStep
    mutating func close(received: [EventKey]) -> [UInt8]
}
public protocol ReconcileResponding: Sendable {
    mutating func receive(_ message: [UInt8]) -> ReconcileReply
    mutating func received(_ keys: [EventKey])
}
public enum ReconcileStep: Sendable, Equatable { case send([UInt8]), exchange(ReconcileDifference), done(ReconcileOutcome), failed(ReconcileFailure) }
public enum ReconcileReply: Sendable, Equatable { case send([UInt8]), deliver([EventKey]), failed(ReconcileFailure) }
public struct ReconcileDifference: Sendable, Equatable { public var have: [EventKey]; public var needCount: Int; public var wants: [[UInt8]] }
public struct ReconcileOutcome: Sendable, Equatable { public var contextDiffers: Bool }
public enum ReconcileFailure: Error, Equatable { case malformed, notEqual(Int) }
public struct ReconcileInitiator: ReconcileInitiating {
    public init(tree: MerkleSearchTree, salt: UInt64, context: UInt64 = 0, cutoff: Timestamp? = nil) {}
    public mutating func start() -> [UInt8] { [] }
    public mutating func receive(_ message: [UInt8]) -> ReconcileStep { .failed(.malformed) }
    public mutating func close(received: [EventKey]) -> [UInt8] { [] }
}
public struct ReconcileResponder: ReconcileResponding {
    public init(tree: MerkleSearchTree, context: UInt64 = 0, cutoff: Timestamp? = nil) {}
    public mutating func receive(_ message: [UInt8]) -> ReconcileReply { .failed(.malformed) }
    public mutating func received(_ keys: [EventKey]) {}
}
