/// What must hold for every input of one part of the project, and valid inputs to begin with.
///
/// The same body is run by libFuzzer (`scripts/fuzz`) and, on seeds and their mutations, by
/// `Tests/FuzzTests`. It gives the same answer for the same input, every time.
public struct FuzzTarget: Sendable {
    /// How an input is tried. It throws a `Finding` where a property is broken; what the part
    /// itself throws is an answer, and caught.
    public enum Body: Sendable {
        case plain(@Sendable (_ input: [UInt8]) throws -> Void)
        case waiting(@Sendable (_ input: [UInt8]) async throws -> Void)
    }

    /// In commands, and of the folder of its crashers.
    public let name: String
    /// Bytes of the longest input that is worth a try.
    public let longest: Int
    /// Mutated seeds that a test tries: as many as a few seconds allow in a debug build.
    public let mutations: Int
    /// Inputs that reach deep, the same every time.
    public let seeds: @Sendable () -> [[UInt8]]
    public let body: Body

    /// Tries one input.
    public func run(_ input: [UInt8]) async throws {
        switch body {
        case .plain(let body): try body(input)
        case .waiting(let body): try await body(input)
        }
    }

    /// Every target, by name.
    public static let all: [FuzzTarget] = [
        .cbor, .configuration, .engine, .event, .http, .link, .reconcile, .request, .response,
        .server, .stream, .text, .tls,
    ]
}

extension FuzzTarget: CustomStringConvertible {
    public var description: String { name }
}

/// A property that an input breaks.
public struct Finding: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Throws where `holds` is false.
func check(_ holds: Bool, _ what: @autoclosure () -> String) throws(Finding) {
    guard holds else { throw Finding(what()) }
}
