import HummingbirdCore
import Logging
import NIOCore

/// How a connection to the public port begins: past the door, then TLS with the certificate of the
/// moment, then HTTP.
struct PublicChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    /// A connection that was not let in.
    struct NotWelcome: Error {}

    let http: HTTP1Channel
    let reception: Reception
    let identity: ServerIdentity

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        guard reception.enter(channel) else {
            channel.close(mode: .all, promise: nil)
            return channel.eventLoop.makeFailedFuture(NotWelcome())
        }
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(identity.handler())
        }.flatMap {
            http.setup(channel: channel, logger: logger)
        }.flatMapErrorThrowing { error in
            channel.close(mode: .all, promise: nil)
            throw error
        }
    }

    func handle(value: Value, logger: Logger) async {
        await http.handle(value: value, logger: logger)
    }
}
