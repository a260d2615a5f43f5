import Core
import Foundation
import Storage

/// A node's folder: identity.key, config.toml, log.sqlite, tls.pem, control.sock and lock; see
/// docs/OPERATING.md for what else may be in it.
struct DataFolder {
    let path: String

    /// The folder named, or `federate` in the user's data folder (XDG Base Directory Specification
    /// 0.8).
    init(_ named: String?) {
        if let named {
            path = URL(fileURLWithPath: named).standardizedFileURL.path
            return
        }
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"] ?? "."
        let base = environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        path = (base ?? home + "/.local/share") + "/federate"
    }

    var keyPath: String { path + "/identity.key" }
    var configurationPath: String { path + "/config.toml" }
    var certificatePath: String { path + "/tls.pem" }
    var socketPath: String { path + "/control.sock" }

    var isInitialized: Bool { FileManager.default.fileExists(atPath: keyPath) }

    /// Makes a node: key, configuration, empty log. Nothing that exists is replaced.
    func initialize(_ configuration: Configuration) throws -> SecretKey {
        guard !isInitialized else {
            throw UserError("\(path) holds a node already: see `federate identity`")
        }
        let lock = try DataFolderLock(folder: path)
        defer { lock.release() }
        let key = SecretKey.generate()
        try writeNew(configuration.text(), to: configurationPath)
        var secrets = Secrets.system()
        let (log, _) = try EventLog.create(in: path, id: .fresh(&secrets))
        try log.close()
        // Last: only a folder with a key is a node.
        var seed = key.seed()
        defer { SecretKey.wipe(&seed) }
        try writeNew(Hex.encode(seed) + "\n", to: keyPath)
        return key
    }

    /// Writes a file that only the owner reads; fails where one is.
    func writeNew(_ text: String, to path: String) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let why = unsafe String(cString: strerror(errno))
            throw UserError("\(path) can't be made: \(why)")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.synchronize()
    }

    func readKey() throws(UserError) -> SecretKey {
        guard isInitialized else {
            throw UserError("\(path) holds no node: run `federate init` first")
        }
        return try readKey(at: keyPath)
    }

    /// The key in a file that only its owner may read.
    func readKey(at keyPath: String) throws(UserError) -> SecretKey {
        // Where the mode can't be read, it counts as open to all.
        let attributes = try? FileManager.default.attributesOfItem(atPath: keyPath)
        let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
        guard mode & 0o077 == 0 else {
            throw UserError("\(keyPath) may be read by others: run `chmod 600 \(keyPath)`")
        }
        // Reasons stand in the message that follows.
        guard var text = try? String(contentsOfFile: keyPath, encoding: .utf8) else {
            throw UserError("\(keyPath) can't be read")
        }
        defer { text = "" }
        var seed = Hex.decode(text.trimmingCharacters(in: .newlines)) ?? []
        defer { SecretKey.wipe(&seed) }
        guard let key = SecretKey(seed: seed) else {
            throw UserError("\(keyPath) is damaged: it must hold 64 hexadecimal digits")
        }
        return key
    }

    func readConfiguration() throws(UserError) -> Configuration {
        try Configuration(readingFrom: configurationPath)
    }
}
