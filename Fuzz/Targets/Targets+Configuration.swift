import Foundation

extension FuzzTarget {
    /// `config.toml`: whatever stands in it, the answer is a configuration within its bounds, whose
    /// own text gives it back, or an error that names the file.
    static let configuration = FuzzTarget(
        name: "configuration", longest: 4096, mutations: 1500,
        seeds: {
            let texts = [
                Configuration().text(),
                """
                label = "a\\u00e4\\n"
                listen = "127.0.0.1:0"
                endpoints = ["https://a.example:7443"]
                [discovery]
                mdns = false
                net = "office"
                [federation]
                join_secret = "0123456789abcdef"
                policy = { auto_accept_lan = true, max_peers = 7 }
                [authors]
                humans = ["alice", 'bob']
                """,
                "label = 7", "unknown = true", "listen = \"x\"",
                "[federation.policy]\nmax_peers=-1",
                "a.b.c = 1979-05-27T07:32:00Z", "label = \"\"\"x\"\"\"", "x = [[[[[1]]]]]",
            ]
            return texts.map { Array($0.utf8) }
        },
        body: .plain { input in
            // A file of its own: tests run several inputs side by side.
            let file = FileManager.default.temporaryDirectory
                .appendingPathComponent("federate-fuzz-\(UUID().uuidString).toml")
            let path = file.path
            // Gone or not, it is a temporary file.
            defer { try? FileManager.default.removeItem(at: file) }
            try Data(input).write(to: file)
            guard let configuration = try read(path) else { return }
            try check((configuration.label?.utf8.count ?? 0) <= 64, "a label beyond its bound")
            try check((configuration.endpoints?.count ?? 0) <= 8, "too many endpoints")
            try check((configuration.federation?.policy?.maxPeers ?? 0) >= 0, "max_peers")
            try Data(configuration.text().utf8).write(to: file)
            let again = try read(path)
            try check(again?.text() == configuration.text(), "its own text is read otherwise")
        })

    /// Nil where the file is refused, with words.
    private static func read(_ path: String) throws(Finding) -> Configuration? {
        do throws(UserError) {
            return try Configuration(readingFrom: path)
        } catch {
            guard error.description.contains(path) || error.description.contains("listen") else {
                throw Finding("an error that does not say where: \(error)")
            }
            return nil
        }
    }
}
