import Core
import Discovery
import Federation
import FederationAPI
import Foundation
import Gossip
import Logging
import ServiceLifecycle
import Storage
import UnixSignals

/// A running node: engine shell, public port, control socket and discovery under one lifecycle.
struct NodeProcess {
    let folder: DataFolder
    let configuration: Configuration
    let logger: Logger

    /// Runs until a signal or the operator ends it.
    func run() async throws {
        let (stop, stopNow) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let shell = try await folder.openShell(isAutomatic: true, logger: logger) {
            stopNow.yield()
        }
        let certificate = try NodeCertificate.load(
            orMakeAt: folder.certificatePath, for: shell.key)
        await shell.set(onReport: Self.announce(folder))
        let renewal = CertificateRenewal(path: folder.certificatePath, key: shell.key) {
            await shell.set(tlsKey: $0.tlsKey)
        }
        let (ports, portFound) = AsyncStream.makeStream(of: Int.self)
        let address = try configuration.address()
        let server = FederationServer(
            port: shell, certificate: certificate, renewal: renewal, host: address.host,
            portNumber: address.port, logger: logger
        ) { host, port in
            let endpoints =
                configuration.endpoints ?? LocalAddresses.endpoints(host: address.host, port: port)
            await shell.setListening(endpoints, tlsKey: certificate.tlsKey)
            Terminal.out("node      \(shell.key.node.hex)")
            Terminal.out("listens   \(endpoints.joined(separator: " "))")
            for warning in await shell.restoreWarning { Terminal.out("restored  \(warning)") }
            for peer in await shell.peers() {
                guard let command = peer.approveCommand else { continue }
                Terminal.out("pending   \(peer.node) \"\(peer.label.printable)\"")
                Terminal.out("          approve it with: \(command)")
            }
            portFound.yield(port)
            portFound.finish()
        }
        let operatorServer = OperatorServer(
            port: shell, socket: folder.socketPath, logger: logger
        ) {
            Terminal.out("control   \(folder.socketPath)")
        }
        var services: [any Service] = [
            operatorServer, server, StopSignal(signal: stop), ReloadSignal(shell: shell),
            SnapshotKeeper(log: shell.log, logger: logger),
        ]
        if configuration.discovery?.mdns ?? true {
            services.append(
                DiscoveryFeed(
                    shell: shell, label: configuration.discovery?.net ?? "", ports: ports,
                    logger: logger))
        }
        // Last in, first to end: it lets go of all streams, on which the servers would wait.
        services.append(shell)
        let group = ServiceGroup(
            configuration: .init(
                services: services.map {
                    .init(
                        service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup)
                }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch let error as ServerError {
            throw UserError("\(error)")
        }
        try shell.log.close()
        Terminal.out("stopped")
    }

    /// Prints what the operator should see.
    private static func announce(_ folder: DataFolder) -> @Sendable (Report) -> Void {
        { report in
            switch report {
            case .peerChanged(let record):
                let name = record.label.isEmpty ? "" : " \"\(record.label.printable)\""
                let text = "peer      \(record.node.hex)\(name) is \(record.state.rawValue)"
                Terminal.out(text)
                guard record.state == .pending, !record.isApprovedHere else { return }
                Terminal.out(
                    "          approve it with: federate peers approve \(record.node.hex)"
                        + " --data \(folder.path)")
            case .compared(let node, let comparison):
                guard comparison.verdict != .equal else { return }
                Terminal.out("compared  \(node.short): \(comparison.verdict.rawValue)")
            case .equivocation(let found):
                Terminal.out(
                    "ALARM     origin \(found.origin.hex) signed two events for place "
                        + "\(found.sequence): \(found.first.hex) and \(found.second.hex)")
            case .alarm(let alarm):
                Terminal.out(
                    "ALARM     \(alarm.kind.rawValue) \(alarm.node.hex): \(alarm.evidence)")
            case .caughtUp(let node):
                Terminal.out("restored  caught up with \(node.hex): this node may post again")
            case .neighbor(let node, let isUp, let cause):
                let why = cause.map { " (\($0.word))" } ?? ""
                Terminal.out("neighbor  \(node.short) \(isUp ? "up" : "down" + why)")
            case .appended, .appendFailed, .imported, .operation, .accepted, .refused, .trouble,
                .delivered:
                break
            }
        }
    }
}

/// Ends the group when the operator asks for it.
private struct StopSignal: Service {
    let signal: AsyncStream<Void>

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in signal { return }
        }
    }
}

/// Reads the policy again at each SIGHUP, as daemons do.
private struct ReloadSignal: Service {
    let shell: NodeShell

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) {
                let view = await shell.reloadPolicy()
                let outcome = view.error.map { "unchanged: \($0)" } ?? "read again"
                Terminal.out("policy    \(outcome.printable)")
            }
        }
    }
}

/// Publishes the node when its port is known, and tells the engine what is seen.
private struct DiscoveryFeed: Service {
    let shell: NodeShell
    let label: String
    let ports: AsyncStream<Int>
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await discover() }
    }

    private func discover() async throws {
        for await port in ports {
            let advertisement = try Advertisement(
                node: shell.key.node, port: UInt16(port), label: label)
            let discovery = AvahiDiscovery(advertisement: advertisement, logger: logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await discovery.run() }
                group.addTask { await feed(discovery.changes) }
                try await group.next()
                group.cancelAll()
            }
        }
        // Nothing to do any more, but the end of a service would end the node.
        try? await gracefulShutdown()
    }

    private func feed(_ changes: DiscoveryChanges) async {
        for await change in changes {
            switch change {
            case .appeared(let candidate), .changed(let candidate):
                await shell.deliver(.sighted(Sighting(candidate)))
            case .vanished(let node): await shell.deliver(.vanished(node))
            case .state(let state):
                await shell.set(discovery: "\(state)")
                if case .unavailable(let reason) = state {
                    Terminal.out("discovery unavailable: \(reason)")
                }
            }
        }
    }
}

extension Sighting {
    init(_ candidate: Candidate) {
        let endpoints = candidate.endpoints.map { endpoint in
            FederationAPI.Endpoint(host: endpoint.address, port: Int(endpoint.port)).description
        }
        self.init(
            node: candidate.node, endpoints: endpoints, label: candidate.label,
            isSameHost: candidate.isLocalHost)
    }
}
