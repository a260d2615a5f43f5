import Core
import Federation
import Testing

/// Invites: good once, for a while, and never forgotten once they are used.
@Suite(.timeLimit(.minutes(10)))
struct InviteTests {
    private func world(_ count: UInt8 = 3) -> World { World.strangers(count) }

    private func made(_ world: World, life: Duration = .seconds(3600)) -> Invite? {
        if case .invite(let invite)? = world.with(0, { $0.operate(.invite(life: life)) }) {
            return invite
        }
        return nil
    }

    private func join(_ world: World, _ place: Int, _ invite: Invite) -> Token {
        let token = world.nodes[place].newToken()
        world.give(
            place, .operate(token, .join(world.nodes[0].id, endpoints: ["https://n1"], invite)))
        return token
    }

    private func refusal(_ world: World, _ place: Int, _ token: Token) -> RefusalCode? {
        for case .operation(token, .failed(let refusal)) in world.reports[place] {
            return refusal.code
        }
        return nil
    }

    private func state(_ world: World, _ a: Int, _ b: Int) -> PeerRecord.State? {
        world.nodes[a].disk.peer(world.nodes[b].id)?.state
    }

    @Test func anInviteRegistersInOneStep() throws {
        let world = world()
        let invite = try #require(made(world))
        _ = join(world, 1, invite)
        world.settle()
        #expect(state(world, 0, 1) == .active)
        #expect(state(world, 1, 0) == .active)
        #expect(world.nodes[0].disk.peer(world.nodes[1].id)?.approval == .invite)
        #expect(world.nodes[0].disk.invites.map(\.usedBy) == [world.nodes[1].id])
    }

    @Test(arguments: [false, true])
    func anInviteIsGoodOnce(_ restarts: Bool) throws {
        let world = world()
        let invite = try #require(made(world))
        _ = join(world, 1, invite)
        world.settle()
        if restarts { world.nodes[0].restart() }
        let second = join(world, 2, invite)
        world.settle()
        #expect(refusal(world, 2, second) == .badInvite)
        #expect(state(world, 0, 2) == nil)
        // Whoever used it may come again: the answer may have been lost.
        let again = join(world, 1, invite)
        world.settle()
        #expect(refusal(world, 1, again) == nil)
        #expect(state(world, 0, 1) == .active)
    }

    @Test func anExpiredOneAndAForgedOneAreRefused() throws {
        let world = world()
        let late = try #require(made(world, life: .seconds(60)))
        var forged = try #require(made(world))
        forged.secret[3] ^= 1
        var unknown = forged
        unknown.id ^= 1
        world.with(0) { $0.sleep(.seconds(61)) }
        for bad in [late, forged, unknown] {
            let token = join(world, 1, bad)
            world.settle()
            #expect(refusal(world, 1, token) == .badInvite)
            #expect(state(world, 0, 1) == nil)
        }
    }

    /// Lost are, in turn: introduce, challenge, confirm, registration.
    @Test(arguments: 0..<4, [false, true])
    func aLostMessageIsMadeGoodWithoutTheOperator(_ lost: Int, _ restartsServer: Bool) throws {
        let world = world(2)
        let invite = try #require(made(world))
        var passed = 0
        world.loses = { _ in
            passed += 1
            return passed == lost + 1
        }
        _ = join(world, 1, invite)
        world.settle()
        if restartsServer { world.crash(0, afterStoring: false) }
        // Before the challenge nobody is known, and the operator hears that it failed.
        if lost < 2 { _ = join(world, 1, invite) }
        world.run(for: .seconds(120))
        #expect(state(world, 0, 1) == .active)
        #expect(state(world, 1, 0) == .active)
    }

    @Test(arguments: [false, true])
    func itIsUsedWhenThatIsDurableAndNotBefore(_ isStored: Bool) throws {
        let world = world()
        let invite = try #require(made(world))
        world.nodes[0].holds = [.store]
        _ = join(world, 1, invite)
        world.settle()
        #expect(state(world, 1, 0) == .pending)
        world.nodes[0].holds = []
        world.crash(0, afterStoring: isStored)
        let second = join(world, 2, invite)
        world.settle()
        #expect(refusal(world, 2, second) == (isStored ? .badInvite : nil))
        #expect(state(world, 0, 2) == (isStored ? nil : .active))
        #expect(state(world, 0, 1) == (isStored ? .active : nil))
    }

    @Test func anInviteThatCouldNotBeStoredIsNone() {
        let world = world()
        world.nodes[0].fails = [.store]
        guard case .failed(let refusal)? = world.with(0, { $0.operate(.invite(life: .seconds(9))) })
        else {
            Issue.record("it fails")
            return
        }
        #expect(refusal.code == .cannotStore)
        world.nodes[0].fails = []
        world.with(0) { $0.sleep(.seconds(2)) }
        #expect(world.nodes[0].disk.invites.isEmpty)
    }

    @Test(arguments: [PeerRecord.State.removed, .rejected, .revoked])
    func anInviteBringsNobodyBack(_ ended: PeerRecord.State) throws {
        let world = world()
        _ = world.with(1) { $0.operate(.add(endpoint: "https://n1")) }
        world.settle()
        let peer = world.nodes[1].id
        world.with(0) { node in
            switch ended {
            case .removed:
                _ = node.operate(.approve(peer))
                _ = node.operate(.remove(peer))
            case .rejected: _ = node.operate(.reject(peer))
            default: _ = node.operate(.revoke(peer, nil))
            }
        }
        world.settle()
        let record = world.nodes[0].disk.peer(peer)
        #expect(record?.state == ended)
        let invite = try #require(made(world))
        _ = join(world, 1, invite)
        world.run(for: .seconds(40))
        #expect(world.nodes[0].disk.peer(peer) == record)
        #expect(world.nodes[0].disk.invites.map(\.usedBy) == [nil])
    }

    @Test func openInvitesAreBounded() {
        let world = world()
        for _ in 0..<64 { #expect(made(world) != nil) }
        #expect(made(world) == nil)
        world.with(0) { $0.sleep(.seconds(3601)) }
        #expect(made(world) != nil)
        #expect(world.nodes[0].disk.invites.count == 1)
    }

    @Test func itsOwnInviteIsNoneForANode() throws {
        let world = world()
        let invite = try #require(made(world))
        let token = join(world, 0, invite)
        #expect(refusal(world, 0, token) == .misaddressed)
    }
}
