import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A folder of mode 0700 in which the socket is born: between `bind` and `chmod` nobody else can
/// reach it, and it comes to its place, with mode 0600, in one step.
struct Nursery: Sendable {
    private let folder: String

    init(for path: String) throws(ServerError) {
        folder = path + "." + String(UInt32.random(in: .min ... .max), radix: 36)
        guard (folder + "/s").utf8.count <= OperatorServer.pathBytes else {
            throw .cannotListen(
                "\(path) is too long for a socket (\(OperatorServer.pathBytes - 10) bytes); "
                    + "choose a data folder with a shorter path")
        }
        guard unsafe mkdir(folder, 0o700) == 0 else { throw Self.failure("make", folder) }
    }

    var socket: String { folder + "/s" }

    func put(at path: String) throws(ServerError) {
        guard unsafe chmod(socket, 0o600) == 0 else { throw Self.failure("protect", socket) }
        guard unsafe rename(socket, path) == 0 else { throw Self.failure("put in place", path) }
    }

    func remove() {
        unsafe unlink(socket)
        unsafe rmdir(folder)
    }

    private static func failure(_ what: String, _ path: String) -> ServerError {
        .cannotListen("can't \(what) \(path): \(unsafe String(cString: strerror(errno)))")
    }
}
