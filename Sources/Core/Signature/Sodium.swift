import CSodium

/// libsodium, initialised once before its first use.
enum Sodium {
    private static let ready: Bool = sodium_init() >= 0

    /// Stops the process where libsodium can't start: without randomness nothing else may run.
    static func start() {
        precondition(ready, "libsodium could not start: the system has no source of randomness")
    }
}
