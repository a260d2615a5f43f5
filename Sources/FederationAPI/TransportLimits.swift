import Federation

/// Bounds of the public port, each with its reason.
public struct ServerLimits: Sendable {
    /// Open connections; a further one ends one that proved nothing. Peers hold one to three each.
    public var connections = 512
    /// Of these, places that no peer holds for good: registrations and other newcomers find room
    /// among them.
    public var newcomers = 64
    /// Connections that one peer holds for good: four streams and as many requests.
    public var connectionsPerPeer = 8
    /// What callers who have proved nothing may cost.
    public var address = AddressLimits()
    /// From accept to the end of the TLS handshake, and of a link's hello: a slow network needs a
    /// second or two.
    public var handshakeTimeout: Duration = .seconds(10)
    /// A connection without a request; clients close theirs after half of it.
    public var idleTimeout: Duration = .seconds(60)
    /// From the head of a request to the end of its body: 4 MiB on a link of 1 Mbit/s, no more.
    public var bodyTimeout: Duration = .seconds(40)
    /// A response, or a link, that its receiver does not read for so long is cut off.
    public var writeStall: Duration = .seconds(30)
    /// All header fields of a request; ours need 1.2 KiB.
    public var headerBytes = 16_384
    /// Header fields of a request.
    public var headerFields = 64
    /// A registration message is at most 3 KiB; nobody has proved a key when it is read.
    public var registrationBytes = 8192
    /// Any other body.
    public var bodyBytes = MessageLimits.messageBytes
    /// Between comments on a quiet stream.
    public var ping: Duration = .seconds(15)
    /// A stream ends then, and is opened again with a new signature.
    public var streamLife: Duration = .seconds(900)
    /// Bodies of one peer that are read or worked on at once: 32 MiB of memory.
    public var bodiesPerPeer = 8
    /// Streams of one peer: an old one may linger while the next is opened.
    public var streamsPerPeer = 4
    /// Links of one peer: both sides may open one at the same moment, and those that died with an
    /// address may linger until they are noticed.
    public var linksPerPeer = 4

    public init() {}
}

/// Bounds of what a client waits for and takes, each with its reason.
public struct ClientLimits: Sendable {
    /// TCP connect, name look-up included.
    public var connectTimeout: Duration = .seconds(5)
    /// TLS handshake, the pin's check included; a link's answer too.
    public var handshakeTimeout: Duration = .seconds(10)
    /// From the request's first byte to the response's last.
    public var responseTimeout: Duration = .seconds(60)
    /// An unused connection is closed, well before the server would.
    public var idleTimeout: Duration = .seconds(30)
    /// A stream that is silent for three pings is dead.
    public var streamSilence: Duration = .seconds(45)
    /// A link that its receiver does not read for so long is cut off.
    public var writeStall: Duration = .seconds(30)
    /// Open connections in all.
    public var connections = 256
    /// Idle connections kept for one endpoint.
    public var idlePerEndpoint = 2
    /// All header fields of a response.
    public var headerBytes = 16_384
    /// Any response body.
    public var responseBytes = MessageLimits.messageBytes
    /// One line of a stream: a full message in base64url.
    public var streamLineBytes = MessageLimits.messageBytes / 3 * 4 + 64

    public init() {}
}
