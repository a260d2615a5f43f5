import Core
import Federation
import Gossip

/// One of many who want to be all neighbors of one node: it dials its victim, urgently, takes every
/// link that the victim dials, names none but its accomplices, and tells it nothing.
struct Eclipse: Attack {
    var period: Duration? { .milliseconds(500) }
    /// Links with the victim, which the attack runs itself.
    private var links: [LinkName: FrameBuffer] = [:]
    private var dialledAt: Instant?

    mutating func act(_ scene: inout Scene) {
        for neighbor in scene.neighbors where neighbor.node == scene.victim {
            scene.wish(.effect(.unlink(neighbor.link)))
        }
        guard links.isEmpty, dialledAt.map({ scene.now - $0 > .seconds(5) }) ?? true else { return }
        dialledAt = scene.now
        let name = LinkName(number: 1 << 40 | scene.nextNumber(), isOurs: true)
        let victim = Destination(node: scene.victim, endpoints: [])
        scene.wish(.effect(.link(name, to: victim)))
        scene.acted()
    }

    mutating func restarted() {
        links = [:]
        dialledAt = nil
    }

    mutating func hears(_ input: Input, _ scene: inout Scene) -> Bool {
        switch input {
        case .linked(let link, let caller) where caller.node == scene.victim:
            links[link] = FrameBuffer()
            scene.wish(.effect(.read(link)))
            if link.isOurs {
                let hello = Frame.hello(versions: [Frame.version], .urgent)
                scene.put([.frame(hello)], over: link)
            }
            return false
        case .received(let link, let bytes) where links[link] != nil:
            links[link]?.append(bytes)
            // The victim is honest: what it sends can be read.
            while let bytes = try? links[link]?.next(), let frame = try? Frame(decoding: bytes) {
                answer(frame, over: link, &scene)
            }
            scene.wish(.effect(.read(link)))
            return false
        case .unlinked(let link, _):
            return links.removeValue(forKey: link) == nil
        default: return true
        }
    }

    private func answer(_ frame: Frame, over link: LinkName, _ scene: inout Scene) {
        switch frame {
        case .hello: scene.put([.frame(.welcome(version: Frame.version))], over: link)
        case .welcome: scene.put([.frame(.shuffle(accomplices(&scene)))], over: link)
        case .ping(let number): return scene.put([.frame(.pong(number))], over: link)
        case .shuffle: scene.put([.frame(.shuffleReply(accomplices(&scene)))], over: link)
        case .bye: scene.wish(.effect(.unlink(link)))
        case .part(isEnd: true, let part):
            // A short question is one part: it is put off, so that the link stays.
            guard case .ask(let number, _)? = try? LinkMessage(decoding: part) else { return }
            let refusal = Response.refused(Refusal(.busy))
            let answer = LinkMessage.answer(number: number, refusal.encoded())
            scene.put([.message(answer)], over: link)
        default: return
        }
        scene.acted()
    }

    mutating func twist(_ effect: Effect, _ scene: inout Scene) -> [Effect] {
        guard case .link(let link, let destination) = effect, destination.node == scene.victim
        else { return [effect] }
        scene.wish(.input(.unlinked(link, .timedOut)))
        return []
    }

    mutating func twist(
        _ piece: LinkPiece, over link: LinkName, _ scene: inout Scene
    ) -> [LinkPiece] {
        switch piece {
        case .frame(.shuffle): [.frame(.shuffle(accomplices(&scene)))]
        case .frame(.shuffleReply): [.frame(.shuffleReply(accomplices(&scene)))]
        default: [piece]
        }
    }

    private func accomplices(_ scene: inout Scene) -> [NodeID] {
        var drawn: [NodeID] = []
        for _ in 0..<8 {
            if let node = scene.draw(scene.accomplices), !drawn.contains(node) {
                drawn.append(node)
            }
        }
        return drawn
    }
}
