import ArgumentParser
import Core
import Federation
import FederationAPI
import Foundation
import Logging

/// `federate request`
struct RequestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Print the headers that sign a request as this node, for curl.",
        discussion: """
            federate request GET https://peer:7443/api/federation/status --to PEER-ID | \
            curl -k -H @- -H 'Accept: application/json' https://peer:7443/api/federation/status

            The signature holds for 60 seconds and once.
            """)

    @OptionGroup var location: DataOption

    @Argument(help: "GET, POST or DELETE.")
    var method: String

    @Argument(help: "The whole URL.")
    var url: String

    @Option(help: "The id of the node that will receive it.")
    var to: String

    @Option(help: "A file with the request's body (CBOR).", completion: .file())
    var body: String?

    func run() async throws {
        guard let receiver = NodeID(hex: to) else {
            throw ValidationError("--to takes a node id of 64 hexadecimal digits")
        }
        guard let parts = URLComponents(string: url), parts.scheme == "https" else {
            throw ValidationError("\(url) is not an https URL")
        }
        var bytes: [UInt8] = []
        if let body {
            guard let data = FileManager.default.contents(atPath: body) else {
                throw UserError("\(body) can't be read")
            }
            bytes = [UInt8](data)
        }
        let query = parts.percentEncodedQuery.map { "?\($0)" } ?? ""
        let headers = RequestSignature.headers(
            method: method.uppercased(), target: parts.percentEncodedPath + query,
            contentType: "application/cbor", body: bytes, to: receiver, challenge: nil,
            key: try location.folder.readKey(), now: .system(),
            instance: await runningInstance())
        for header in headers { Terminal.out("\(header.name): \(header.value)") }
    }

    /// Of the node that runs on this folder: signing as another process would look to its peers as
    /// if the key were in use twice. Nil where none runs.
    private func runningInstance() async -> UInt64? {
        let socket = SocketClient(socket: location.folder.socketPath)
        // No answer: no node runs.
        let status: StatusView? = try? await socket.get("/api/federation/status")
        return status.flatMap { UInt64($0.instance, radix: 16) }
    }
}
