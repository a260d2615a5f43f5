import CSodium

/// A backup under a passphrase, as a text that can be kept on any medium, paper included.
///
/// The key comes from the passphrase by Argon2id; XChaCha20-Poly1305 keeps the content secret, and
/// header and content from being altered. The node's id, the time and the cost stand in clear.
/// docs/PROTOCOL-backup.md has the grammar.
public struct SealedBackup: Hashable, Sendable {
    /// Whose it is. Only `open` proves it.
    public let node: NodeID
    /// Microseconds since 1970 when it was made.
    public let made: UInt64
    public let cost: PassphraseCost
    private let salt: [UInt8]
    private let nonce: [UInt8]
    /// As read or written: it is what the cipher authenticates.
    private let header: [UInt8]
    private let content: [UInt8]

    /// A file with more bytes is refused without being read.
    public static let maximumTextBytes = BackupLimits.textBytes
    private static let version: UInt64 = 1
    private static let saltBytes = 16
    private static let nonceBytes = 24
    private static let tagBytes = 16

    /// Encrypts `backup`. Takes the time of one `cost`, and its memory.
    ///
    /// `made` is in microseconds since 1970; `secrets` gives salt and nonce. Throws
    /// `unfitPassphrase`, `noMemory`, and `cannotHold` where the file could not be read again.
    public init(
        sealing backup: Backup, passphrase: [UInt8], cost: PassphraseCost = .moderate, made: UInt64,
        secrets: inout Secrets
    ) throws(BackupError) {
        guard Self.isFit(passphrase) else { throw .unfitPassphrase }
        node = backup.key.node
        self.made = made
        self.cost = cost
        salt = secrets.draw(Self.saltBytes)
        nonce = secrets.draw(Self.nonceBytes)
        var writer = CBORWriter()
        writer.array(5)
        writer.unsigned(Self.version)
        writer.data(node)
        writer.unsigned(made)
        writer.array(4)
        // 1: Argon2id version 1.3.
        writer.unsigned(1)
        writer.unsigned(cost.operations)
        writer.unsigned(cost.memoryKiB)
        writer.data(salt)
        writer.data(nonce)
        header = writer.bytes
        var plain = backup.encoded()
        defer { SecretKey.wipe(&plain) }
        guard try Self.canBeRead(plain, as: backup), plain.count <= BackupLimits.contentBytes else {
            throw .cannotHold("a field is larger than its bound")
        }
        var key = try cost.key(of: passphrase, salt: salt)
        defer { SecretKey.wipe(&key) }
        content = Self.encrypt(plain, header: header, nonce: nonce, key: key)
    }

    /// Reads the text form. Throws what is wrong with it as far as that shows without the
    /// passphrase.
    public init(text: [UInt8]) throws(BackupError) {
        let armour = try ArmouredText(reading: text)
        do throws(CBORError) {
            var file = CBORReader(armour.content)
            try file.array(exactly: 2)
            header = try file.data(1...BackupLimits.headerBytes)
            content = try file.data(Self.tagBytes...BackupLimits.contentBytes + Self.tagBytes)
            try file.finish()
        } catch {
            throw .malformed("file: \(error.rawValue)")
        }
        let fields = try Header(header)
        guard fields.node == armour.node else {
            throw .malformed("the line \"node:\" names another node than the rest")
        }
        (node, made, cost) = (fields.node, fields.made, fields.cost)
        (salt, nonce) = (fields.salt, fields.nonce)
    }

    /// The text form: ASCII lines of at most 70 characters.
    public var text: String {
        var file = CBORWriter(capacity: header.count + content.count + 16)
        file.array(2)
        file.data(header)
        file.data(content)
        return ArmouredText(node: node, content: file.bytes).text
    }

    /// Decrypts it. Takes the time of one `cost`, and its memory.
    ///
    /// Throws `wrongPassphrase` where the passphrase is wrong, or where header or content were
    /// altered and every check with them.
    public func open(passphrase: [UInt8]) throws(BackupError) -> Backup {
        guard Self.isFit(passphrase) else { throw .wrongPassphrase }
        var key = try cost.key(of: passphrase, salt: salt)
        defer { SecretKey.wipe(&key) }
        var plain = [UInt8](repeating: 0, count: content.count - Self.tagBytes)
        defer { SecretKey.wipe(&plain) }
        let associated = Self.associated(header)
        let result = unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
            &plain, nil, nil, content, UInt64(content.count), associated,
            UInt64(associated.count), nonce, key)
        guard result == 0 else { throw .wrongPassphrase }
        let backup = try Backup(decoding: plain)
        guard backup.key.node == node else {
            throw .malformed("content: its key is another node's")
        }
        return backup
    }

    /// Whether a backup may be made under this passphrase (UTF-8): 8 characters or more, at most
    /// 1,024 bytes.
    public static func isFit(_ passphrase: [UInt8]) -> Bool {
        // Every byte but those that continue a character.
        let characters = passphrase.count { $0 & 0xc0 != 0x80 }
        return characters >= BackupLimits.passphraseCharacters
            && passphrase.count <= BackupLimits.passphraseBytes
    }

    private static func canBeRead(_ plain: [UInt8], as backup: Backup) throws(BackupError) -> Bool {
        do throws(BackupError) {
            return try Backup(decoding: plain) == backup
        } catch {
            throw .cannotHold("\(error)")
        }
    }

    /// What the cipher authenticates beside the content.
    private static func associated(_ header: [UInt8]) -> [UInt8] {
        Array("teambook-backup-v1\0".utf8) + header
    }

    private static func encrypt(
        _ plain: [UInt8], header: [UInt8], nonce: [UInt8], key: [UInt8]
    ) -> [UInt8] {
        var content = [UInt8](repeating: 0, count: plain.count + tagBytes)
        let associated = associated(header)
        unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
            &content, nil, plain, UInt64(plain.count), associated, UInt64(associated.count), nil,
            nonce, key)
        return content
    }

    /// The header's fields as they stand in the file.
    private struct Header {
        var node: NodeID
        var made: UInt64
        var cost: PassphraseCost
        var salt: [UInt8]
        var nonce: [UInt8]

        init(_ bytes: [UInt8]) throws(BackupError) {
            let version = Self.version(of: bytes)
            guard version <= SealedBackup.version else { throw .newerVersion(version) }
            var reader = CBORReader(bytes)
            let operations: UInt64
            let memoryKiB: UInt64
            do throws(CBORError) {
                try reader.array(exactly: 5)
                _ = try reader.unsigned(in: SealedBackup.version...SealedBackup.version)
                node = try reader.identifier()
                made = try reader.unsigned()
                try reader.array(exactly: 4)
                _ = try reader.unsigned(in: 1...1)
                operations = try reader.unsigned()
                memoryKiB = try reader.unsigned()
                salt = try reader.data(SealedBackup.saltBytes...SealedBackup.saltBytes)
                nonce = try reader.data(SealedBackup.nonceBytes...SealedBackup.nonceBytes)
                try reader.finish()
            } catch {
                throw .malformed("header: \(error.rawValue)")
            }
            guard let cost = PassphraseCost(operations: operations, memoryKiB: memoryKiB) else {
                throw .tooCostly(operations: operations, memoryKiB: memoryKiB)
            }
            self.cost = cost
        }

        /// What follows in a later version is not ours to judge; 0 where there is no version.
        private static func version(of bytes: [UInt8]) -> UInt64 {
            var reader = CBORReader(bytes)
            do throws(CBORError) {
                _ = try reader.array(1...64)
                return try reader.unsigned()
            } catch {
                return 0
            }
        }
    }
}
