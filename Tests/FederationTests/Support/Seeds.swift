import Foundation

/// Seeds for property tests; `SEED=7` runs that seed alone.
enum Seeds {
    static func upTo(_ count: UInt64) -> [UInt64] {
        ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init).map { [$0] }
            ?? Array(1...count)
    }
}
