import Core
import Federation
import FederationAPI
import Foundation
import Storage

/// `federate explain`: why is this event or peer here, or not?
extension NodeShell {
    func explain(_ id: String) async throws(Refusal) -> ExplainView {
        let nodes = Set(engine.peerRecords.map(\.node) + engine.knownOrigins)
            .filter { $0.hex.hasPrefix(id) }.sorted()
        var events = engine.waiting(idPrefix: id, limit: 3)
        do throws(StorageError) {
            for event in try log.events(idPrefix: id, limit: 3) where !events.contains(event.id) {
                events.append(event.id)
            }
            if events.isEmpty, nodes.isEmpty, let whole = EventID(hex: id) { events = [whole] }
            if nodes.count + events.count == 1 {
                if let node = nodes.first { return try explain(node) }
                return try explain(events[0])
            }
        } catch {
            throw Refusal(.cannotStore, "\(error)")
        }
        guard nodes.isEmpty, events.isEmpty else {
            throw Refusal(
                .notFound, "\(nodes.count + events.count) ids or more begin with \(id): give more")
        }
        throw Refusal(.notFound, "no event, peer or origin begins with \(id): give the whole id")
    }
}

/// Events.
extension NodeShell {
    private func explain(_ id: EventID) throws(StorageError) -> ExplainView {
        let refusals = try log.refusals(of: id).map(Self.view)
        if let entry = try log.entry(id) { return explain(entry, refusals) }
        if let waiting = engine.waiting(id) { return explain(waiting, refusals) }
        guard let last = refusals.last else {
            return ExplainView(
                subject: "event", id: id.hex, state: "unknown",
                why: "nobody has handed this event to this node, or only malformed",
                advice: "federate sync compares with every peer; look at the node that has it: "
                    + "federate explain there names its origin")
        }
        return ExplainView(
            subject: "event", id: id.hex, state: "refused",
            why: "it was refused \(refusals.reduce(0) { $0 + $1.count }) times, last for "
                + last.lastCode,
            advice: RefusalCode(rawValue: last.lastCode)?.advice, refusals: refusals)
    }

    private func explain(
        _ entry: LogEntry, _ refusals: [ExplainView.RefusalView]
    ) -> ExplainView {
        let event = entry.event
        var view = ExplainView(
            subject: "event", id: event.id.hex, state: "stored",
            why: "its origin is admitted: \(words(engine.membership.reasons[event.header.origin]))",
            refusals: refusals)
        if case .hidden(let code) = engine.standing(of: event) {
            view.state = "hidden"
            view.why =
                "it is kept, but its origin is not admitted so far: \(code.rawValue), "
                + words(engine.membership.reasons[event.header.origin])
                + words(engine.membership.extents[event.header.origin]?.cut)
            view.advice = code.advice
        }
        view.facts = facts(event, sender: entry.sender)
        view.facts.append(.init("position", "\(entry.position) in this log"))
        if event.body == nil {
            view.facts.append(.init("body", "missing; asked for from peers until it comes"))
        }
        for pair in engine.equivocations(of: event.header.origin)
        where pair.first == event.id || pair.second == event.id {
            let rival = pair.first == event.id ? pair.second : pair.first
            view.facts.append(.init("equivocation", "\(rival.hex) stands at the same place"))
        }
        return view
    }

    private func explain(
        _ waiting: WaitingEvent, _ refusals: [ExplainView.RefusalView]
    ) -> ExplainView {
        var view = ExplainView(
            subject: "event", id: waiting.event.id.hex, state: "set-aside",
            why: "its origin is not admitted: nobody whom this node trusts vouches for it",
            advice: RefusalCode.notAdmitted.advice, refusals: refusals)
        if let due = waiting.due {
            view.why = "it is from the future: taken in when due, in \(due.components.seconds) s"
            view.advice = "check the clock of its origin"
        }
        view.facts = facts(waiting.event, sender: waiting.sender)
        return view
    }

    private func facts(_ event: Event, sender: NodeID?) -> [ExplainView.Fact] {
        let header = event.header
        return [
            .init("origin", header.origin.hex), .init("sequence", "\(header.sequence)"),
            .init("author", header.author.description), .init("kind", header.kind),
            .init("path", sender.map { "handed over by \($0.hex)" } ?? "made or imported here"),
            .init("time", Self.text(header.time.physical)),
        ]
    }

    fileprivate static func view(_ refusal: RefusedEvent) -> ExplainView.RefusalView {
        ExplainView.RefusalView(
            event: refusal.id.hex, sender: refusal.sender?.hex, firstCode: refusal.firstReason,
            firstTime: text(refusal.firstTime), lastCode: refusal.reason,
            lastTime: text(refusal.time), count: refusal.count)
    }

    fileprivate static func text(_ microseconds: UInt64) -> String {
        Date(timeIntervalSince1970: Double(microseconds) / 1e6).formatted(.iso8601)
    }
}

