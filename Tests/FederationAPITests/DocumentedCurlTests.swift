import Core
import Federation
import Foundation
import Testing

@testable import FederationAPI

extension NetworkTests {
    /// The lines of docs/PROTOCOL-http.md, "With curl", as they stand there.
    @Suite(.timeLimit(.minutes(2)))
    struct DocumentedCurlTests {
        let key = SecretKey.test(1)
        let peer = SecretKey.test(2)

        /// The commands, continued lines joined.
        func commands() throws -> [String] {
            let text = try String(
                contentsOfFile: RequestSignatureTests.folder("docs/PROTOCOL-http.md"),
                encoding: .utf8)
            let section = try #require(text.components(separatedBy: "\n## With curl\n").last)
            var found: [String] = []
            for line in section.split(separator: "\n") where line.hasPrefix("    ") {
                let line = line.trimmingCharacters(in: .whitespaces)
                if let last = found.last, last.hasSuffix("\\") || last.hasSuffix("|") {
                    found[found.count - 1] =
                        (last.hasSuffix("\\") ? String(last.dropLast()) : last + " ") + line
                } else if !line.hasPrefix("{") {
                    // Lines that begin so are answers.
                    found.append(line)
                }
            }
            return found
        }

        /// Stands for `federate request`, whose arguments it checks.
        func script(_ endpoint: Endpoint, _ headers: String) -> String {
            """
            #!/bin/sh
            url=\(endpoint)/api/federation/status
            test "$*" = "request GET $url --to \(key.node.hex)" || exit 1
            cat <<'END'
            \(headers)
            END
            """
        }

        @Test func everyLineWorksAsItIsWritten() async throws {
            let port = TestPort(node: key.node, peers: [peer.node: .active])
            let certificate = try NodeCertificate.make(for: key)
            let (ready, continuation) = AsyncStream.makeStream(of: Int.self)
            let server = FederationServer(
                port: port, certificate: certificate, host: "127.0.0.1", portNumber: 0,
                logger: silent
            ) { _, number in continuation.yield(number) }
            try await withService(server, ready: ready) { number in
                try await withOperator(TestOperator(node: key.node)) { _, socket in
                    let endpoint = Endpoint(host: "127.0.0.1", port: number)
                    try await withFolder { folder in
                        try await run(endpoint, certificate, socket: socket, in: folder)
                    }
                }
            }
            #expect(port.asked == [.status])
        }

        private func run(
            _ endpoint: Endpoint, _ certificate: NodeCertificate, socket: String,
            in folder: String
        ) async throws {
            let fields = RequestSignature.headers(
                method: "GET", target: "/api/federation/status", contentType: "application/cbor",
                body: [], to: key.node, key: peer, now: .system())
            let headers = fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
            let shim = folder + "/federate"
            try script(endpoint, headers).write(toFile: shim, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: shim)
            // The stream would not end by itself.
            try "silent\nmax-time = 3\n".write(
                toFile: folder + "/.curlrc", atomically: true, encoding: .utf8)
            let expected = [
                key.node.hex, key.node.hex, "unauthenticated", #"{"outcomes":["stored"]}"#,
                key.node.hex, #""sequence":1"#, ": hello",
            ]
            let commands = try commands()
            #expect(commands.count == expected.count)
            for (command, answer) in zip(commands, expected) {
                let line =
                    command
                    .replacingOccurrences(of: "https://127.0.0.1:7443", with: "\(endpoint)")
                    .replacingOccurrences(of: "<tlsKey>", with: certificate.tlsKey.hex)
                    .replacingOccurrences(of: "<id>", with: key.node.hex)
                    .replacingOccurrences(
                        of: "~/.local/share/federate/control.sock", with: socket)
                let script = "export CURL_HOME=\(folder) PATH=\(folder):$PATH; \(line)"
                let output = try await Program.run("/bin/bash", ["-c", script])
                #expect(output?.contains(answer) ?? true, "\(command)\n\(output ?? "")")
            }
        }
    }
}
