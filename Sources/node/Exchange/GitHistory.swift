import FederationAPI
import Foundation

/// The commits of a git repository as drafts: kind "git.commit", body JSON with author, e-mail,
/// time, id and message.
struct GitHistory {
    /// Fields of a commit, as they stand in the body.
    private struct Commit: Encodable {
        var commit: String
        var author: String
        var email: String
        /// RFC 3339.
        var time: String
        var message: String
    }

    let drafts: [PostDraft]

    /// Reads all that HEAD reaches, oldest first.
    init(readingFrom path: String, author: String?) throws(UserError) {
        let output = try Self.git([
            "-C", path, "log", "--reverse", "--no-color", "-z",
            "--format=%H%x00%an%x00%ae%x00%aI%x00%B",
        ])
        var drafts: [PostDraft] = []
        var fields: [String] = []
        for field in output.split(separator: 0, omittingEmptySubsequences: false) {
            fields.append(String(decoding: field, as: UTF8.self))
            guard fields.count == 5 else { continue }
            drafts.append(try Self.draft(fields, author: author))
            fields = []
        }
        self.drafts = drafts
    }

    private static func draft(_ fields: [String], author: String?) throws(UserError) -> PostDraft {
        let commit = Commit(
            commit: fields[0], author: fields[1], email: fields[2], time: fields[3],
            message: cut(fields[4]))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Only invalid floats can't be encoded, and there are none.
        guard let body = try? encoder.encode(commit) else {
            throw UserError("commit \(fields[0]) can't be encoded")
        }
        return PostDraft(
            author: author ?? "node:git", kind: "git.commit",
            body: String(decoding: body, as: UTF8.self))
    }

    /// A message of more than a body holds, in JSON's longest escapes, is cut, and says so.
    private static func cut(_ message: String) -> String {
        let text = message.trimmingCharacters(in: .newlines)
        let limit = 10_000
        return text.utf8.count <= limit ? text : String(text.prefix(limit / 4)) + "\n[cut]"
    }

    private static func git(_ arguments: [String]) throws(UserError) -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git"] + arguments
        let output = Pipe()
        process.standardOutput = output
        do {
            try process.run()
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw UserError("git can't read the history: see its message above")
            }
            return data
        } catch let error as UserError {
            throw error
        } catch {
            throw UserError("git can't be run: \(error.localizedDescription)")
        }
    }
}
