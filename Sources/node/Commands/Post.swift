import ArgumentParser
import Core
import FederationAPI
import Foundation

/// `federate post`
struct Post: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Add an event to the log: from the arguments, a file, or JSON lines on standard input.",
        discussion: """
            federate post "Hello" --author ai:assistant-1
            federate post --file report.pdf --kind file.put
            generate | federate post --lines

            A line is {"body": "text", "author": "ai:assistant-1", "kind": "message.post"}; only \
            body is needed, and "bodyBase64" (base64url) may stand for it. The printed ids are \
            durable.
            """)

    @OptionGroup var location: DataOption
    @OptionGroup var format: JSONFlag

    @Argument(help: "The text.")
    var text: String?

    @Option(help: "In whose name: node:NAME, ai:NAME or human:NAME.")
    var author = "node:operator"

    @Option(help: "What kind of event.")
    var kind = "message.post"

    @Option(help: "Take the body from this file.", completion: .file())
    var file: String?

    @Flag(help: "Read JSON lines from standard input.")
    var lines = false

    @Option(help: "Id of an event that this one follows; may be repeated.")
    var parent: [String] = []

    func validate() throws {
        let given = [text != nil, file != nil, lines].count { $0 }
        if given != 1 { throw ValidationError("give a text, --file or --lines") }
        if Author(author) == nil {
            throw ValidationError(
                "--author \(author): give node:NAME, ai:NAME or human:NAME (a-z 0-9 . _ -)"
            )
        }
    }

    func run() async throws {
        try await location.folder.withNode { node in
            if lines { return try await postLines(node) }
            try show(try await node.post([try draft()]))
        }
    }

    private func show(_ receipts: [PostReceipt]) throws {
        for receipt in receipts {
            if format.json { try Terminal.json(receipt) } else { Terminal.out(receipt.id) }
        }
    }

    private func draft() throws -> PostDraft {
        var draft = PostDraft(author: author, kind: kind)
        if !parent.isEmpty { draft.parents = parent }
        if let text {
            draft.body = text
        } else if let file {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw UserError("\(file) can't be read")
            }
            draft.bodyBase64 = Base64URL.encode([UInt8](data))
        }
        return draft
    }

    /// Prints each batch's receipts as soon as it is durable: a later one may fail.
    private func postLines(_ node: any LocalNode) async throws {
        var posted = 0
        var size = 0
        var batch: [PostDraft] = []
        var number = 0
        var lines = try LineReader("-")
        while let line = try lines.next() {
            number += 1
            guard !line.isEmpty else { continue }
            do {
                var draft = try JSONDecoder().decode(PostDraft.self, from: Data(line))
                draft.author = draft.author ?? author
                draft.kind = draft.kind ?? kind
                batch.append(draft)
            } catch {
                throw UserError(
                    "line \(number) is not a draft in JSON; \(posted) were posted")
            }
            size += line.count
            guard batch.count == 500 || size >= Import.batchBytes else { continue }
            try show(try await node.post(batch))
            posted += batch.count
            batch = []
            size = 0
        }
        if !batch.isEmpty { try show(try await node.post(batch)) }
    }
}
