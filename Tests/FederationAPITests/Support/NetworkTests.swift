import Testing

/// Suites with real sockets and real timeouts run one test at a time: on a machine with two cores,
/// fifty handshakes at once are a test of patience.
@Suite(.serialized)
enum NetworkTests {}
