/// Why a backup can't be written or read; each says what to do.
public enum BackupError: Error, Hashable, Sendable {
    /// The file holds no backup, or only a part of one.
    case noBackup
    /// This line of the file (from 1) is not as it was written.
    case damagedLine(Int)
    /// The file is whole, line by line, and yet not of the grammar.
    case malformed(String)
    /// A later program wrote it.
    case newerVersion(UInt64)
    /// It orders more work than this program does for a file.
    case tooCostly(operations: UInt64, memoryKiB: UInt64)
    /// Argon2id got no memory.
    case noMemory(kibibytes: UInt64)
    /// The passphrase does not open it.
    case wrongPassphrase
    /// The passphrase is too short or too long to be taken.
    case unfitPassphrase
    /// The node holds what a backup can't.
    case cannotHold(String)
}

extension BackupError: CustomStringConvertible {
    /// What happened and what to do.
    public var description: String {
        switch self {
        case .noBackup:
            "it holds no whole backup: one lies between the lines \(ArmouredText.begin) and "
                + "\(ArmouredText.end). Copy it again, or use another copy"
        case .damagedLine(let line):
            "line \(line) is damaged (its check, the last four characters, does not fit): compare "
                + "it with another copy or the print"
        case .malformed(let detail):
            "it is damaged or made by another program (\(detail)): use another copy"
        case .newerVersion(let version):
            "it has version \(version): it was made by a newer federate, install that one"
        case .tooCostly(let operations, let memoryKiB):
            "opening it would take \(operations) passes over \(memoryKiB / 1024) MiB; no federate "
                + "writes such a file. Use another copy"
        case .noMemory(let kibibytes):
            "opening it takes \(kibibytes / 1024) MiB of memory, which this machine did not give: "
                + "end other programs, or use another machine"
        case .wrongPassphrase:
            "the passphrase is wrong: every line is as it was written. (If you are sure of it, the "
                + "file was altered on purpose: use another copy)"
        case .unfitPassphrase:
            "a passphrase has \(BackupLimits.passphraseCharacters) characters or more, and at most "
                + "\(BackupLimits.passphraseBytes) bytes: whoever finds the file can try out "
                + "shorter ones. Six random words are good"
        case .cannotHold(let detail): "the node holds what a backup can't: \(detail)"
        }
    }
}
