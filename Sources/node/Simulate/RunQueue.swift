import Foundation
import SimulationKit
import Synchronization

/// Runs scenarios on all cores, says how far they are, and ends early where it is told to.
final class RunQueue: Sendable {
    /// One run to do.
    struct Job: Sendable {
        var plan: ScenarioPlan
        var options: ScenarioRun.Options
    }

    private struct State {
        var done = 0
        var failed = 0
        var happenings = 0
        var running: [Int: ScenarioRun.Progress] = [:]
        var shownAt = ContinuousClock.now
        var isOver = false
    }

    private let jobs: [Job]
    private let width: Int
    private let typed: String
    private let started = ContinuousClock.now
    private let state = Mutex(State())

    /// `typed`: options that belong to the line that replays a run.
    init(_ jobs: [Job], width: Int, typed: String) {
        self.jobs = jobs
        self.width = width
        self.typed = typed
    }

    /// Lets every run end where it is; their results are marked as cut short.
    func stop() { state.withLock { $0.isOver = true } }

    var isStopped: Bool { state.withLock { $0.isOver } }

    /// Results in the order of the jobs; runs that never began are left out.
    func run(
        onResult: @escaping @Sendable (ScenarioResult) -> Void = { _ in }
    ) async throws -> [ScenarioResult] {
        defer { clear() }
        return try await withThrowingTaskGroup(of: (Int, ScenarioResult)?.self) { group in
            var next = 0
            var results: [(Int, ScenarioResult)] = []
            var shown = 0
            while next < min(width, jobs.count) {
                add(next, to: &group)
                next += 1
            }
            while let result = try await group.next() {
                if let result {
                    results.append(result)
                    clear()
                }
                // In the order of the jobs, whichever was faster.
                while let next = results.first(where: { $0.0 == shown }) {
                    onResult(next.1)
                    shown += 1
                }
                guard next < jobs.count else { continue }
                add(next, to: &group)
                next += 1
            }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func add(
        _ place: Int, to group: inout ThrowingTaskGroup<(Int, ScenarioResult)?, any Error>
    ) {
        let job = jobs[place]
        group.addTask { [self] in
            guard !isStopped else { return nil }
            return (place, try runOne(place, job))
        }
    }

    private func runOne(_ place: Int, _ job: Job) throws(ScenarioError) -> ScenarioResult {
        let began = ContinuousClock.now
        var run = try ScenarioRun(job.plan, job.options) { [self] progress in
            note(progress, of: place)
        }
        var result = run.run()
        result.typed = typed
        result.wallTime = ContinuousClock.now - began
        state.withLock {
            $0.done += 1
            $0.failed += result.isPass ? 0 : 1
            $0.happenings += result.happenings
            $0.running[place] = nil
        }
        return result
    }

    /// False ends the run.
    private func note(_ progress: ScenarioRun.Progress, of place: Int) -> Bool {
        let now = ContinuousClock.now
        let (goesOn, line) = state.withLock { state -> (Bool, String?) in
            state.running[place] = progress
            guard Terminal.isErrorTerminal, now - state.shownAt > .milliseconds(200) else {
                return (!state.isOver, nil)
            }
            state.shownAt = now
            return (!state.isOver, text(state, now))
        }
        if let line { Terminal.note("\r\u{1b}[2K" + line, terminator: "") }
        return goesOn
    }

    private func text(_ state: State, _ now: ContinuousClock.Instant) -> String {
        let elapsed = max(0.001, (now - started) / .seconds(1))
        let sum = state.running.values.reduce(state.happenings) { $0 + $1.happenings }
        var line = "\(state.done)/\(jobs.count) runs"
        if state.failed > 0 { line += ", \(state.failed) failed" }
        if let (place, progress) = state.running.min(by: { $0.key < $1.key }) {
            line +=
                " · \(jobs[place].plan.name), seed \(jobs[place].options.seed): "
                + "\(progress.time.components.seconds) s, \(progress.posted)/\(progress.events) "
                + "events, \(progress.equalNodes)/\(progress.nodesUp) nodes equal"
        }
        return line + " · \(Int(Double(sum) / elapsed / 1000))k happenings/s"
    }

    private func clear() {
        guard Terminal.isErrorTerminal else { return }
        Terminal.note("\r\u{1b}[2K", terminator: "")
    }
}

/// Calls its action at the first interrupt; the second one ends the program as it always does.
final class InterruptWatch {
    private let source: any DispatchSourceSignal

    init(_ action: @escaping @Sendable () -> Void) {
        signal(SIGINT, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            signal(SIGINT, SIG_DFL)
            action()
        }
        source.resume()
    }

    deinit {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }
}

/// Whether somebody has asked for an end.
final class Stopped: Sendable {
    private let state = Mutex(false)

    func set() { state.withLock { $0 = true } }
    var isSet: Bool { state.withLock { $0 } }
}