/// Peers and origins.
extension NodeShell {
    private func explain(_ node: NodeID) throws(StorageError) -> ExplainView {
        let membership = engine.membership
        let admission = words(membership.reasons[node]) + words(membership.extents[node]?.cut)
        guard let standing = engine.view(of: node) else {
            var view = ExplainView(
                subject: node == key.node ? "this node" : "origin", id: node.hex,
                state: membership.extents[node] == nil ? "not-admitted" : "admitted",
                why: "no registration; as an origin: \(admission)")
            view.facts = shared(node, admission)
            if membership.extents[node] == nil { view.advice = RefusalCode.notAdmitted.advice }
            return view
        }
        let record = standing.record
        var view = ExplainView(
            subject: "peer", id: node.hex, state: record.state.rawValue,
            why: why(standing), advice: advice(standing),
            refusals: try log.refusals(from: node, 10).map(Self.view))
        view.facts = facts(standing) + shared(node, admission)
        return view
    }

    private func why(_ standing: PeerStanding) -> String {
        let record = standing.record
        switch record.state {
        case .active where standing.isHeldBack:
            return "approved on both sides, but the policy (min_auth_tier) asks for more proof"
        case .active: return "approved on both sides (here: \(record.approval?.rawValue ?? "-"))"
        case .pending where record.approval == nil:
            return "it proved its key and waits for this operator"
        case .pending where !record.isApprovedThere: return "it has not approved this node yet"
        case .pending: return "approved on both sides; the policy keeps it from becoming active"
        case .rejected: return "this operator said no"
        case .removed: return "the registration was ended, by this operator or by the peer"
        case .revoked:
            let event = engine.membership.revocations[record.node]?.hex ?? "-"
            return "its key was revoked by event \(event)"
        }
    }

    private func advice(_ standing: PeerStanding) -> String? {
        let record = standing.record
        switch record.state {
        case .pending where record.approval == nil:
            return "compare the safety number, then: \(approveCommand(record.node))"
        case .pending where !record.isApprovedThere: return "its operator approves this node there"
        case .rejected, .removed: return "to let it back in: \(approveCommand(record.node))"
        case .active where standing.isUnreachable:
            return "none of its addresses answers: check its network, or federate peers add URL"
        default: return nil
        }
    }

    private func facts(_ standing: PeerStanding) -> [ExplainView.Fact] {
        let record = standing.record
        let number = SafetyNumber(a: key.node, b: record.node)
        var facts: [ExplainView.Fact] = [
            .init("label", record.label), .init("safety number", number.description),
            .init("approved here", record.approval?.rawValue ?? "no"),
            .init("approved there", record.isApprovedThere ? "yes" : "no"),
        ]
        for endpoint in record.given { facts.append(.init("address, given", endpoint)) }
        for endpoint in record.endpoints {
            let reached = reached[record.node] == endpoint ? " (answered last)" : ""
            facts.append(.init("address, claimed", endpoint + reached))
        }
        if let offset = standing.clockOffset {
            facts.append(.init("clock", Self.clock(offset)))
        }
        if let heard = standing.lastHeard {
            facts.append(.init("last heard", "\((now - heard).components.seconds) s ago"))
        }
        if let next = standing.nextTry {
            facts.append(.init("next try", "in \(max(0, (next - now).components.seconds)) s"))
        }
        if let trouble = standing.lastTrouble { facts.append(.init("last trouble", trouble)) }
        if let comparison = standing.comparison {
            let isCurrent = standing.isEqual == true ? ", nothing changed since" : ""
            facts.append(.init("last comparison", comparison.verdict.rawValue + isCurrent))
        }
        if !standing.notices.isEmpty {
            let words = standing.notices.words.joined(separator: ", ")
            facts.append(.init("it says of us", words))
        }
        return facts
    }

    private static func clock(_ offset: Duration) -> String {
        let milliseconds = offset.microseconds / 1000
        return milliseconds == 0
            ? "as ours" : "\(abs(milliseconds)) ms \(milliseconds > 0 ? "ahead of" : "behind") ours"
    }

    private func shared(_ node: NodeID, _ admission: String) -> [ExplainView.Fact] {
        var facts = [ExplainView.Fact("admitted as origin", admission)]
        if let rotation = engine.membership.rotations[node] {
            facts.append(.init("successor", rotation.successor.hex))
        }
        for alarm in engine.raisedAlarms where alarm.node == node {
            let time = Self.text(alarm.time)
            facts.append(.init("alarm", "\(alarm.kind.rawValue) since \(time): \(alarm.evidence)"))
        }
        for pair in engine.equivocations(of: node).prefix(5) {
            let ids = "\(pair.first.hex), \(pair.second.hex)"
            facts.append(.init("equivocation", "place \(pair.sequence): \(ids)"))
        }
        return facts
    }
}

extension RefusalCode {
    /// What an operator can do about an event that was refused so.
    fileprivate var advice: String? {
        switch self {
        case .notAdmitted:
            "approve its origin as a peer, set auto_accept_known if a peer vouches for it, or list "
                + "it under origins in config.toml"
        case .revoked: "its key was revoked: nothing signed later is taken"
        case .tooEarly: "check the clock of its origin"
        case .badSignature, .badBody, .malformed:
            "whoever handed it over has damaged or forged it: federate explain PEER"
        case .cannotStore: "make room on this node's disk"
        default: nil
        }
    }
}
