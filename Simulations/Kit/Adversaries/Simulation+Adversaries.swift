public import Core
import Federation
import Gossip

/// Nodes that are not what they seem.
extension Simulation {
    /// From now on, and for good, a node is dishonest. `victim` is whom it is against, where its
    /// kind is against one: the first honest node unless another one is named.
    public mutating func corrupt(_ index: Int, _ kind: AdversaryKind, victim: Int? = nil) {
        let first = nodes.indices.first { $0 != index && isHonest($0) }
        var adversary = Adversary(
            kind, since: now, victim: victim ?? first ?? index,
            dice: seeds.dice("adversary", index), life: nodes[index].life, wires: wires(of: index))
        adversary.acts = adversaries[index]?.acts ?? 0
        let isFirst = adversaries[index] == nil
        adversaries[index] = adversary
        // A node that was dishonest before has its turns planned already.
        if isFirst { heap.push(.act(index), at: now) }
    }

    /// A dishonest node does from now on what its engine wants; it still counts as dishonest.
    public mutating func reform(_ index: Int) { adversaries[index]?.reform() }

    /// Whether a node has never been anything but honest.
    public func isHonest(_ index: Int) -> Bool { adversaries[index] == nil }

    /// What a node is and since when; nil of one that is honest.
    public func dishonesty(of index: Int) -> (kind: AdversaryKind, since: Instant)? {
        adversaries[index].map { ($0.kind, $0.since) }
    }

    /// How often a node has done what no honest node does: that an attack took place at all.
    public func adversaryActs(of index: Int) -> Int { adversaries[index]?.acts ?? 0 }

    /// Honest nodes, ascending.
    public var honestNodes: [Int] { nodes.indices.filter { isHonest($0) } }
}

/// The hooks: between an engine and what is carried out for it.
extension Simulation {
    /// What becomes of an engine's effects.
    mutating func twist(_ effects: [Effect], of index: Int) -> [Effect] {
        // Taken out, so that what it holds is not copied.
        guard var adversary = adversaries.removeValue(forKey: index) else { return effects }
        adversary.lives(nodes[index].life)
        var scene = scene(of: index, adversary)
        var twisted: [Effect] = []
        for effect in effects { twisted += adversary.twist(effect, &scene) }
        adversary.keep(scene)
        twisted += grant(&adversary, of: index)
        adversaries[index] = adversary
        return twisted
    }

    /// What of these inputs an engine hears.
    mutating func overhear(_ inputs: [Input], of index: Int) -> [Input] {
        guard nodes[index].isUp, var adversary = adversaries.removeValue(forKey: index) else {
            return inputs
        }
        adversary.lives(nodes[index].life)
        var scene = scene(of: index, adversary)
        let heard = inputs.filter { adversary.hears($0, &scene) }
        adversary.keep(scene)
        adversaries[index] = adversary
        return heard
    }

    /// A node's time to act by itself has come.
    mutating func act(_ index: Int) {
        guard var adversary = adversaries.removeValue(forKey: index) else { return }
        let period = adversary.attack.period
        var effects: [Effect] = []
        let isAwake = nodes[index].isUp && !nodes[index].isPaused
        if isAwake, period != nil {
            adversary.lives(nodes[index].life)
            var scene = scene(of: index, adversary)
            adversary.act(&scene)
            adversary.keep(scene)
            effects = grant(&adversary, of: index)
        }
        adversaries[index] = adversary
        if isAwake { perform(effects, of: index) }
        // Kept up even by those who never act: another kind may take their place.
        heap.push(.act(index), at: now + (period ?? .seconds(1)))
    }

    /// Carries out what is no effect, and says what is.
    private mutating func grant(_ adversary: inout Adversary, of index: Int) -> [Effect] {
        let (effects, others) = adversary.effects()
        for wish in others {
            switch wish {
            case .input(let input): schedule(input, to: index, at: now)
            case .rollBack(let log):
                adversary.snapshot = log
                heap.push(.rolledBack(index), at: now)
            case .put, .effect: break
            }
        }
        return effects
    }

    /// A node's disk is put back to what it was, and its engine started from it.
    mutating func rollBack(_ index: Int) {
        guard let log = adversaries[index]?.snapshot else { return }
        adversaries[index]?.snapshot = nil
        if nodes[index].isUp { crash(index) }
        nodes[index].log = log
        start(index)
    }

    /// Links that are open already: what was numbered on them stays so.
    private func wires(of index: Int) -> [LinkName: Wire] {
        nodes[index].pipes.mapValues { _ in Wire() }.merging(
            nodes[index].pipes.keys.compactMap { name in
                nodes[index].engine?.gossip.originTable(of: name).map { (name, Wire($0)) }
            }
        ) { $1 }
    }

    private func scene(of index: Int, _ adversary: Adversary) -> Scene {
        let gossip = nodes[index].engine?.gossip
        let accomplices = adversaries.filter { $0.value.kind == adversary.kind }.keys.sorted()
        return Scene(
            key: nodes[index].key, now: now, since: adversary.since, wall: wall(of: index),
            log: nodes[index].log,
            neighbors: (gossip?.neighborNames ?? []).map { name, node in
                Scene.Neighbor(link: name, node: node, room: room(over: name, of: index))
            },
            peers: gossip?.activePeers ?? [], victim: nodes[adversary.victim].key.node,
            accomplices: accomplices.map { nodes[$0].key.node }.sorted(), seeds: seeds,
            dice: adversary.dice, lastNumber: adversary.lastNumber)
    }

    /// Bytes that a link's other end still takes: what an adversary sends beyond that would wait at
    /// home.
    private func room(over name: LinkName, of index: Int) -> Int {
        guard let pipe = nodes[index].pipes[name].flatMap({ pipes[$0] }) else { return 0 }
        let end: PipeEnd = name.isOurs ? .acceptor : .dialler
        return max(0, 128 << 10 - pipe[end].unread)
    }
}
