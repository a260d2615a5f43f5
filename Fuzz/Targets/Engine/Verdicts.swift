import Core
import Synchronization

/// Whether events are signed, remembered for a while: the same few events come again and again.
enum Verdicts {
    private static let known = Mutex<[Digest: Bool]>([:])

    static func isSigned(_ event: Event) -> Bool {
        let key = event.verificationKey
        if let verdict = known.withLock({ $0[key] }) { return verdict }
        let verdict = event.isSigned()
        known.withLock { known in
            if known.count > 10_000 { known = [:] }
            known[key] = verdict
        }
        return verdict
    }
}
