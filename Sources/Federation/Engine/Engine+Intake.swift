import Core

/// Append, import, verify, commit: how events become durable, and who hears of it.
extension Engine {
    mutating func append(
        _ drafts: [Draft], _ token: Token, _ now: Instant, _ effects: inout [Effect]
    ) {
        if let refusal = refusal(of: drafts) ?? ownKeyEnd ?? clockRefusal {
            count(refusal.code)
            report(.appendFailed(token, refusal), &effects)
            return
        }
        let sorted = drafts.map { draft in
            var draft = draft
            draft.parents = Set(draft.parents).sorted()
            return draft
        }
        submit(Job(.append(token), drafts: sorted), &effects)
    }

    private func refusal(of drafts: [Draft]) -> Refusal? {
        if let refusal = restoreRefusal { return refusal }
        guard !drafts.isEmpty, drafts.count <= Limits.batchEvents else {
            return Refusal(.tooLarge, "post 1 to \(Limits.batchEvents) events at once")
        }
        guard intake.hasRoom else {
            return Refusal(.busy, "too much is on its way to the disk", retryAfter: .seconds(1))
        }
        for draft in drafts {
            guard (1...Limits.nameBytes).contains(draft.kind.utf8.count) else {
                return Refusal(.malformed, "a kind has 1 to \(Limits.nameBytes) bytes")
            }
            guard draft.body.count <= Limits.bodyBytes else {
                return Refusal(.tooLarge, "a body has at most \(Limits.bodyBytes) bytes")
            }
            guard Set(draft.parents).count <= Limits.parents else {
                return Refusal(.tooLarge, "an event has at most \(Limits.parents) parents")
            }
            guard !EventKind.statements.contains(draft.kind) else {
                return Refusal(
                    .notAllowed, "\(draft.kind) is written by federate peers and federate identity")
            }
            let author = draft.author
            guard author.role != .human || settings.humans.contains(author.name) else {
                return Refusal(
                    .notAllowed, "\(author) is not listed: add it to humans under [authors]")
            }
        }
        return nil
    }

    mutating func importEvents(_ batch: Batch, _ token: Token, _ effects: inout [Effect]) {
        submit(Job(.imported(token), batch), &effects)
    }

    /// Sends a job on its way: to verification where an event is new, else straight to the next
    /// commit.
    mutating func submit(_ job: Job, _ effects: inout [Effect]) {
        var job = job
        intake.jobs += 1
        intake.bytes += job.bytes
        if job.sender != nil { receivedEvents += UInt64(job.events.count) }
        // What is held needs no second look; where it brings the body that is missing, its hash
        // proves it. The id does not cover the signature: what is only set aside is known by its
        // signature too.
        job.verdicts = job.events.map { event in
            let isKnown =
                index.contains(event) || index.aside[event.id]?.event.signature == event.signature
            return isKnown ? true : nil
        }
        let unknown = zip(job.events, job.verdicts).filter { $0.1 == nil }.map(\.0)
        if unknown.isEmpty {
            line(up: job, &effects)
        } else {
            effects.append(.verify(token(for: .verify(job)), unknown))
        }
    }

    mutating func verified(_ token: Token, _ verdicts: [Bool], _ effects: inout [Effect]) {
        guard case .verify(var job)? = asked.removeValue(forKey: token) else { return }
        var answers = verdicts[...]
        for place in job.verdicts.indices where job.verdicts[place] == nil {
            job.verdicts[place] = answers.popFirst() ?? false
        }
        line(up: job, &effects)
    }

    private mutating func line(up job: Job, _ effects: inout [Effect]) {
        if case .gossiped = job.source { judge(job) }
        if case .streamed(let node, let stream, _, _) = job.source {
            guard isCurrent(stream, of: node) else { return drop(job) }
            // The next page may travel while this one is stored, unless the disk is behind.
            if intake.hasRoom {
                effects.append(.proceed(stream))
            } else {
                intake.withheld.append(stream)
            }
        }
        intake.ready.append(job)
    }

