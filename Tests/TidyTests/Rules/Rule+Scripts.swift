/// A script stops at the first command that fails, or it reports success over a failure.
extension Rule {
    static let scripts = [
        Rule("a script stops when a command fails", for: \.isScript) { file in
            let stops = file.lines.contains { $0.starts(with: /set -[a-z]*e/) }
            return stops ? [] : [(1, "begin with: set -euo pipefail")]
        },
        Rule("a script can be run", for: \.isScript) { file in
            file.isExecutable ? [] : [(1, "chmod +x \(file.path)")]
        },
    ]
}
