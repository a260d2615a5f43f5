import Core
import NIOCore

/// Bytes both ways on one connection, whoever is at its other end.
struct LinkConnection: Sendable {
    let channel: any Channel
    /// What it carries below TLS.
    let meter: WireMeter
    private let bytes: NIOLoopBound<LinkBytes>

    /// `handler` is the last one in the channel's pipeline. To be called on the channel's loop.
    init(_ channel: any Channel, _ handler: LinkBytes, _ meter: WireMeter) {
        self.channel = channel
        self.meter = meter
        bytes = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// The protocol that TLS agreed on, once it has.
    func negotiated() async throws -> String? {
        try await channel.eventLoop.flatSubmit { bytes.value.negotiated.futureResult }.get()
    }

    /// The next bytes: `count` of them, or at most `LinkBytes.pieceBytes` of what there is; nil at
    /// the end.
    func read(_ count: Int? = nil) async throws(TransportError) -> [UInt8]? {
        try await waiting {
            try await channel.eventLoop.flatSubmit { bytes.value.next(count) }.get()
        }
    }

    /// How much is handed to the network before its room is asked for again: a receiver that takes
    /// so much within the time for a stalled write is not cut off, however long all of it takes.
    private static let writeBytes = 65_536

    func write(_ all: [UInt8]) async throws(TransportError) {
        try await waiting {
            for start in stride(from: 0, to: all.count, by: Self.writeBytes) {
                let piece = all[start..<min(start + Self.writeBytes, all.count)]
                let buffer = channel.allocator.buffer(bytes: piece)
                try await channel.eventLoop.flatSubmit { bytes.value.write(buffer) }.get()
            }
        }
    }

    func close() { channel.close(mode: .all, promise: nil) }

    /// Runs `body`, which must end by `deadline`; closes the connection where it does not, or
    /// throws.
    func limited<Value: Sendable>(
        until deadline: NIODeadline, _ what: String,
        _ body: () async throws -> Value
    ) async throws(TransportError) -> Value {
        let timer = channel.eventLoop.scheduleTask(deadline: deadline) {
            bytes.value.fail(.timedOut(what))
        }
        defer { timer.cancel() }
        do {
            return try await waiting(body)
        } catch {
            close()
            throw error
        }
    }

    /// Runs `body`; where its task is cancelled the connection is closed, which ends every wait.
    private func waiting<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws(TransportError) -> Value {
        let result: Result<Value, TransportError> = await withTaskCancellationHandler {
            do {
                return .success(try await body())
            } catch {
                return .failure(Task.isCancelled ? .cancelled : HTTPConnection.reason(error))
            }
        } onCancel: {
            channel.eventLoop.execute { bytes.value.fail(.closed) }
        }
        return try result.get()
    }
}