    private mutating func drop(_ job: Job) {
        intake.jobs -= 1
        intake.bytes -= job.bytes
    }

    private func isCurrent(_ stream: Token, of node: NodeID) -> Bool {
        peers[node]?.download.state == .streaming(stream)
    }

    /// Starts the next commit, unless one is under way. What arrives meanwhile shares the one after
    /// it.
    mutating func commit(_ now: Instant, _ effects: inout [Effect]) {
        while intake.storing == nil, !intake.ready.isEmpty || mayStoreRecords(now) {
            commitOnce(now, &effects)
        }
    }

    /// Records alone wait a little after a failure, or a full disk would be asked without end.
    private func mayStoreRecords(_ now: Instant) -> Bool {
        hasDirtyRecords && (intake.retryAt.map { $0 <= now } ?? true)
    }

    private mutating func commitOnce(_ now: Instant, _ effects: inout [Effect]) {
        var composition = Composition(
            index, membership, key: key, wall: wall, secrets: secrets)
        var jobs: [Job] = []
        var count = 0
        while let job = intake.ready.first, count == 0 || count < EngineLimits.commitEvents {
            intake.ready.removeFirst()
            if case .streamed(let node, let stream, _, _) = job.source, !isCurrent(stream, of: node)
            {
                drop(job)
                continue
            }
            if let sender = job.sender, peers[sender]?.record.isOver == true {
                // It was ended while this was verified.
                drop(job)
                fail(job, Refusal(.removed, "the registration ended"), now, &effects)
                continue
            }
            jobs.append(job)
            composition.add(&jobs[jobs.count - 1])
            count += job.events.count + job.drafts.count
        }
        let said = say(&composition)
        var (write, cursors, reports, secrets) = composition.finish()
        self.secrets = secrets
        for case .refused(_, _, let code) in reports { self.count(code) }
        // That peers hand a restored node its own events is what it waits for.
        act(on: composition.findings, &effects)
        effects += reports.map(Effect.report)
        addRecords(to: &write, cursors)
        guard !write.isEmpty else {
            waitToSay(now)
            return settle(jobs, now, &effects)
        }
        let token = token(for: .store)
        intake.storing = Intake.Storing(
            token: token, jobs: jobs, write: write, statements: said, cursors: cursors)
        effects.append(.store(token, write))
    }

    private mutating func act(on findings: [Composition.Finding], _ effects: inout [Effect]) {
        for finding in findings {
            switch finding {
            // That peers hand a restored node its own events is what it waits for.
            case .ownEventFromElsewhere where settings.restoredSequence != nil: continue
            case .ownEventFromElsewhere(let id, let sender):
                alarm(
                    .ownKeyTwice, key.node,
                    "\(sender.hex) has event \(id.hex), which this key signed and this log lacked: "
                        + "a second process, or an older copy of this folder", &effects)
            case .contested(let origin, let id):
                alarm(
                    .contestedRotation, origin,
                    "event \(id.hex) names another successor than the one that was followed",
                    &effects)
            }
        }
    }

    /// Statements that can't be signed now wait for a better moment.
    private mutating func waitToSay(_ now: Instant) {
        guard !statements.isEmpty else { return }
        hasDirtyRecords = true
        intake.retryAt = now + EngineLimits.storeAgain
    }

    /// Adds the statements that wait, where they may be signed now; returns how many. They share
    /// the commit of the records that they speak of.
    private mutating func say(_ composition: inout Composition) -> Int {
        guard var job = statementJob, clockRefusal == nil, restoreRefusal == nil else { return 0 }
        composition.add(&job)
        return job.refusal == nil ? job.made.count : 0
    }

