import Foundation
import Testing

@testable import Storage

@Suite(.timeLimit(.minutes(1)))
struct DataFolderLockTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func aFolderHasOneOwnerAtATime() throws {
        let lock = try DataFolderLock(folder: folder.path)
        #expect(throws: StorageError.inUse(path: folder.path, pid: getpid())) {
            try DataFolderLock(folder: folder.path)
        }
        lock.release()
        lock.release()
        try DataFolderLock(folder: folder.path).release()
    }

    @Test func theRefusalNamesTheOwnerAndItsDeathFreesTheFolder() throws {
        let owner = try Probe(["lock", folder.path])
        #expect(owner.line() == "locked")
        let error = #expect(throws: StorageError.self) { try DataFolderLock(folder: folder.path) }
        #expect(error == .inUse(path: folder.path, pid: owner.id))
        #expect(error?.description.contains("process \(owner.id)") == true)
        owner.kill()
        try DataFolderLock(folder: folder.path).release()
    }

    @Test func anOwnerThatEndsLetsTheNextOneIn() throws {
        let owner = try Probe(["lock", folder.path])
        #expect(owner.line() == "locked")
        try owner.finish()
        let lock = try DataFolderLock(folder: folder.path)
        #expect(try folder.read("lock") == Data("\(getpid())\n".utf8))
        lock.release()
    }

    @Test func aLockThatIsForgottenIsReleased() throws {
        do { _ = try DataFolderLock(folder: folder.path) }
        #expect(throws: Never.self) { try DataFolderLock(folder: folder.path) }
    }

    @Test func theFolderIsMadeForItsOwnerOnly() throws {
        let path = folder.path + "/deep/er"
        let lock = try DataFolderLock(folder: path)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o700)
        lock.release()
    }
}
