import CAvahi
import Core
import Dispatch
import Synchronization

/// Owns one `AvahiThreadedPoll` (a thread of Avahi's) and at most one client at a time.
///
/// Lock rule, which is why the class may be `@unchecked Sendable`: every `var` is touched only (a)
/// inside an Avahi callback, where Avahi holds the poll lock, or (b) inside `locked`, or (c) in
/// `tearDown` after the thread was joined. A callback never takes the lock, waits, or calls
/// anything isolated: it posts events.
///
/// Avahi's calls wait for D-Bus, up to 25 s where a daemon hangs, so `connect` and `tearDown` run
/// on a queue of their own and neither a caller nor Swift's few cooperative threads ever wait for
/// them.
@safe final class AvahiSession: @unchecked Sendable {
    static let type = "_teambook._tcp"
    static let domain = "local"

    /// A resolver that Avahi keeps open, and what its callback is given.
    @unsafe struct OpenResolver {
        let resolver: OpaquePointer
        let context: Unmanaged<ResolverContext>
    }

    let advertisement: Advertisement?
    let post: @Sendable (AvahiEvent) -> Void
    private let poll: OpaquePointer
    private let queue = DispatchQueue(label: "discovery.avahi")

    var browser: OpaquePointer?
    var roster = ServiceRoster()
    var resolvers: [ServiceKey: OpenResolver] = unsafe [:]
    var group: OpaquePointer?
    var instance = ""
    var renames = 0
    private var client: OpaquePointer?
    private var isClosed = false

    /// Starts Avahi's thread; `connect` next, and `close` last.
    ///
    /// - Parameters:
    ///   - advertisement: what to publish whenever a client runs; nil to browse only.
    ///   - post: called on Avahi's thread or the session's queue with the lock held; must not
    ///     block.
    /// - Throws: `DiscoveryError.noPollThread`.
    init(
        advertisement: Advertisement?, post: @escaping @Sendable (AvahiEvent) -> Void
    ) throws(DiscoveryError) {
        guard let poll = unsafe avahi_threaded_poll_new() else { throw .noPollThread }
        guard unsafe avahi_threaded_poll_start(poll) == 0 else {
            unsafe avahi_threaded_poll_free(poll)
            throw .noPollThread
        }
        unsafe self.poll = poll
        self.advertisement = advertisement
        self.post = post
    }

    deinit { precondition(isClosed, "Avahi still holds a pointer to this session: close it first") }

    /// Throws away the present client, if any, and makes a new one; the outcome is posted, `began`
    /// first.
    func connect() {
        queue.async { [self] in locked { renewClient() } }
    }

    /// Frees all and withdraws what was advertised. False where that takes longer than `limit`: it
    /// then goes on by itself. Nothing is posted afterwards; not to be called from a callback.
    func close(within limit: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            let first = FirstAnswer(to: continuation)
            queue.async { [self] in
                tearDown()
                first.give(true)
            }
            DispatchQueue.global().asyncAfter(
                deadline: .now() + .microseconds(Int(limit.microseconds))
            ) { first.give(false) }
        }
    }

    private func locked(_ body: () -> Void) {
        unsafe avahi_threaded_poll_lock(poll)
        body()
        unsafe avahi_threaded_poll_unlock(poll)
    }

    private func renewClient() {
        dropClient()
        post(.began)
        var code: Int32 = 0
        let made = unsafe avahi_client_new(
            avahi_threaded_poll_get(poll), AVAHI_CLIENT_NO_FAIL, onClientState, context, &code)
        unsafe client = made
        // NO_FAIL covers a bus without the daemon, not a machine without the bus.
        if unsafe made == nil { fail("reaching Avahi over D-Bus", code) }
    }

    /// The thread first, so that no callback runs while its objects go; Avahi wants no lock held
    /// here.
    private func tearDown() {
        unsafe avahi_threaded_poll_stop(poll)
        dropClient()
        unsafe avahi_threaded_poll_free(poll)
        isClosed = true
    }

    private func dropClient() {
        for key in unsafe Array(resolvers.keys) { closeResolver(of: key) }
        roster = ServiceRoster()
        // Frees browser and group too; the daemon then says goodbye to the LAN.
        if let client = unsafe client { unsafe avahi_client_free(client) }
        unsafe (client, group, browser) = (nil, nil, nil)
        instance = advertisement?.instance ?? ""
        renames = 0
    }
}

extension AvahiSession {
    /// What callbacks get; valid until `tearDown`, whose block retains the session.
    var context: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }

    func closeResolver(of key: ServiceKey) {
        guard let open = unsafe resolvers.removeValue(forKey: key) else { return }
        unsafe avahi_service_resolver_free(open.resolver)
        unsafe open.context.release()
    }

    func fail(_ action: String, _ code: Int32) {
        let message = unsafe avahi_strerror(code).map { unsafe String(cString: $0) } ?? "unknown"
        post(.failed(AvahiFailure(action: action, code: code, message: message)))
    }

    /// `client` comes from the callback: the first call is made from inside `avahi_client_new`.
    func clientChanged(_ client: OpaquePointer, to state: AvahiClientState) {
        let name = unsafe avahi_client_get_host_name(client).map { unsafe String(cString: $0) }
        let host = name ?? "this host"
        switch state {
        case AVAHI_CLIENT_S_RUNNING:
            post(.running(host: host))
            unsafe browse(client)
            unsafe publish(client)
        case AVAHI_CLIENT_S_REGISTERING, AVAHI_CLIENT_S_COLLISION:
            post(.registering(host: host))
            if let group = unsafe group { unsafe avahi_entry_group_reset(group) }
            unsafe browse(client)
        case AVAHI_CLIENT_CONNECTING: post(.waitingForDaemon)
        case AVAHI_CLIENT_FAILURE:
            unsafe fail("keeping the connection to Avahi", avahi_client_errno(client))
        default: break
        }
    }
}

/// Resumes a continuation with whichever answer comes first.
private final class FirstAnswer: Sendable {
    private let waiter: Mutex<CheckedContinuation<Bool, Never>?>

    init(to waiter: CheckedContinuation<Bool, Never>) { self.waiter = Mutex(waiter) }

    func give(_ answer: Bool) {
        let waiter = waiter.withLock { waiter in
            defer { waiter = nil }
            return waiter
        }
        waiter?.resume(returning: answer)
    }
}
