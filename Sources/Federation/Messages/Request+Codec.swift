public import Core

extension Request {
    /// The number that stands first in an encoded request.
    private enum Tag: UInt64 {
        case introduce, confirm, push, pull, stream, reconcile, fetch, bodies, status, ownRecord
        case leave, admissions
    }

    /// `[tag, fields…]` in deterministic CBOR.
    public func encoded() -> [UInt8] {
        var writer = CBORWriter()
        func head(_ tag: Tag, _ fields: Int) {
            writer.array(fields + 1)
            writer.unsigned(tag.rawValue)
        }
        switch self {
        case .introduce(let introduction):
            head(.introduce, 4)
            writer.data(introduction.node)
            writer.data(introduction.nonce)
            introduction.card.write(to: &writer)
            writer.unsigned(min(introduction.time.microseconds, Limits.integer))
        case .confirm(let confirmation):
            head(.confirm, 7)
            confirmation.write(to: &writer)
        case .push(let events):
            head(.push, 1)
            events.write(to: &writer)
        case .pull(let since):
            head(.pull, 1)
            writer.optional(since) { $0.cursor($1) }
        case .stream(let since):
            head(.stream, 1)
            writer.optional(since) { $0.cursor($1) }
        case .reconcile(let session, let context, let message):
            head(.reconcile, 3)
            writer.session(session)
            writer.optional(context) { $0.session($1) }
            writer.data(message)
        case .fetch(let session, let message):
            head(.fetch, 2)
            writer.session(session)
            writer.data(message)
        case .bodies(let ids):
            head(.bodies, 1)
            writer.array(ids.count)
            for id in ids { writer.data(id) }
        case .status: head(.status, 0)
        case .ownRecord: head(.ownRecord, 0)
        case .leave: head(.leave, 0)
        case .admissions(let session, let list):
            head(.admissions, 2)
            writer.session(session)
            writer.admissions(list)
        }
        return writer.bytes
    }

    /// Reads one encoded request.
    public init(decoding bytes: [UInt8]) throws(CBORError) {
        guard bytes.count <= MessageLimits.messageBytes else { throw .outOfRange }
        var reader = CBORReader(bytes)
        let fields = try reader.array(1...8) - 1
        guard let tag = Tag(rawValue: try reader.unsigned()) else { throw .outOfRange }
        self = try Self.read(tag, fields, from: &reader)
        try reader.finish()
    }

    private static func read(
        _ tag: Tag, _ fields: Int, from reader: inout CBORReader
    ) throws(CBORError) -> Request {
        func expect(_ count: Int) throws(CBORError) {
            guard fields == count else { throw .outOfRange }
        }
        switch tag {
        case .introduce:
            try expect(4)
            return .introduce(
                Introduction(
                    node: try reader.identifier(), nonce: try reader.identifier(),
                    card: try NodeCard(from: &reader),
                    time: WallTime(microseconds: try reader.unsigned())))
        case .confirm:
            try expect(7)
            return .confirm(try Confirmation(from: &reader))
        case .push:
            try expect(1)
            return .push(try Batch(from: &reader))
        case .pull:
            try expect(1)
            return .pull(since: try reader.optional { r throws(CBORError) in try r.cursor() })
        case .stream:
            try expect(1)
            return .stream(since: try reader.optional { r throws(CBORError) in try r.cursor() })
        case .reconcile:
            try expect(3)
            return .reconcile(
                session: try reader.session(),
                context: try reader.optional { r throws(CBORError) in try r.session() },
                message: try reader.message())
        case .fetch:
            try expect(2)
            return .fetch(session: try reader.session(), message: try reader.message())
        case .bodies:
            try expect(1)
            return .bodies(try reader.ids())
        case .status:
            try expect(0)
            return .status
        case .ownRecord:
            try expect(0)
            return .ownRecord
        case .leave:
            try expect(0)
            return .leave
        case .admissions:
            try expect(2)
            return .admissions(session: try reader.session(), try reader.admissions())
        }
    }
}

extension Confirmation {
    fileprivate func write(to writer: inout CBORWriter) {
        writer.data(node)
        writer.data(nonce)
        writer.data(signature)
        writer.optional(joinProof) { $0.data($1) }
        writer.boolean(isApproved)
        writer.optional(invite) { writer, invite in
            writer.array(2)
            writer.session(invite.id)
            writer.data(invite.proof)
        }
        writer.array(predecessors.count)
        for event in predecessors { event.write(to: &writer) }
    }

    fileprivate init(from reader: inout CBORReader) throws(CBORError) {
        node = try reader.identifier()
        nonce = try reader.identifier()
        signature = try reader.data(64...64)
        joinProof = try reader.optional { r throws(CBORError) in try r.identifier() }
        isApproved = try reader.boolean()
        invite = try reader.optional { r throws(CBORError) in
            try r.array(exactly: 2)
            return InviteProof(id: try r.session(), proof: try r.identifier())
        }
        predecessors = []
        for _ in 0..<(try reader.array(0...MessageLimits.predecessors)) {
            predecessors.append(try Event(from: &reader))
        }
    }
}

extension NodeCard {
    /// `[[versions], label, [endpoints]]`; its SHA-256 is part of the registration's transcript.
    func write(to writer: inout CBORWriter) {
        writer.array(3)
        writer.array(versions.count)
        for version in versions { writer.unsigned(version) }
        writer.text(label)
        writer.array(endpoints.count)
        for endpoint in endpoints { writer.text(endpoint) }
    }

    init(from reader: inout CBORReader) throws(CBORError) {
        try reader.array(exactly: 3)
        versions = []
        for _ in 0..<(try reader.array(1...16)) {
            let version = try reader.unsigned(in: 1...Limits.integer)
            if let last = versions.last, last >= version { throw .outOfRange }
            versions.append(version)
        }
        label = try reader.text(0...Limits.nameBytes)
        endpoints = []
        for _ in 0..<(try reader.array(0...MessageLimits.endpoints)) {
            endpoints.append(try reader.text(1...MessageLimits.endpointBytes))
        }
    }
}
