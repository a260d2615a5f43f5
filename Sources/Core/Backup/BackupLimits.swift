/// Bounds of an identity backup, each with its reason.
enum BackupLimits {
    /// `config.toml`: a hundred times what `federate init` writes.
    static let configurationBytes = 65_536
    /// Peers: more than one node keeps links to.
    static let peers = 1024
    /// What a peer's record holds at most; the same bounds as on the wire.
    static let labelBytes = 64
    static let endpoints = 8
    static let endpointBytes = 300
    /// Rotations of a key that a peer may have slept through; each event has less than 1 KiB.
    static let predecessors = 8
    /// The whole content, with every bound reached at once.
    static let contentBytes = 5 << 20
    /// Ours has 98 bytes; the rest is room for later versions.
    static let headerBytes = 1024
    /// The text form: base64, a check on each line, and what people write around it.
    static let textBytes = 8 << 20
    /// Data characters on a line: what e-mail and paper carry.
    static let lineCharacters = 64
    /// Argon2id passes that a file may order: twice libsodium's "sensitive".
    static let operations: ClosedRange<UInt64> = 1...8
    /// KiB of memory that a file may order: up to libsodium's "sensitive", 1 GiB, so that reading a
    /// stranger's file costs seconds, never the machine.
    static let memoryKiB: ClosedRange<UInt64> = 8...1_048_576
    /// Fewer characters can be tried out even against Argon2id.
    static let passphraseCharacters = 8
    static let passphraseBytes = 1024
}
