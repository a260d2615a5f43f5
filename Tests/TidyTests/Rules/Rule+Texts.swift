/// What holds for every text of the project.
extension Rule {
    /// Folders of one machine. In pieces, so that this file keeps its own rule.
    private static let machinePaths = [
        "/wo" + "rk/", "/tmp/" + "dev/", "/ho" + "me/", "/Us" + "ers/",
    ]

    static let texts = [
        Rule("no file names a folder of someone's machine", for: { _ in true }) { file in
            numbered(file.lines).flatMap { number, line in
                machinePaths.filter { line.contains(absolute: $0) }.map { (number, $0) }
            }
        },
        Rule("links between documents lead somewhere") { tree in
            let paths = Set(
                tree.others + tree.files.flatMap { ancestors(of: $0.path) })
            return tree.files.filter { $0.path.hasSuffix(".md") }.flatMap { file in
                numbered(file.lines).flatMap { number, line in
                    links(in: line).filter { !paths.contains(resolve($0, from: file.path)) }
                        .map { Finding(path: file.path, line: number, detail: $0) }
                }
            }
        },
        Rule("every code of a refusal stands in docs/PROTOCOL") { tree in
            let codes = tree.files.first { $0.path.hasSuffix("Messages/Refusal.swift") }
            let page = tree.files.first { $0.path == "docs/PROTOCOL.md" }
            guard let codes else { return [] }
            let lines = page?.lines ?? []
            let rows = Set(lines.flatMap { $0.matches(of: /`([a-z-]+)`/).map(\.output.1) })
            return numbered(codes.lines).flatMap { number, line in
                refusals(in: line).filter { !rows.contains($0[...]) }
                    .map { Finding(path: codes.path, line: number, detail: $0) }
            }
        },
        Rule("the README has at most 200 lines", for: { $0.path == "README.md" }) { file in
            file.lines.count > 200 ? [(201, "\(file.lines.count) lines")] : []
        },
    ]

    /// The code that a line declares: its text, or its name where it has none.
    private static func refusals(in line: String) -> [String] {
        guard let match = line.wholeMatch(of: #/    case ([a-zA-Z]+)( = "([a-z-]+)")?/#) else {
            return []
        }
        return [String(match.output.3 ?? match.output.1)]
    }

    /// Targets of Markdown links to files, without their anchors.
    private static func links(in line: String) -> [String] {
        line.matches(of: /\]\(([^)\s]+)\)/).map { String($0.output.1.prefix { $0 != "#" }) }
            .filter { !$0.isEmpty && !$0.contains("://") && !$0.hasPrefix("mailto:") }
    }

    private static func resolve(_ link: String, from path: String) -> String {
        var parts = path.split(separator: "/").dropLast()
        for part in link.split(separator: "/") where part != "." {
            if part == ".." { parts = parts.dropLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    private static func ancestors(of path: String) -> [String] {
        let parts = path.split(separator: "/")
        return (1...max(parts.count, 1)).map { parts.prefix($0).joined(separator: "/") }
    }
}

extension String {
    /// Whether `path` stands here as the beginning of a path; ".../work/" in an address is someone
    /// else's.
    fileprivate func contains(absolute path: String) -> Bool {
        ranges(of: path).contains { range in
            guard range.lowerBound > startIndex else { return true }
            let before = self[index(before: range.lowerBound)]
            return !(before.isLetter || before.isNumber || "._-~}$".contains(before))
        }
    }
}
