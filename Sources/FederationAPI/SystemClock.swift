public import Core
import Foundation

extension WallTime {
    /// What the system's clock reads now.
    public static func system() -> WallTime {
        let seconds = Date().timeIntervalSince1970
        return WallTime(microseconds: UInt64(max(0, seconds) * 1_000_000))
    }

    /// Whole seconds since 1970.
    var seconds: Int64 { Int64(clamping: microseconds / 1_000_000) }
}

extension Duration {
    /// Seconds with their fraction, for a timer that counts in seconds.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
