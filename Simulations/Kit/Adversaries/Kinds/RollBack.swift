import Core
import Federation

/// Puts its disk back to an earlier state, and signs the places of its chain that came after it a
/// second time.
struct RollBack: Attack {
    /// Turns from a snapshot to going back to it, and to the next snapshot.
    private static let life = 8
    private static let period = 20

    var period: Duration? { .milliseconds(500) }
    private var turns = 0
    private var snapshot: MemoryLog?

    mutating func act(_ scene: inout Scene) {
        if turns == 0 { snapshot = scene.log }
        turns += 1
        if turns == Self.life, let snapshot {
            scene.wish(.rollBack(snapshot))
            self.snapshot = nil
            // At once, before anybody tells it what it has signed.
            for _ in 0..<3 { post("again", &scene) }
            scene.acted()
        } else if turns < Self.life {
            post("before", &scene)
        }
        turns %= Self.period
    }

    private func post(_ text: String, _ scene: inout Scene) {
        guard let author = Author(role: .ai, name: "adversary") else { return }
        let token = Scene.token(scene.nextNumber())
        let draft = Draft(author: author, kind: "message.post", body: Array(text.utf8))
        scene.wish(.input(.append(token, [draft])))
    }
}