    private mutating func addRecords(to write: inout LogWrite, _ cursors: [NodeID: Cursor]) {
        hasDirtyRecords = false
        write.invites = Set(dirtyInvites).sorted().compactMap { invites[$0] }
        write.endedInvites = endedInvites
        write.alarms = dirtyAlarms
        write.released += releases
        (dirtyInvites, endedInvites, dirtyAlarms, releases) = ([], [], [], [])
        let candidates = dirtyPeers.union(cursors.keys)
        dirtyPeers = []
        for node in candidates.sorted() {
            guard var record = peers[node]?.record else { continue }
            let moved = cursors[node].flatMap { $0 == record.cursor ? nil : $0 }
            guard moved != nil || peers[node]?.isDirty == true else { continue }
            record.cursor = moved ?? record.cursor
            peers[node]?.isDirty = false
            write.peers.append(record)
        }
    }

    mutating func stored(_ token: Token, _ now: Instant, _ effects: inout [Effect]) {
        asked[token] = nil
        guard let storing = intake.storing, storing.token == token else { return }
        intake.storing = nil
        intake.retryAt = nil
        statements.removeFirst(storing.statements)
        waitToSay(now)
        if index.apply(storing.write, membership) { isMembershipStale = true }
        commons.dropOld(eventCount)
        // With its key's last event the node falls silent.
        if index.controls[key.node].contains(where: \.endsOwnKey) { statements = [] }
        for event in storing.jobs.flatMap(\.events) where storing.write.bodies[event.id] != nil {
            if let control = Control(event), index.add(control) { isMembershipStale = true }
        }
        for (node, cursor) in storing.cursors { peers[node]?.record.cursor = cursor }
        // Before anybody is answered: the answer says what follows from what is stored.
        settleMembership(now, &effects)
        settle(storing.jobs, now, &effects)
        guard !storing.write.entries.isEmpty else { return }
        report(.accepted(storing.write.entries), &effects)
        linkWork.noteLate(
            storing.write.entries.lazy.map(\.event.header.time),
            above: wall + EngineLimits.gossipGrace, now)
        spread(storing.write.entries, now, &effects)
        gossip(storing, now, &effects)
    }

    /// Answers everybody whose work is durable now.
    private mutating func settle(
        _ jobs: [Job], _ now: Instant, _ effects: inout [Effect]
    ) {
        for job in jobs {
            drop(job)
            finish(job, now, &effects)
        }
        while intake.hasRoom, !intake.withheld.isEmpty {
            let stream = intake.withheld.removeFirst()
            if asked[stream] != nil { effects.append(.proceed(stream)) }
        }
        readOnAll(now, &effects)
    }

    private mutating func finish(_ job: Job, _ now: Instant, _ effects: inout [Effect]) {
        switch job.source {
        case .push(let exchange, let node):
            note(keys(of: job), from: node)
            // Useful work is free: only duplicates and garbage use a budget up.
            let useful = job.outcomes.count { $0 == .stored || $0 == .setAside }
            peers[node]?.budget.refund(verifications: useful)
            reply(exchange, .outcomes(job.allOutcomes), &effects)
        case .streamed(let node, _, _, let isEnd):
            took(job, from: node, isEnd: isEnd, now)
        case .pulled(let node, let next, let isEnd):
            pulled(job, from: node, next: next, isEnd: isEnd, now, &effects)
        case .fetched(let node, let session):
            fetched(job, from: node, session: session, now, &effects)
        case .append(let token):
            if let refusal = job.refusal {
                count(refusal.code)
                report(.appendFailed(token, refusal), &effects)
            } else {
                report(.appended(token, job.made), &effects)
            }
        case .imported(let token): report(.imported(token, job.allOutcomes), &effects)
        case .records(let answer): self.answer(answer, now, &effects)
        case .gossiped(let node): tookGossip(job, from: node, now, &effects)
        case .bodies, .aside, .statements: break
        }
    }

