import Foundation

/// Every text file of the project.
struct SourceTree: Sendable {
    var files: [SourceFile]
    /// Folders, and files that are no text, such as pictures; links may lead to them.
    var others: [String] = []

    var swiftFiles: [SourceFile] { files.filter(\.isSwift) }

    /// The tree that this very file is part of.
    static let project = SourceTree(root: projectRoot)

    /// Tests/TidyTests/Source/SourceTree.swift stands four steps below the root.
    static let projectRoot: URL = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url
    }()

    init(files: [SourceFile]) { self.files = files }

    private init(root: URL) {
        let paths = FileManager.default.enumerator(atPath: root.path)
        files = []
        while let path = paths?.nextObject() as? String {
            if Self.isForeign(path) {
                paths?.skipDescendants()
            } else if let file = Self.read(path, in: root) {
                files.append(file)
            } else {
                others.append(path)
            }
        }
        files.sort { $0.path < $1.path }
    }

    /// What is no part of the project: products of builds, git's own folder, leavings of editors.
    private static func isForeign(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        return name.hasPrefix(".build") || name == ".git" || name == "Package.resolved"
            || name.hasSuffix(".swp") || name.hasSuffix("~")
    }

    /// Nil for folders and for what is not text.
    private static func read(_ path: String, in root: URL) -> SourceFile? {
        let full = root.appendingPathComponent(path).path
        guard let data = FileManager.default.contents(atPath: full),
            let text = String(bytes: data, encoding: .utf8)
        else { return nil }
        let isExecutable = FileManager.default.isExecutableFile(atPath: full)
        return SourceFile(path: path, text: text, isExecutable: isExecutable)
    }
}