    /// Keys of the job's events that are held now.
    func keys(of job: Job) -> [EventKey] {
        zip(job.events, job.outcomes).filter { $0.1 == .stored || $0.1 == .alreadyHeld }
            .map(\.0.key)
    }

    private mutating func answer(
        _ answer: Job.RecordsAnswer, _ now: Instant, _ effects: inout [Effect]
    ) {
        switch answer {
        case .nobody: break
        case .registration(let exchange, let node):
            reply(exchange, registration(of: node, now), &effects)
        case .invite(let token, let invite): report(.operation(token, .invite(invite)), &effects)
        case .done(let token): report(.operation(token, .done), &effects)
        case .request(let exchange, let response): reply(exchange, response, &effects)
        case .operation(let token, let node):
            let result = peers[node].map { OperationResult.peer($0.record) } ?? .done
            report(.operation(token, result), &effects)
        }
    }

    mutating func storeFailed(
        _ token: Token, _ cause: String, _ now: Instant, _ effects: inout [Effect]
    ) {
        asked[token] = nil
        guard let storing = intake.storing, storing.token == token else { return }
        intake.storing = nil
        intake.retryAt = now + EngineLimits.storeAgain
        // Records changed in memory are written with the next commit.
        for record in storing.write.peers { markDirty(record.node) }
        dirtyInvites += storing.write.invites.map(\.id)
        endedInvites += storing.write.endedInvites
        dirtyAlarms += storing.write.alarms
        releases += storing.write.released.filter { id in
            !storing.write.entries.contains { $0.event.id == id }
        }
        hasDirtyRecords = true
        let refusal = Refusal(.cannotStore, cause, retryAfter: .seconds(10))
        report(.trouble(nil, "nothing was stored: \(cause)"), &effects)
        for job in storing.jobs {
            drop(job)
            fail(job, refusal, now, &effects)
        }
    }

    private mutating func fail(
        _ job: Job, _ refusal: Refusal, _ now: Instant, _ effects: inout [Effect]
    ) {
        count(refusal.code)
        switch job.source {
        case .push(let exchange, _): reply(exchange, .refused(refusal), &effects)
        case .streamed(let node, let stream, _, _):
            guard isCurrent(stream, of: node) else { return }
            effects.append(.cancel(stream))
            asked[stream] = nil
            retryDownload(from: node, now)
        case .pulled(let node, _, _): endPull(of: node, .failed(refusal), &effects)
        case .fetched(let node, _): endSession(with: node, refusal, now, &effects)
        case .append(let token): report(.appendFailed(token, refusal), &effects)
        case .imported(let token):
            let outcomes = [Outcome](
                repeating: .refused(.cannotStore), count: job.events.count + job.malformed.count)
            report(.imported(token, outcomes), &effects)
        case .records(.request(let exchange, _)), .records(.registration(let exchange, _)):
            reply(exchange, .refused(refusal), &effects)
        case .records(.invite(let token, let invite)):
            // Nobody has its secret.
            invites[invite.id] = nil
            report(.operation(token, .failed(refusal)), &effects)
        case .records(.operation(let token, _)), .records(.done(let token)):
            report(.operation(token, .failed(refusal)), &effects)
        case .gossiped(let node):
            var job = job
            job.outcomes = []
            tookGossip(job, from: node, now, &effects)
        case .records(.nobody), .bodies, .aside, .statements: break
        }
    }

    /// Takes in what was set aside and is due. It was verified when it came.
    mutating func takeInDue(_ effects: inout [Effect]) {
        let waiting = intake.ready.contains { if case .aside = $0.source { true } else { false } }
        let due = index.due(at: wall, membership)
        guard !due.isEmpty, !waiting, intake.storing == nil else { return }
        var job = Job(.aside, Batch(due.map(\.event)))
        job.verdicts = due.map { _ in true }
        intake.jobs += 1
        intake.bytes += job.bytes
        intake.ready.append(job)
    }
}
